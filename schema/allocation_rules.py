"""The rules by which costs are allocated: versions of a whole set, and the input that makes the next one."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

import documents
from domain.allocation import rule as rules
from domain.allocation.rule import MOST_ENTRIES, MOST_RULES, AllocationRule
from domain.errors import Invalid
from schema.allocation_values import AllocationColumn, AllocationKind
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.node import Node, derived, local_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

Text = Annotated[str, Field(max_length=2048)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


@strawberry.pydantic.input(description="Costs with this value go to the target.")
class AllocationEntry(BaseModel):
    value: Text = Field(description="The value.")
    target_id: GlobalId = Field(description="Whose costs they are.")

    def fact(self) -> rules.Entry:
        """The entry as it is stored."""
        return rules.Entry(value=self.value, target_id=_target(self.target_id))


@strawberry.pydantic.input(description="How much of a cost goes to a target.")
class AllocationPortion(BaseModel):
    target_id: GlobalId = Field(description="Who gets it.")
    amount: Decimal = Field(ge=0, max_digits=24, decimal_places=10, description="Percent, or a weight among weights.")

    def fact(self) -> rules.Portion:
        """The portion as it is stored."""
        return rules.Portion(target_id=_target(self.target_id), amount=self.amount)


@strawberry.pydantic.input(
    description="The value of a tag names the target. Case, blanks, hyphens, underscores and dots make no difference."
)
class AllocateByTag(BaseModel):
    key: str = Field(min_length=1, max_length=512, description="The tag's key.")
    kind: AllocationKind | None = Field(
        default=None,
        description="Values are names or aliases of targets of this kind; left out: only the table counts.",
    )
    table: list[AllocationEntry] = Field(
        default_factory=list, max_length=MOST_ENTRIES, description="Values that stand for a target; they go first."
    )


@strawberry.pydantic.input(description="The value of a column names the target, letter by letter.")
class AllocateByValue(BaseModel):
    column: AllocationColumn = Field(description="Which column.")
    table: list[AllocationEntry] = Field(min_length=1, max_length=MOST_ENTRIES, description="Values and their targets.")


@strawberry.pydantic.input(description="Costs in whose column or tag the pattern is found go to the target.")
class AllocateByPattern(BaseModel):
    column: AllocationColumn | None = Field(default=None, description="Which column; or give a tag.")
    tag: str | None = Field(default=None, min_length=1, max_length=512, description="Which tag; or give a column.")
    pattern: str = Field(
        min_length=1,
        max_length=200,
        description="A regular expression without groups and counts, found anywhere without difference of case.",
    )
    target_id: GlobalId = Field(description="Whose costs they are.")


@strawberry.pydantic.input(description="The points of a business metric, each of the target it names.")
class AllocateByMetric(BaseModel):
    metric_id: GlobalId = Field(description="The metric.")
    key: Name = Field(description="Which of the values its points have names the target, for example team.")
    kind: AllocationKind = Field(description="Of which kind the targets are; their names and aliases count.")

    def fact(self) -> rules.ByMetric:
        """The metric as it is stored."""
        return rules.ByMetric(metric_id=local_id("BusinessMetric", self.metric_id), key=self.key, kind=self.kind)


@strawberry.pydantic.input(
    description="In proportion to weights, to a business metric, or without either to what other rules gave the "
    "targets this month."
)
class AllocateInProportion(BaseModel):
    metric: AllocateByMetric | None = Field(
        default=None, description="To what the points of the month come to, by target; then without the others."
    )
    target_ids: list[GlobalId] = Field(
        default_factory=list, max_length=MOST_ENTRIES, description="Who shares; empty: everybody whom those rules gave."
    )
    weights: list[AllocationPortion] = Field(
        default_factory=list, max_length=MOST_ENTRIES, description="Weights by target, such as users."
    )
    basis: list[Name] = Field(
        default_factory=list,
        max_length=MOST_RULES,
        description="Names of the rules whose costs count; empty: every rule that does not share.",
    )
    among: CostFilterInput = Field(
        default_factory=CostFilterInput, description="Only such costs count for the proportion."
    )


@strawberry.pydantic.input(description="What a rule does: exactly one of these.", one_of=True)
class AllocationTake(BaseModel):
    by_tag: AllocateByTag | None = Field(description="The value of a tag names the target.")
    by_value: AllocateByValue | None = Field(description="An account, service, region or resource names the target.")
    by_pattern: AllocateByPattern | None = Field(description="What fits a pattern goes to the target.")
    target_id: GlobalId | None = Field(description="Everything goes to this target.")
    percentages: list[AllocationPortion] | None = Field(
        max_length=MOST_ENTRIES, description="Fixed percentages, 100 at most; the rest goes on to the next rules."
    )
    evenly: list[GlobalId] | None = Field(max_length=MOST_ENTRIES, description="The same to each of these.")
    proportion: AllocateInProportion | None = Field(description="In proportion to something.")

    def fact(self) -> rules.Taking:
        """What it does as it is stored. Raises Invalid when nothing is given."""
        if self.by_tag is not None:
            table = tuple(entry.fact() for entry in self.by_tag.table)
            return rules.ByTag(key=self.by_tag.key, kind=self.by_tag.kind, table=table)
        if self.by_value is not None:
            table = tuple(entry.fact() for entry in self.by_value.table)
            return rules.ByValue(column=self.by_value.column, table=table)
        if self.by_pattern is not None:
            one = self.by_pattern
            target_id = _target(one.target_id)
            return rules.ByPattern(column=one.column, tag=one.tag, pattern=one.pattern, target_id=target_id)
        return self._split()

    def _split(self) -> rules.Taking:
        if self.target_id is not None:
            return rules.Fixed(target_id=_target(self.target_id))
        if self.percentages:
            return rules.Percentages(portions=tuple(one.fact() for one in self.percentages))
        if self.evenly:
            return rules.Evenly(target_ids=tuple(map(_target, self.evenly)))
        if self.proportion is None:
            raise Invalid("A rule names at least one target.", path=("input", "rules"))
        one = self.proportion
        return rules.InProportion(
            metric=None if one.metric is None else one.metric.fact(),
            target_ids=tuple(map(_target, one.target_ids)),
            weights=tuple(weight.fact() for weight in one.weights),
            basis=tuple(one.basis),
            among=one.among.filter(),
        )


@strawberry.pydantic.input(description="One rule: which costs it takes, and to whom they go.")
class AllocationRuleInput(BaseModel):
    name: Name = Field(description="What to call it; unique among the rules.")
    where: CostFilterInput = Field(default_factory=CostFilterInput, description="Only such costs; empty: all.")
    effective_from: str | None = Field(default=None, pattern=MONTH, description="First month it counts in, as YYYY-MM.")
    effective_until: str | None = Field(default=None, pattern=MONTH, description="Last month, as YYYY-MM.")
    take: AllocationTake = Field(description="What it does.")

    def fact(self) -> AllocationRule:
        """The rule as it is stored."""
        return AllocationRule(
            name=self.name,
            where=self.where.filter(),
            effective_from=self.effective_from,
            effective_until=self.effective_until,
            take=self.take.fact(),
        )


def _target(id: str) -> str:
    return local_id("AllocationTarget", id)


@strawberry.type(name="AllocationRule", description="One rule of a version.")
class AllocationRuleView:
    name: str = said("What people call it.")
    type: str = said("TAG, VALUE, PATTERN, FIXED, PERCENT, EVEN or PROPORTION.")
    effective_from: str | None = said("First month it counts in, as YYYY-MM.")
    effective_until: str | None = said("Last month it counts in, as YYYY-MM.")
    is_sharing: bool = said("Whether it splits costs over several targets.")
    definition: JSON = said("All of it as it is stored; targets by their stored ids.")


@view(
    documents.AllocationRules,
    description="A version of the rules of an organization, never changed. The first rule that takes a cost has it.",
)
class AllocationRuleSet(Node):
    version: int = said("Counts from 1; the highest is in force. Pass it as expectedVersion when you save the next.")
    saved_by: str = said("Who saved it.")
    reason: str = said("Why.")
    rules: strawberry.Private[list[Any]]

    @derived("The rules in the order they are looked at.", reads=("rules",), name="rules")
    def told_rules(self) -> list[AllocationRuleView]:
        return [rule_view(AllocationRule.model_validate(stored, from_attributes=True)) for stored in self.rules]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def rule_view(rule: AllocationRule) -> AllocationRuleView:
    """The rule as it is shown."""
    return AllocationRuleView(
        name=rule.name,
        type=rule.take.type,
        effective_from=rule.effective_from,
        effective_until=rule.effective_until,
        is_sharing=rule.is_sharing,
        definition=JSON(rule.model_dump(mode="json")),
    )


@strawberry.pydantic.input(description="The next version of the rules, whole.")
class SaveAllocationRulesInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    rules: list[AllocationRuleInput] = Field(max_length=MOST_RULES, description="All rules, the first first.")
    reason: str = Field(default="", max_length=500, description="Why they are other than before.")
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


SaveAllocationRulesPayload = payload("SaveAllocationRules", "rules", AllocationRuleSet, "The new version.")
