"""How an organization wants anomalies of its costs found and told; one document per organization at most."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument

from documents.base import TenantDocument, utc_now
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.anomaly import AnomalySensitivity
from domain.facts.scope import Scope


class AnomalySettings(TenantDocument):
    """`minimum_impact` is a day's excess in the currency billed, `minimum_percent` the same in percent of the usual
    day; both must be reached. People are told at once from `tell_from` confidence (0 to 1); below it an alert is LOW.
    `version` 0: these are the ones everybody begins with, and are not stored.
    """

    noun: ClassVar[str] = "anomaly settings"

    minimum_impact: Decimal = Decimal(10)
    minimum_percent: int = 10
    sensitivity: AnomalySensitivity = AnomalySensitivity.MEDIUM
    finds_drops: bool = True
    tell_from: float = 0.9
    version: int = 0
    changed_at: datetime | None = None

    class Settings:
        name = "anomaly_settings"
        indexes = [IndexModel([("org_id", ASCENDING)], unique=True, name="org")]


async def anomaly_settings(scope: Scope) -> AnomalySettings:
    """Those of the one organization of the scope, or the ones everybody begins with."""
    found = await AnomalySettings.find_in(scope, {})
    return found or AnomalySettings(org_id=ObjectId(scope.only()), created_at=utc_now())


async def change_anomaly_settings(
    tx: Transaction, current: AnomalySettings, changes: dict[str, Any], expected_version: int | None, at: datetime
) -> AnomalySettings:
    """The settings with these fields changed. Raises Conflict when they are in another version."""
    if expected_version not in (None, current.version):
        raise Conflict("The anomaly settings were changed in the meantime: look at them again.", current=current)
    fields = {
        **current.model_dump(mode="json", include={"minimum_percent", "sensitivity", "finds_drops", "tell_from"}),
        "minimum_impact": current.minimum_impact,
        **changes,
    }
    raw = await AnomalySettings.rows().find_one_and_update(
        {"org_id": current.org_id, **({"version": current.version} if current.version else {})},
        {
            "$set": {**fields, "changed_at": at, "version": current.version + 1},
            "$setOnInsert": {"created_at": at},
        },
        upsert=current.version == 0,
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    if raw is None:
        raise Conflict("The anomaly settings were changed in the meantime: look at them again.", current=current)
    return AnomalySettings.stored(raw)
