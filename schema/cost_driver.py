"""What drove a change of costs between two periods."""

from datetime import date
from decimal import Decimal

import strawberry
from pydantic import BaseModel, Field

from domain.costs.drivers import DriversQuestion, period_before
from domain.costs.series import MOST_GROUPS, Metric, TagKey
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from schema.cost import CostGrouping
from schema.cost_filter import CostFilterInput
from schema.node import said


@strawberry.pydantic.input(description="Which two periods to compare, and what tells groups apart.")
class CostDriversInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="Of this tenant only; left out: of all in reach."
    )
    first: date = Field(description="First day (UTC) of the later period.")
    until: date = Field(description="The day after its last one (UTC).")
    compared_first: date | None = Field(
        default=None,
        description="First day of the period to compare with; left out with `comparedUntil`: the one right before, "
        "as many whole months before whole months, else as many days.",
    )
    compared_until: date | None = Field(default=None, description="The day after its last one.")
    group_by: list[CostGrouping] | None = Field(
        default=None, max_length=3, description="What tells groups apart; the service when left out."
    )
    metric: Metric = Field(default=Metric.EFFECTIVE, description="Which cost.")
    filter: CostFilterInput | None = Field(default=None, description="Which costs count; all when left out.")
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="Needed only where costs are in several currencies."
    )
    top: int = Field(
        default=20, ge=1, le=MOST_GROUPS, description="How many groups are told apart; the rest is added up."
    )

    def question(self) -> DriversQuestion:
        """The question as the store takes it. Raises Invalid for one that makes no sense."""
        compared_first, compared_until = self._compared()
        group_by = [Dimension.SERVICE] if self.group_by is None else [_part(one) for one in self.group_by]
        return DriversQuestion(
            first=self.first,
            until=self.until,
            compared_first=compared_first,
            compared_until=compared_until,
            group_by=tuple(group_by),
            metric=self.metric,
            top=self.top,
            currency=self.currency,
            where=CostFilter() if self.filter is None else self.filter.filter(),
        )

    def _compared(self) -> tuple[date, date]:
        if self.compared_first is None and self.compared_until is None:
            if self.until <= self.first:
                raise Invalid("first must come before until.", path=("input", "until"))
            return period_before(self.first, self.until)
        if self.compared_first is None or self.compared_until is None:
            raise Invalid("Name both days of the period to compare with, or neither.", path=("input", "comparedUntil"))
        return self.compared_first, self.compared_until


def _part(grouping: CostGrouping) -> Dimension | TagKey:
    if grouping.dimension is not None:
        return grouping.dimension
    if not grouping.tag:
        raise Invalid("A grouping names a dimension or a tag.", path=("input", "groupBy"))
    return TagKey(grouping.tag)


@strawberry.type(description="The parts of a difference. They sum to it exactly.")
class CostDriverParts:
    new: Decimal = said("Charged in the later period alone, by account, service, SKU, unit and region.")
    gone: Decimal = said("Charged in the earlier period alone; negative.")
    usage: Decimal = said("More or less was used: the change of the quantity, at the earlier price.")
    price: Decimal = said(
        "What is used costs another price: the change of the price, at the later quantity. Discounts of commitments "
        "count as price, and so does what commitments cost unused."
    )
    other: Decimal = said("Charged in both periods, with no quantity that would tell price from usage.")
    purchase: Decimal = said("Purchases, one-off and recurring, of commitments and others.")
    credit: Decimal = said("Credits.")
    tax: Decimal = said("Taxes.")
    correction: Decimal = said("Adjustments, refunds and corrections of earlier bills.")


@strawberry.type(description="What changed about the costs of one group.")
class CostDriver:
    values: list[str | None] = said("One value for each thing grouped by; null where rows have none.")
    label: str | None = said("Its printed name, where there is one.")
    before: Decimal = said("Its cost in the earlier period.")
    after: Decimal = said("Its cost in the later period.")
    difference: Decimal = said("How much more it cost; negative where it was less.")
    parts: CostDriverParts = said("What that difference is made of.")


@strawberry.type(description="What changed between two periods, and what drove it.")
class CostDrivers:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    first: date = said("First day of the later period.")
    until: date = said("The day after its last one.")
    compared_first: date = said("First day of the earlier period.")
    compared_until: date = said("The day after its last one.")
    groups: list[CostDriver] = said("The groups that changed most, up or down.")
    rest: CostDriver | None = said("All other groups added up; null when there are none.")
    rest_count: int = said("How many groups the rest holds.")
    total: CostDriver = said("Everything added up: the groups and the rest.")
