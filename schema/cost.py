"""Costs: sums over time in columns, and how fresh they are."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry
from pydantic import BaseModel, Field

from domain.costs.series import MOST_GROUPS, CostQuestion, Grain, Metric, TagKey
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from schema.cost_filter import CostDimensionFilter, CostTagFilter, filter_of
from schema.directives import Cost
from schema.node import said

CURRENCY = r"^[A-Z]{3}$"


@strawberry.pydantic.input(description="What to group by: exactly one of the two.", one_of=True)
class CostGrouping(BaseModel):
    dimension: Dimension | None = Field(description="One of the dimensions.")
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
        default=None, pattern=CURRENCY, description="Only costs in this currency; needed where they are in several."
    )
    convert_to: str | None = Field(
        default=None,
        pattern=CURRENCY,
        description="Turn every amount into this currency, by the organization's own rate of the day of each cost: the "
        "last one on or before it. What was billed stands beside, in `original`.",
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
            convert_to=self.convert_to,
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


@strawberry.type(description="Converted amounts as they were billed, in one currency.")
class CostOriginal:
    currency: str = said("The currency they were billed in.")
    columns: list[CostColumn] = said("The amounts, one column for each metric.", directives=(Cost(list_size=2),))


@strawberry.type(description="One line of a chart.")
class CostGroup:
    values: list[str | None] = said("One value for each thing grouped by; null where rows have none.")
    label: str | None = said("Its printed name, where there is one.")
    columns: list[CostColumn] = said(
        "The amounts, one column for each metric. Sums and conversions have 34 significant digits; nothing else is "
        "rounded."
    )
    original: list[CostOriginal] = said(
        "The same as billed, by currency; empty unless amounts were converted.", directives=(Cost(list_size=2),)
    )


@strawberry.type(description="The rates that costs in one currency were converted by.")
class CostConversion:
    currency: str = said("The currency they were billed in.")
    days: list[date] = said("From each of these days on the rate beside it held.")
    rates: list[Decimal] = said("What one unit was worth, beside each day.")


@strawberry.type(description="How fresh the costs of one billing account are.")
class CostSourceFreshness:
    provider: str = said("Who sends the bill.")
    billing_account_id: str = said("The account that is invoiced.")
    newest_charge_on: date = said("The newest day (UTC) with a charge, before the end of what was asked for.")
    loaded_at: datetime = said("When costs of it were last loaded.")
    missing_from: date | None = said(
        "The first day asked for without a charge behind it; null when there are charges up to the last day. Whether "
        "more will come, no bill says."
    )


@strawberry.type(description="How fresh the costs in an answer are. Filters do not count: it is about whole accounts.")
class CostFreshness:
    newest_charge_on: date | None = said("The newest day (UTC) with a charge; null without costs.")
    loaded_at: datetime | None = said("When any of them were last loaded; null without costs.")
    sources: list[CostSourceFreshness] = said(
        "Billing accounts with charges in the days asked for or in the 92 days before, the stalest first; 100 at most."
    )
    source_count: int = said("How many billing accounts there are.")


@strawberry.type(description="Costs over time in columns, ready for a chart.")
class CostSeries:
    currency: str | None = said("Currency of every amount; null when there are no costs.")
    periods: list[date] = said("First day of each period; by the hour the day of each hour.")
    begins: list[datetime] = said("The instant at which each period begins.")
    groups: list[CostGroup] = said("The dearest groups, dearest first.")
    rest: CostGroup | None = said("All other groups added up; null when there are none.")
    rest_count: int = said("How many groups the rest holds.")
    total: CostGroup = said("Everything added up.")
    conversions: list[CostConversion] = said(
        "The rates that were used; empty unless amounts were converted.", directives=(Cost(list_size=3),)
    )
    fresh: strawberry.Private[Callable[[], Awaitable[Any]]]

    @strawberry.field(description="How fresh these costs are.", directives=(Cost(weight=2),))
    async def freshness(self) -> CostFreshness:
        """Looked up only when asked for."""
        found: CostFreshness = await self.fresh()
        return found
