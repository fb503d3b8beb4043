"""When a channel was told of late, so that it is not told too much at once."""

from datetime import datetime

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.alerting.noise import full_until, recent
from domain.alerting.quiet import NoiseLimit


class NoiseMeter(TenantDocument):
    """One for each channel, whose id it has. `told_at` are the instants that still count, oldest first."""

    told_at: list[datetime] = Field(default_factory=list)

    class Settings:
        name = "noise_meters"
        indexes = [IndexModel([("org_id", ASCENDING)], name="org")]


async def take_room(
    org_id: ObjectId, channel_id: ObjectId, limit: NoiseLimit, now: datetime, session: AsyncClientSession
) -> datetime | None:
    """Count a message to the channel; when it has had too many, count nothing and return when there is room again.

    Two transactions that count at once conflict, and one of them is done again.
    """
    meter = await NoiseMeter.rows().find_one({"_id": channel_id}, session=session) or {"told_at": []}
    full = full_until(meter["told_at"], limit, now)
    if full is None:
        told_at = [*recent(meter["told_at"], limit, now), now]
        change = {"$set": {"told_at": told_at}, "$setOnInsert": {"org_id": org_id, "created_at": now}}
        await NoiseMeter.rows().update_one({"_id": channel_id}, change, upsert=True, session=session)
    return full
