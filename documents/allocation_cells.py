"""The costs of a month as rules look at them: added up by no more than the rules need, from days or from lines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.cost_day import CostDay
from documents.cost_line import CostLine
from documents.cost_period import CostPeriod, midnight, one_moment, periods_between
from domain.allocation.cell import Amounts, Cell, Subject
from domain.allocation.needs import Needs
from domain.budgets import month_of
from domain.errors import Conflict
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope

FIELDS = {
    Dimension.PROVIDER: "provider",
    Dimension.BILLING_ACCOUNT: "billing_account_id",
    Dimension.SUB_ACCOUNT: "sub_account_id",
    Dimension.SERVICE: "service_name",
    Dimension.SERVICE_CATEGORY: "service_category",
    Dimension.REGION: "region_id",
    Dimension.CHARGE_CATEGORY: "charge_category",
    Dimension.PRICING_CATEGORY: "pricing_category",
    Dimension.COMMITMENT: "commitment_discount_id",
    Dimension.COMMITMENT_STATUS: "commitment_discount_status",
    Dimension.PUBLISHER: "publisher_name",
}
# Whatever comes at once is decoded in one go, while nobody else has the loop.
BATCH = 2_000
_OF_DAYS = {"day": "$day", "currency": "$currency", "sums": ("$billed", "$effective", "$listed", "$contracted")}
_OF_LINES = {
    "day": {"$dateTrunc": {"date": "$charge_period_start", "unit": "day"}},
    "currency": "$billing_currency",
    "sums": ("$billed_cost", "$effective_cost", "$list_cost", "$contracted_cost"),
}


async def charged_months(
    scope: Scope, first: date | None = None, until: date | None = None
) -> dict[tuple[str, date], list[ObjectId]]:
    """The editions that count now, by organization and every month (its first day) that may have charges of them.

    Of periods with charges from `first` up to before `until`, all as of one moment.
    """
    found: dict[tuple[str, date], list[ObjectId]] = defaultdict(list)
    async with one_moment() as session:
        query = periods_between(scope, first=first, until=until)
        fields = {"org_id": 1, "edition_id": 1, "first_on": 1, "last_on": 1}
        async for raw in CostPeriod.rows().find(query, projection=fields, session=session):
            month, last = raw["first_on"].date().replace(day=1), raw["last_on"].date()
            while month <= last:
                found[str(raw["org_id"]), month].append(raw["edition_id"])
                _, month = month_of(month)
    return found


async def not_worked_out(scope: Scope, month: date) -> Conflict:
    """Why nothing is allocated of the month (any day of it) of the one organization in scope, and what to do."""
    first, until = month_of(month)
    if not await charged_months(scope, first, until):
        return Conflict(f"No costs of {month:%Y-%m} were loaded: load a bill of it, or connect where bills come from.")
    return Conflict(f"{month:%Y-%m} was not worked out yet: try again in a moment.")


async def editions_by_month(scope: Scope) -> dict[date, list[ObjectId]]:
    """The same of the one organization in scope, by month, oldest first."""
    org_id, found = scope.only(), await charged_months(scope)
    return {month: sorted(found[org_id, month]) for _, month in sorted(found)}


async def billed_organizations() -> list[ObjectId]:
    """Every organization that has costs."""
    found: list[ObjectId] = await CostPeriod.rows().distinct("org_id")
    return found


async def read_cells(
    scope: Scope,
    editions: Sequence[ObjectId],
    needs: Needs,
    first: date,
    until: date,
    where: Mapping[str, Any] | None = None,
) -> list[Cell]:
    """The costs of these editions on the days from `first` to before `until`, in no order.

    `where` narrows further, by the fields that days and lines have in common.
    """
    document = CostLine if needs.is_of_lines else CostDay
    pipeline = cells_pipeline(scope, editions, needs, first, until, where or {})
    rows = await document.rows().aggregate(pipeline, allowDiskUse=True, batchSize=BATCH)
    return [_cell(raw, needs) async for raw in rows]


def cells_pipeline(
    scope: Scope, editions: Sequence[ObjectId], needs: Needs, first: date, until: date, where: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One document per cell, its sums as text."""
    source: Mapping[str, Any] = _OF_LINES if needs.is_of_lines else _OF_DAYS
    day = "charge_period_start" if needs.is_of_lines else "day"
    match = {
        **CostDay.within(scope),
        "edition_id": {"$in": list(editions)},
        day: {"$gte": midnight(first), "$lt": midnight(until)},
    }
    key = {
        "day": source["day"],
        "currency": source["currency"],
        "values": [{"$ifNull": [f"${FIELDS[dimension]}", None]} for dimension in needs.dimensions],
        "tags": [_tag(key) for key in needs.tags],
        "resource": _resource(needs.resources),
    }
    sums = {f"m{place}": {"$sum": field} for place, field in enumerate(source["sums"])}
    shown = {name: {"$toString": f"${name}"} for name in sums}
    return [{"$match": {**match, **where}}, {"$group": {"_id": key, **sums}}, {"$project": shown}]


def _tag(key: str) -> dict[str, Any]:
    # Tag names hold dots and dollars, which paths cannot.
    return {"$ifNull": [{"$getField": {"field": {"$literal": key}, "input": "$tags"}}, None]}


def _resource(named: Sequence[str] | None) -> Any:
    """The id of the resource, of those that rules name; null for all others."""
    if named is None:
        return {"$ifNull": ["$resource_id", None]}
    if not named:
        return None
    return {"$cond": [{"$in": ["$resource_id", {"$literal": list(named)}]}, "$resource_id", None]}


def _cell(raw: Mapping[str, Any], needs: Needs) -> Cell:
    key = raw["_id"]
    return Cell(
        key["day"].date(),
        subject_of(key["values"], key["tags"], key.get("resource"), needs),
        key["currency"],
        Amounts(*(Decimal(raw[f"m{place}"]) for place in range(4))),
    )


def subject_of(values: Iterable[str | None], tags: Iterable[str | None], resource: str | None, needs: Needs) -> Subject:
    """What rules see of a cost with these values and tags, in the order in which `needs` names them."""
    named = zip(needs.tags, tags, strict=True)
    return Subject(
        dict(zip(needs.dimensions, values, strict=True)),
        {key: value for key, value in named if value is not None},
        resource,
    )
