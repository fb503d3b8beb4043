"""How much of a business metric there was on a day."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

import orjson
from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.business_metric import BusinessMetric
from documents.cost_period import midnight
from documents.stored_decimal import stored_decimal
from domain.costs.metric_points import MetricPoint, Values
from domain.facts.scope import Scope


class MetricDay(TenantDocument):
    """`value` on the UTC `day` (midnight) of what `values` say; `key` is those as text, "" where there are none."""

    noun: ClassVar[str] = "day of a business metric"

    metric_id: PydanticObjectId
    day: datetime
    key: str
    value: Decimal
    values: dict[str, str] = Field(default_factory=dict)

    class Settings:
        name = "metric_days"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("metric_id", ASCENDING), ("day", ASCENDING), ("key", ASCENDING)],
                unique=True,
                name="natural",
            )
        ]


async def record_days(
    metric: BusinessMetric, points: Sequence[MetricPoint], at: datetime, session: AsyncClientSession
) -> None:
    """Store points, each instead of the one of the same day and values."""
    if not points:
        return
    writes = []
    for point in points:
        natural = {
            "org_id": metric.org_id,
            "metric_id": metric.id,
            "day": midnight(point.day),
            "key": _key(point.values),
        }
        rest = {"value": stored_decimal(point.value), "values": dict(point.values), "created_at": at}
        writes.append(ReplaceOne(natural, natural | rest, upsert=True))
    await MetricDay.rows().bulk_write(writes, ordered=False, session=session)


def _key(values: Values) -> str:
    return orjson.dumps(values).decode() if values else ""


async def metric_days(
    scope: Scope, metric: BusinessMetric, first: date, until: date, values: dict[str, str]
) -> list[tuple[date, Decimal]]:
    """The sum of each day from `first` up to but without `until`, of the points that have all of these values."""
    query = {
        **MetricDay.within(scope),
        "metric_id": metric.id,
        "day": {"$gte": midnight(first), "$lt": midnight(until)},
        # Names hold dots and dollars, which paths cannot.
        "$expr": {
            "$and": [
                {"$eq": [{"$getField": {"field": {"$literal": name}, "input": "$values"}}, {"$literal": value}]}
                for name, value in values.items()
            ]
        },
    }
    grouped = {"$group": {"_id": "$day", "value": {"$sum": "$value"}}}
    text = {"$set": {"value": {"$toString": "$value"}}}
    rows = await MetricDay.rows().aggregate([{"$match": query}, grouped, text, {"$sort": {"_id": 1}}])
    return [(raw["_id"].date(), Decimal(raw["value"])) async for raw in rows]


async def delete_days_of(metric: BusinessMetric, session: AsyncClientSession) -> int:
    """Delete the points of a metric; returns how many."""
    query = {"org_id": metric.org_id, "metric_id": metric.id}
    return (await MetricDay.rows().delete_many(query, session=session)).deleted_count
