"""When costs were last looked through for anomalies, and whose; one document per organization at most."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.transaction import Transaction


class AnomalyRun(TenantDocument):
    """The last look, at `at`, through `series_count` daily series. `account_ids` are the accounts they are costs of."""

    noun: ClassVar[str] = "look for anomalies"

    at: datetime
    series_count: int
    account_ids: list[PydanticObjectId] = Field(default_factory=list)

    class Settings:
        name = "anomaly_runs"
        indexes = [IndexModel([("org_id", ASCENDING)], unique=True, name="org")]


async def note_anomaly_run(
    tx: Transaction, org_id: ObjectId, at: datetime, series_count: int, account_ids: Collection[ObjectId]
) -> None:
    """Let this be the last look."""
    seen = {"at": at, "series_count": series_count, "account_ids": sorted(account_ids)}
    await AnomalyRun.rows().update_one(
        {"org_id": org_id}, {"$set": seen, "$setOnInsert": {"created_at": at}}, upsert=True, session=tx.session
    )
