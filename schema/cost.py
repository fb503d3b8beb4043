"""Costs: sums over time in columns, and the billed rows behind them."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from pydantic import BaseModel, Field
from strawberry.scalars import JSON

from documents.cost_line import CostLine as StoredLine
from domain.costs.series import MOST_GROUPS, CostQuestion, Grain, Metric, TagKey
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.money import Money
from schema.cost_filter import CostDimensionFilter, CostTagFilter, filter_of
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of


@strawberry.pydantic.input(description="What to group by: exactly one of the two.", one_of=True)
class CostGrouping(BaseModel):
    dimension: Dimension | None = Field(description="One of the dimensions every row has.")
    tag: str | None = Field(max_length=512, description="The value of this tag, by its key.")


@strawberry.pydantic.input(description="Which costs, and how they are put into columns.")
class CostsInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="Of this tenant only; left out: of all in reach."
    )
    first: date = Field(description="First day (UTC).")
    until: date = Field(description="The day after the last one (UTC).")
    grain: Grain = Field(default=Grain.DAY, description="Length of a period.")
    group_by: list[CostGrouping] = Field(default_factory=list, max_length=3, description="What tells groups apart.")
    metrics: list[Metric] = Field(
        default=[Metric.BILLED], min_length=1, max_length=4, description="Which costs; groups are sorted by the first."
    )
    top: int = Field(
        default=20, ge=1, le=MOST_GROUPS, description="How many groups are told apart; the rest is added up."
    )
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )
    dimensions: list[CostDimensionFilter] = Field(
        default_factory=list, max_length=11, description="Only rows that match all of these."
    )
    tags: list[CostTagFilter] = Field(
        default_factory=list, max_length=10, description="Only rows that match all of these."
    )

    def question(self) -> CostQuestion:
        """The question as the store takes it. Raises Invalid for one that makes no sense."""
        return CostQuestion(
            first=self.first,
            until=self.until,
            grain=self.grain,
            group_by=tuple(_part(grouping) for grouping in self.group_by),
            metrics=tuple(self.metrics),
            top=self.top,
            currency=self.currency,
            where=filter_of(self.dimensions, self.tags),
        )


def _part(grouping: CostGrouping) -> Dimension | TagKey:
    if grouping.dimension is not None:
        return grouping.dimension
    if not grouping.tag:
        raise Invalid("A grouping names a dimension or a tag.", path=("input", "groupBy"))
    return TagKey(grouping.tag)


@strawberry.type(description="The amounts of one metric, one for each period.")
class CostColumn:
    metric: Metric = said("Which cost.")
    amounts: list[Decimal] = said("One amount for each period, in the series' currency.")
    total: Decimal = said("All of them added up.")


@strawberry.type(description="One line of a chart.")
class CostGroup:
    values: list[str | None] = said("One value for each thing grouped by; null where rows have none.")
    label: str | None = said("Its printed name, where there is one.")
    columns: list[CostColumn] = said("The amounts, one column for each metric.")


@strawberry.type(description="Costs over time in columns, ready for a chart.")
class CostSeries:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    periods: list[date] = said("First day of each period.")
    groups: list[CostGroup] = said("The dearest groups, dearest first.")
    rest: CostGroup | None = said("All other groups added up; null when there are none.")
    rest_count: int = said("How many groups the rest holds.")
    total: CostGroup = said("Everything added up.")


@view(StoredLine, description="One row of a bill, as it was billed.")
class CostLine(Node):
    provider: str = said("Who sells the service.")
    billing_account_id: str = said("The account that is invoiced.")
    sub_account_id: str | None = said("The account, subscription or project that was charged.")
    sub_account_name: str | None = said("Its printed name.")
    service_name: str = said("The service.")
    service_category: str | None = said("Its category in the FOCUS list.")
    region_id: str | None = said("Where it ran.")
    resource_id: str | None = said("The resource, by the provider's own id.")
    resource_name: str | None = said("Its printed name.")
    charge_category: str = said("Usage, Purchase, Tax, Credit or Adjustment.")
    charge_description: str | None = said("What was charged, in the provider's words.")
    charge_period_start: datetime = said("When the charge begins.")
    charge_period_end: datetime = said("When it ends, exclusive.")
    billing_period_start: datetime = said("When the billing period begins.")
    consumed_quantity: Decimal | None = said("How much was used.")
    consumed_unit: str | None = said("In which unit.")
    tags: JSON | None = said("Its tags as an object of strings.")
    row: int = said("Row of the file it came from, counted from 1.")
    billing_currency: strawberry.Private[str]
    billed_cost: strawberry.Private[Decimal]
    effective_cost: strawberry.Private[Decimal]
    list_cost: strawberry.Private[Decimal | None]

    @derived("What was invoiced.", reads=("billed_cost", "billing_currency"))
    def billed(self) -> Money:
        return Money(amount=self.billed_cost, currency=self.billing_currency)

    @derived("What it cost with commitments spread over their use.", reads=("effective_cost", "billing_currency"))
    def effective(self) -> Money:
        return Money(amount=self.effective_cost, currency=self.billing_currency)

    @derived(
        "What it would have cost at list price; null where the bill has none.",
        reads=("list_cost", "billing_currency"),
        name="list",
    )
    def list_money(self) -> Money | None:
        return None if self.list_cost is None else Money(amount=self.list_cost, currency=self.billing_currency)

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.pydantic.input(description="Which billed rows; every field that is given must match.")
class CostLineFilter(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description="Of this tenant only.")
    begins_from: datetime | None = Field(default=None, description="Charges that begin then or later.")
    begins_before: datetime | None = Field(default=None, description="Charges that begin earlier than then.")
    sub_account_ids: list[str] | None = Field(default=None, max_length=100, description="Of these accounts only.")
    service_names: list[str] | None = Field(default=None, max_length=100, description="Of these services only.")
    resource_ids: list[str] | None = Field(default=None, max_length=100, description="Of these resources only.")
    charge_categories: list[str] | None = Field(default=None, max_length=5, description="Of these categories only.")
