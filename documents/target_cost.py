"""What targets of allocation owe by day, with what their parts owe: what forecasts and budgets of them read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents.allocated_cost import AllocatedCost
from documents.allocation_month import months_between
from documents.allocation_target import all_targets
from documents.cost_period import midnight
from domain.allocation.target import path_of
from domain.costs.series import Metric
from domain.costs.value import SUMS
from domain.facts.scope import Scope

_SUM_OF = {
    Metric.BILLED: "billed",
    Metric.EFFECTIVE: "effective",
    Metric.LIST: "listed",
    Metric.CONTRACTED: "contracted",
}
Days = dict[date, Decimal]


async def target_costs(
    scope: Scope, first: date, until: date, metric: Metric = Metric.EFFECTIVE
) -> dict[tuple[str, str], Days]:
    """By target and currency: what the target and its parts owe of each day from `first` up to before `until`.

    Days of months that were not worked out yet are missing.
    """
    months = await months_between(scope, first, until)
    run_ids = [ObjectId(str(month.run_id)) for month in months if month.run_id]
    parents = {str(one.id): None if one.parent_id is None else str(one.parent_id) for one in await all_targets(scope)}
    found: defaultdict[tuple[str, str], Days] = defaultdict(dict)
    rows = await AllocatedCost.rows().aggregate(target_pipeline(scope, run_ids, first, until, metric))
    async for raw in rows:
        _add(found, raw, parents)
    return dict(found)


def target_pipeline(
    scope: Scope, run_ids: Sequence[ObjectId], first: date, until: date, metric: Metric
) -> list[dict[str, Any]]:
    """One document per target, currency and day."""
    match = {
        **AllocatedCost.within(scope),
        "run_id": {"$in": list(run_ids)},
        "day": {"$gte": midnight(first), "$lt": midnight(until)},
        "target_id": {"$type": "string"},
    }
    key = {"target": "$target_id", "currency": "$currency", "day": "$day"}
    return [{"$match": match}, {"$group": {"_id": key, "amount": {"$sum": f"${_SUM_OF[metric]}"}}}]


def _add(found: defaultdict[tuple[str, str], Days], raw: Mapping[str, Any], parents: Mapping[str, str | None]) -> None:
    key = raw["_id"]
    for target in path_of(key["target"], parents):
        days, day = found[target, key["currency"]], key["day"].date()
        days[day] = SUMS.add(days.get(day, Decimal(0)), raw["amount"])
