"""The billed rows behind the sums, and what was loaded."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.cost_line import NEWEST_FIRST
from documents.cost_line import CostLine as StoredLine
from documents.cost_line_sums import LAYOUT, LineTotals, line_totals
from documents.cost_load import CostLoad as StoredLoad
from documents.cost_period import CostPeriod as StoredPeriod
from documents.cost_sums import matching
from documents.page import Keyset
from domain.facts.cost_filter import CostFilter
from domain.facts.scope import Scope
from resolvers.context import Info
from resolvers.fields import query
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.cost_line import AmountSign, CostLine, CostLineFilter, CostLineTotals
from schema.cost_load import CostLoad, CostPeriod
from schema.directives import Cost
from schema.node import local_id
from schema.scalars import BigInt

LATEST_LOAD_FIRST = Keyset((("started_at", -1),))
LATEST_PERIOD_FIRST = Keyset((("period_start", -1),))
SIGNS = {AmountSign.POSITIVE: {"$gt": 0}, AmountSign.NEGATIVE: {"$lt": 0}, AmountSign.ZERO: 0}
Chosen = Annotated[CostLineFilter | None, strawberry.argument(description="Which ones; all when left out.")]


@strawberry.type
class CostLineQueries:
    @query(
        Connection[CostLine],
        may=Permission.COSTS_READ,
        description="Billed rows in reach, newest charges first; with the filter of a sum, the rows behind it.",
    )
    async def cost_lines(
        self, info: Info, filter: Chosen = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = _scope(info, filter.organization_id if filter else None)
        return await info.context.ports.pager.page(
            info, StoredLine, scope, _where(filter), NEWEST_FIRST, first=first, after=after
        )

    @query(
        list[CostLineTotals],
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20, list_size=5),),
        description="What the billed rows of a filter add up to, by currency: to be compared with a sum, to the cent. "
        "Looks at a million rows at most.",
    )
    async def cost_line_totals(self, info: Info, filter: Chosen = None) -> Any:
        scope = _scope(info, filter.organization_id if filter else None)
        first, until = _days(filter)
        totals = await line_totals(scope, _where(filter), _picked(filter), first=first, until=until)
        return [_told(one) for one in totals]

    @query(
        Connection[CostLoad],
        may=Permission.COSTS_READ,
        description="What was loaded, the latest first: which files, by whom, and what it replaced.",
    )
    async def cost_loads(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = _scope(info, organization_id)
        pager = info.context.ports.pager
        return await pager.page(info, StoredLoad, scope, {}, LATEST_LOAD_FIRST, first=first, after=after)

    @query(
        Connection[CostPeriod],
        may=Permission.COSTS_READ,
        description="Billing periods whose rows count, the latest first: from which source, since when, and how often "
        "they were restated.",
    )
    async def cost_periods(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope = _scope(info, organization_id)
        pager = info.context.ports.pager
        return await pager.page(info, StoredPeriod, scope, {}, LATEST_PERIOD_FIRST, first=first, after=after)


def _scope(info: Info, organization_id: str | None) -> Scope:
    scope = info.context.scope
    return scope if organization_id is None else scope.narrowed(local_id("Organization", organization_id))


def _picked(filter: CostLineFilter | None) -> CostFilter:
    return CostFilter() if filter is None or filter.where is None else filter.where.filter()


def _where(filter: CostLineFilter | None) -> dict[str, Any]:
    if filter is None:
        return {}
    chosen = {
        "sub_account_id": filter.sub_account_ids,
        "service_name": filter.service_names,
        "resource_id": filter.resource_ids,
        "charge_category": filter.charge_categories,
        "billing_currency": filter.currencies,
    }
    where: dict[str, Any] = {name: {"$in": values} for name, values in chosen.items() if values is not None}
    if filter.sign is not None:
        where["billed_cost"] = SIGNS[filter.sign]
    if limits := _limits(filter.begins_from, filter.begins_before):
        where["charge_period_start"] = limits
    if limits := _limits(_midnight(filter.billing_period_from), _midnight(filter.billing_period_before)):
        where["billing_period_start"] = limits
    return where | matching(LAYOUT, _picked(filter))


def _limits(start: datetime | None, end: datetime | None) -> dict[str, datetime]:
    return {operator: at for operator, at in (("$gte", start), ("$lt", end)) if at is not None}


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _days(filter: CostLineFilter | None) -> tuple[date | None, date | None]:
    """The days (UTC) that hold every charge of the filter: the first, and the one after the last."""
    if filter is None:
        return None, None
    start, end = filter.begins_from, filter.begins_before
    first = None if start is None else start.astimezone(UTC).date()
    until = None if end is None else (end - timedelta(microseconds=1)).astimezone(UTC).date() + timedelta(days=1)
    return first, until


def _told(totals: LineTotals) -> CostLineTotals:
    sums: dict[str, Decimal] = {name: getattr(totals, name) for name in ("billed", "effective", "contracted")}
    return CostLineTotals(currency=totals.currency, line_count=BigInt(totals.line_count), list=totals.listed, **sums)
