"""Costs: sums over time, and the billed rows behind them."""

from typing import Annotated, Any

import strawberry
from pydantic import TypeAdapter

from auth.permission import Permission
from documents.cost_day import cost_series
from documents.cost_line import NEWEST_FIRST
from documents.cost_line import CostLine as StoredLine
from domain.costs import series
from resolvers.context import Info
from resolvers.fields import query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost import CostColumn, CostGroup, CostLine, CostLineFilter, CostSeries, CostsInput
from schema.directives import Cost
from schema.node import local_id

ENCODED = TypeAdapter(series.CostSeries)


@strawberry.type
class CostQueries:
    @query(
        CostSeries,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="Costs over time, grouped and in columns. Sums are exact and read from daily roll-ups.",
    )
    async def costs(
        self, info: Info, input: Annotated[CostsInput, strawberry.argument(description="Which costs, and how.")]
    ) -> Any:
        scope = info.context.scope
        if input.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", input.organization_id))
        question = input.question()
        found = await info.context.ports.results.get_or_compute(
            ("costs", question), scope, ENCODED, lambda: cost_series(scope, question)
        )
        return _shown(found)

    @query(Connection[CostLine], may=Permission.COSTS_READ, description="Billed rows in reach, newest charges first.")
    async def cost_lines(
        self,
        info: Info,
        filter: Annotated[
            CostLineFilter | None, strawberry.argument(description="Which ones; all when left out.")
        ] = None,
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        scope = info.context.scope
        if filter and filter.organization_id is not None:
            scope = scope.narrowed(local_id("Organization", filter.organization_id))
        return await info.context.ports.pager.page(
            info, StoredLine, scope, _where(filter), NEWEST_FIRST, first=first, after=after
        )


def _shown(found: series.CostSeries) -> CostSeries:
    return CostSeries(
        currency=found.currency,
        periods=found.periods,
        groups=[_group(group) for group in found.groups],
        rest=None if found.rest is None else _group(found.rest),
        rest_count=found.rest_count,
        total=_group(found.all),
    )


def _group(group: series.CostGroup) -> CostGroup:
    totals = group.totals
    columns = [
        CostColumn(metric=metric, amounts=amounts, total=totals[metric]) for metric, amounts in group.amounts.items()
    ]
    return CostGroup(values=list(group.values), label=group.label, columns=columns)


def _where(filter: CostLineFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    begins = {"$gte": filter.begins_from, "$lt": filter.begins_before}
    chosen = {
        "sub_account_id": filter.sub_account_ids,
        "service_name": filter.service_names,
        "resource_id": filter.resource_ids,
        "charge_category": filter.charge_categories,
    }
    where: dict[str, Any] = {name: {"$in": values} for name, values in chosen.items() if values is not None}
    if limits := {operator: at for operator, at in begins.items() if at is not None}:
        where["charge_period_start"] = limits
    return where
