"""What a business counts, such as orders: costs divided by it are unit costs."""

from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.costs.unit_cost import MetricGathering
from domain.errors import Conflict


class BusinessMetric(TenantDocument):
    """`unit` names one of it, such as order. Its points are in `MetricDay`."""

    noun: ClassVar[str] = "business metric"

    name: str
    unit: str
    description: str = ""
    gathering: MetricGathering = MetricGathering.SUM
    version: int = 1

    class Settings:
        name = "business_metrics"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]


async def change_metric(
    metric: BusinessMetric, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> BusinessMetric:
    """The metric with these fields changed. Raises Conflict when it is in another version."""
    raw = await BusinessMetric.rows().find_one_and_update(
        {"_id": metric.id, "version": expected_version or metric.version},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict("The business metric was changed in the meantime: look at it again.", current=metric)
    return BusinessMetric.stored(raw)


async def delete_metric(metric: BusinessMetric, session: AsyncClientSession) -> None:
    """Delete it, its points aside."""
    await BusinessMetric.rows().delete_one({"_id": metric.id}, session=session)
