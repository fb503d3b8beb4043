"""What an organization lets happen in its accounts, and the switch that stops everything."""

from datetime import datetime
from typing import Any, ClassVar, cast

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from domain.errors import Conflict
from domain.remediation.approval import ApprovalPolicy


class RemediationSettings(TenantDocument):
    """One per organization. `is_stopped`: nothing begins and what runs ends before its next call.

    `approval_channel_ids` are the channels that are told of plans which wait for an approval. `allows_automation`:
    policies may approve plans; of one rule they approve at most `most_per_run` in one run, and all together
    `most_per_day` on one day in UTC.
    """

    noun: ClassVar[str] = "setting of remediations"

    policy: dict[str, Any] = Field(default_factory=dict)
    approval_channel_ids: list[PydanticObjectId] = Field(default_factory=list)
    is_stopped: bool = False
    stopped_by: PydanticObjectId | None = None
    stopped_at: datetime | None = None
    stop_reason: str | None = None
    allows_automation: bool = False
    most_per_run: int = 10
    most_per_day: int = 50
    version: int = 0

    class Settings:
        name = "remediation_settings"
        indexes = [IndexModel([("org_id", ASCENDING)], unique=True, name="org")]

    @property
    def approval(self) -> ApprovalPolicy:
        return ApprovalPolicy.model_validate(self.policy)


async def settings_of(org_id: ObjectId, session: AsyncClientSession | None = None) -> RemediationSettings:
    """The organization's, or the defaults."""
    raw = await RemediationSettings.rows().find_one({"org_id": org_id}, session=session)
    return RemediationSettings(org_id=PydanticObjectId(org_id)) if raw is None else RemediationSettings.stored(raw)


async def is_stopped(org_id: ObjectId) -> bool:
    """Whether the switch is on. One read by a unique index; asked before every call."""
    return await RemediationSettings.rows().find_one({"org_id": org_id, "is_stopped": True}, {"_id": 1}) is not None


async def change_settings(
    org_id: ObjectId, session: AsyncClientSession | None, *, version: int | None = None, **fields: Any
) -> RemediationSettings:
    """Set fields. Raises Conflict when `version` is given and is not the present one any more."""
    rows = RemediationSettings.rows()
    if version is not None and (await settings_of(org_id, session)).version != version:
        raise Conflict("Somebody has changed this meanwhile. Read it again.", path=("input", "expectedVersion"))
    raw = await rows.find_one_and_update(
        {"org_id": org_id},
        {"$set": fields, "$inc": {"version": 1}, "$setOnInsert": {"created_at": utc_now()}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return RemediationSettings.stored(cast("dict[str, Any]", raw))
