"""Allocated costs: charts, coverage, traces and previews, and the months and runs they come from."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry
from pydantic import BaseModel, Field

import documents
from documents.allocation_run import RunTotal
from domain.allocation.question import AllocatedQuestion
from domain.costs.series import MOST_GROUPS, Grain, Metric
from schema.allocation_rules import AllocationRuleInput
from schema.allocation_values import AllocatedBy, AllocationKind, AllocationRunState, TakenBy
from schema.cost_filter import CostFilterInput
from schema.errors import payload
from schema.node import Node, derived, global_id, said, view
from schema.organization import IDEMPOTENCY_KEY
from schema.relation import organization_id_of
from schema.routing import EXPECTED_VERSION, ORGANIZATION, GlobalId

MONTH = Field(description="Any day of the month.")


def target_id_of(local: object) -> strawberry.ID | None:
    """The global id of a target; null for nobody."""
    return None if local is None else global_id("AllocationTarget", local)


@strawberry.type(description="What a target owes of a month by one rule.")
class AllocationRunTotal:
    target_id: strawberry.ID | None = said("Who owes it; null: nobody.")
    rule: int | None = said("Place of the rule in its version, from 1; null: no rule took it.")
    taken_by: TakenBy = said("How it came to them.")
    currency: str = said("Currency of the amounts.")
    billed: Decimal = said("As invoiced.")
    effective: Decimal = said("With commitments spread over their use.")


@view(documents.AllocationRun, description="One working out of a month: by which rules, and what it came to.")
class AllocationRun(Node):
    state: AllocationRunState = said("What has become of it.")
    rules_version: int = said("The version of the rules; 0 for none.")
    reason: str = said("Why a closed month was worked out again.")
    asked_by: str | None = said("Who wanted that.")
    ended_at: datetime | None = said("When it began to count.")
    month: strawberry.Private[datetime]
    totals: strawberry.Private[list[Any]]

    @derived("First day of the month.", reads=("month",), name="month")
    def told_month(self) -> date:
        return self.month.date()

    @derived("What everybody owes of it.", reads=("totals",), name="totals")
    def told_totals(self) -> list[AllocationRunTotal]:
        totals = (RunTotal.model_validate(one, from_attributes=True) for one in self.totals)
        return [
            AllocationRunTotal(
                target_id=target_id_of(one.target_id),
                rule=None if one.rule is None else one.rule + 1,
                taken_by=one.taken_by,
                currency=one.currency,
                billed=one.billed,
                effective=one.effective,
            )
            for one in totals
        ]

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.AllocationMonth, description="A month of an organization whose costs are allocated.")
class AllocationMonth(Node):
    closed_at: datetime | None = said("Since when it is closed; null: it is kept up to date by itself.")
    closed_by: str | None = said("Who closed it.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    month: strawberry.Private[datetime]
    run_id: strawberry.Private[Any]
    former_ids: strawberry.Private[list[Any]]
    asked: strawberry.Private[Any]

    @derived("First day of the month.", reads=("month",), name="month")
    def told_month(self) -> date:
        return self.month.date()

    @derived("The run that counts.", reads=("run_id",), name="runId")
    def told_run(self) -> strawberry.ID | None:
        return None if self.run_id is None else global_id("AllocationRun", self.run_id)

    @derived("Runs that were replaced on purpose since it was closed, oldest first.", reads=("former_ids",))
    def former_run_ids(self) -> list[strawberry.ID]:
        return [global_id("AllocationRun", id) for id in self.former_ids]

    @derived("Whether somebody asked for it to be worked out again, and it was not yet.", reads=("asked",))
    def is_rerun_asked(self) -> bool:
        return self.asked is not None

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="A month to close.")
class CloseAllocationMonthInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    month: date = MONTH
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A closed month that is to follow bills and rules again.")
class ReopenAllocationMonthInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    month: date = MONTH
    reason: str = Field(min_length=1, max_length=500, description="Why the books are opened again.")
    expected_version: int | None = EXPECTED_VERSION


@strawberry.pydantic.input(description="A closed month to work out again.")
class RerunAllocationInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    month: date = MONTH
    reason: str = Field(min_length=1, max_length=500, description="Why what was closed changes.")
    expected_version: int | None = EXPECTED_VERSION
    idempotency_key: str | None = IDEMPOTENCY_KEY


CloseAllocationMonthPayload = payload("CloseAllocationMonth", "month", AllocationMonth, "The month, closed.")
ReopenAllocationMonthPayload = payload(
    "ReopenAllocationMonth", "month", AllocationMonth, "The month, open again; its new run follows soon."
)
RerunAllocationPayload = payload("RerunAllocation", "month", AllocationMonth, "The month; its new run follows soon.")


@strawberry.pydantic.input(description="Which allocated costs, and how they are put into columns.")
class AllocatedCostsInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="Of this tenant only; left out: of all in reach."
    )
    first: date = Field(description="First day (UTC).")
    until: date = Field(description="The day after the last one (UTC).")
    grain: Grain = Field(default=Grain.MONTH, description="Length of a period.")
    by: AllocatedBy = Field(default=AllocatedBy.TARGET, description="What tells groups apart.")
    kind: AllocationKind | None = Field(
        default=None,
        description="Costs count for the nearest target of this kind at or above the one that owes them; those "
        "without any count for nobody.",
    )
    roll_up: bool = Field(default=False, description="Whether costs count for the highest target instead.")
    metrics: list[Metric] = Field(
        default=[Metric.BILLED], min_length=1, max_length=4, description="Which costs; groups are sorted by the first."
    )
    top: int = Field(
        default=20, ge=1, le=MOST_GROUPS, description="How many groups are told apart; the rest is added up."
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )
    where: CostFilterInput = Field(
        default_factory=CostFilterInput,
        description="Only such costs; by provider, billing account, account and service.",
    )

    def question(self) -> AllocatedQuestion:
        """The question as the store takes it. Raises Invalid for one that makes no sense."""
        return AllocatedQuestion(
            first=self.first,
            until=self.until,
            grain=self.grain,
            by=self.by,
            kind=self.kind,
            is_rolled_up=self.roll_up,
            metrics=tuple(self.metrics),
            top=self.top,
            currency=self.currency,
            where=self.where.filter(),
        )


@strawberry.type(description="Effective costs of one currency by how they were taken. Ratios are null without costs.")
class AllocationCovered:
    currency: str = said("The currency.")
    total: Decimal = said("All of it.")
    direct: Decimal = said("What a rule gave to one target.")
    shared: Decimal = said("What rules split.")
    not_allocated: Decimal = said("What nobody owes.")
    direct_ratio: Decimal | None = said("Share of the total, 0 to 1.")
    shared_ratio: Decimal | None = said("Share of the total, 0 to 1.")
    not_allocated_ratio: Decimal | None = said("Share of the total, 0 to 1.")


@strawberry.type(description="Effective costs without a tag that rules look at.")
class UntaggedCost:
    tag: str = said("The tag's key.")
    currency: str = said("The currency.")
    amount: Decimal = said("What they come to.")
    ratio: Decimal | None = said("Share of all costs in that currency, 0 to 1; null without costs.")


@strawberry.type(description="Effective costs of a service in an account that nobody owes.")
class NotAllocatedCost:
    sub_account_id: str | None = said("The account, subscription or project.")
    service_name: str = said("The service.")
    currency: str = said("The currency.")
    amount: Decimal = said("What they come to.")


@strawberry.type(description="How much of a month's costs is allocated, and what is not.")
class AllocationCoverage:
    month: date = said("First day of the month.")
    closed_at: datetime | None = said("Since when the month is closed.")
    rules_version: int = said("The version of the rules; 0 for none.")
    worked_out_at: datetime | None = said("When it was worked out.")
    covered: list[AllocationCovered] = said("By currency.")
    untagged: list[UntaggedCost] = said("By tag that rules look at.")
    not_allocated: list[NotAllocatedCost] = said("The dearest twenty of what nobody owes.")


@strawberry.pydantic.input(description="Which allocated amounts to follow back to billed rows.")
class AllocationTraceInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    target_id: GlobalId | None = Field(default=None, description="Whose; null: what nobody owes.")
    first: date = Field(description="First day (UTC).")
    until: date = Field(description="The day after the last one (UTC), in the same month or the first of the next.")
    sub_account_id: str | None = Field(default=None, max_length=512, description="Of this account only.")
    service_name: str | None = Field(default=None, max_length=512, description="Of this service only.")


@strawberry.type(description="A billed row, and how much of it is in the amount.")
class TracedCostLine:
    cost_line_id: strawberry.ID = said("Global id of the row.")
    billed: Decimal = said("What the row was billed.")
    effective: Decimal = said("What it cost with commitments spread.")
    billed_part: Decimal = said("How much of that is in the amount.")
    effective_part: Decimal = said("How much of the effective cost is.")


@strawberry.type(description="A part of costs that are alike, and the rows it is made of.")
class TracedAllocation:
    day: date = said("The day.")
    rule: int | None = said("Place of the rule in its version, from 1; null: no rule took it.")
    rule_name: str | None = said("What people call it.")
    taken_by: TakenBy = said("How it came to them.")
    share_numerator: str = said("Share of those costs before rounding: this whole number …")
    share_denominator: str = said("… divided by this one.")
    sub_account_id: str | None = said("The account, subscription or project.")
    service_name: str = said("The service.")
    currency: str = said("The currency.")
    billed: Decimal = said("The allocated amount, as invoiced.")
    effective: Decimal = said("The same with commitments spread.")
    lines: list[TracedCostLine] = said("The rows; their parts add up to the amount.")


@strawberry.type(description="Where allocated amounts come from.")
class AllocationTrace:
    rules_version: int = said("The version of the rules; 0 for none.")
    run_id: strawberry.ID = said("The run they are of.")
    parts: list[TracedAllocation] = said("Each part; together they are the amount.")


@strawberry.pydantic.input(description="Rules to try on a past month.")
class PreviewAllocationInput(BaseModel):
    organization_id: strawberry.ID | None = ORGANIZATION
    month: date = MONTH
    rules: Annotated[list[AllocationRuleInput], Field(max_length=200)] = Field(
        description="All rules, the first first, as they would be saved."
    )


@strawberry.type(description="What a target owes of a month now, and would owe by other rules.")
class PreviewedAllocation:
    target_id: strawberry.ID | None = said("Who owes it; null: nobody.")
    currency: str = said("Currency of the amounts.")
    current_billed: Decimal = said("As invoiced, now.")
    current_effective: Decimal = said("With commitments spread, now.")
    preview_billed: Decimal = said("As invoiced, by the rules that are tried.")
    preview_effective: Decimal = said("With commitments spread, by the rules that are tried.")


@strawberry.type(description="What other rules would make of a month.")
class AllocationPreview:
    month: date = said("First day of the month.")
    totals: list[PreviewedAllocation] = said("Everybody who has or would have some of its costs.")
    covered: list[AllocationCovered] = said("How much would be allocated, by currency.")
