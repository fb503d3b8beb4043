"""Costs: sums over time."""

from datetime import date
from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

from auth.permission import Permission
from documents.cost_day import cost_series
from documents.cost_freshness import Freshness, cost_freshness
from domain.costs import series
from domain.costs.series import CostQuestion, total_of
from domain.facts.scope import Scope
from resolvers.context import Info
from resolvers.fields import query
from schema.cost import (
    CostColumn,
    CostConversion,
    CostFreshness,
    CostGroup,
    CostOriginal,
    CostSeries,
    CostsInput,
    CostSourceFreshness,
)
from schema.directives import Cost
from schema.node import local_id

ENCODED = TypeAdapter(series.CostSeries)
FRESHNESS = TypeAdapter(Freshness)


@strawberry.type
class CostQueries:
    @query(
        CostSeries,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="Costs over time, grouped and in columns. Sums are exact and read from roll-ups by day and month; "
        "by dimensions these lack, and by the hour, they are added up from billed rows, a million at most.",
    )
    async def costs(
        self, info: Info, input: Annotated[CostsInput, strawberry.argument(description="Which costs, and how.")]
    ) -> Any:
        scope = info.context.scope
        if input.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", input.organization_id))
        return await answered(info, scope, input.question())


async def answered(info: Info, scope: Scope, question: CostQuestion) -> CostSeries:
    """The answer to a question, kept until costs or rates change."""
    results = info.context.ports.results
    found = await results.get_or_compute(("costs", question), scope, ENCODED, lambda: cost_series(scope, question))
    return shown(info, scope, found, (question.first, question.until))


def shown(info: Info, scope: Scope, found: series.CostSeries, span: tuple[date, date]) -> CostSeries:
    """A series of the days from the first up to before the second of `span`, as the graph has it."""
    results, (first, until) = info.context.ports.results, span

    async def fresh() -> CostFreshness:
        told = await results.get_or_compute(
            ("cost freshness", *span), scope, FRESHNESS, lambda: cost_freshness(scope, first=first, until=until)
        )
        return _fresh(told)

    return CostSeries(
        currency=found.currency,
        periods=found.periods,
        begins=found.begins,
        groups=[_group(group) for group in found.groups],
        rest=None if found.rest is None else _group(found.rest),
        rest_count=found.rest_count,
        total=_group(found.all),
        conversions=[CostConversion(currency=one.currency, days=one.days, rates=one.rates) for one in found.rates],
        fresh=fresh,
    )


def _group(group: series.CostGroup) -> CostGroup:
    original = [
        CostOriginal(currency=currency, columns=_columns(amounts))
        for currency, amounts in sorted(group.original.items())
    ]
    return CostGroup(values=list(group.values), label=group.label, columns=_columns(group.amounts), original=original)


def _columns(columns: dict[series.Metric, list[Any]]) -> list[CostColumn]:
    return [CostColumn(metric=metric, amounts=amounts, total=total_of(amounts)) for metric, amounts in columns.items()]


def _fresh(found: Freshness) -> CostFreshness:
    return CostFreshness(
        newest_charge_on=found.newest_charge_on,
        loaded_at=found.loaded_at,
        sources=[
            CostSourceFreshness(
                provider=one.provider,
                billing_account_id=one.billing_account_id,
                newest_charge_on=one.newest_charge_on,
                loaded_at=one.loaded_at,
                missing_from=one.missing_from,
            )
            for one in found.sources
        ],
        source_count=found.source_count,
    )
