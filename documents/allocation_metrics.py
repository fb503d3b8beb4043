"""What points of business metrics come to in a month, for rules that share by them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.business_metric import BusinessMetric
from documents.cost_period import midnight
from documents.metric_day import MetricDay
from domain.allocation.metric import metrics_of, with_values
from domain.allocation.rule import AllocationRule, ByMetric
from domain.allocation.target import Target
from domain.budgets import month_of
from domain.costs.unit_cost import MetricGathering
from domain.facts.scope import Scope


async def rules_with_metrics(
    scope: Scope, rules: Sequence[AllocationRule], month: date, targets: Iterable[Target]
) -> list[AllocationRule]:
    """The rules of the month (any day of it) with the values of its metrics as weights."""
    name = f"{month:%Y-%m}"
    metrics = set(metrics_of(rules, name).values())
    values = {metric: await _values(scope, metric, month) for metric in metrics}
    return with_values(rules, name, targets, values)


async def metric_ids(scope: Scope, session: AsyncClientSession | None = None) -> set[str]:
    """The ids of all business metrics of the one organization in scope."""
    return {str(metric.id) for metric in await BusinessMetric.list_in(scope, {}, session=session)}


async def _values(scope: Scope, metric: ByMetric, month: date) -> dict[str, Decimal]:
    found = await BusinessMetric.find_in(scope, {"_id": ObjectId(metric.metric_id)})
    if found is None:  # deleted since the rules were saved
        return {}
    gather = "$sum" if found.gathering is MetricGathering.SUM else "$avg"
    rows = await MetricDay.rows().aggregate(values_pipeline(scope, metric, month, gather))
    return {raw["_id"]: Decimal(raw["value"]) async for raw in rows}


def values_pipeline(scope: Scope, metric: ByMetric, month: date, gather: str) -> list[dict[str, Any]]:
    """One document per value of the metric's key."""
    first, until = month_of(month)
    # Names hold dots and dollars, which paths cannot.
    value = {"$getField": {"field": {"$literal": metric.key}, "input": "$values"}}
    match = {
        **MetricDay.within(scope),
        "metric_id": ObjectId(metric.metric_id),
        "day": {"$gte": midnight(first), "$lt": midnight(until)},
    }
    return [
        {"$match": match},
        {"$group": {"_id": value, "value": {gather: "$value"}}},
        {"$match": {"_id": {"$type": "string"}}},
        {"$set": {"value": {"$toString": "$value"}}},
    ]
