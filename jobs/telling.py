"""Tells a channel of something, now or later, as its limits allow."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.delivery import add_delivery
from documents.hold import hold_delivery, is_asked
from documents.noise_meter import take_room
from documents.transaction import Transaction
from domain.alerting.quiet import limit_of
from domain.alerting.route import HoldReason, KnownChannel, Telling
from domain.facts.notice import Notice, NoticeKind


def key_of(raw: Mapping[str, Any], channel_id: object, what: str) -> str:
    """The key of a message: one alert, one channel, and what is told of it."""
    return f"{raw['_id']}:{channel_id}:{what}"


def version_of(kind: NoticeKind, raw: Mapping[str, Any]) -> str:
    """What is told, as a part of the key: the alert in one version."""
    return f"{kind.value.lower()}-{raw.get('version', 1)}"


async def tell(
    tx: Transaction,
    org_id: ObjectId,
    channel: KnownChannel,
    key: str,
    notice: Notice,
    now: datetime,
    telling: Telling,
    window_id: ObjectId | None = None,
) -> None:
    """Ask for the notice to be told, once per `key`: as `telling` says, or in a summary when it would be too much."""
    if await is_asked(org_id, key, tx.session):
        return
    channel_id, reason, until = ObjectId(channel.id), telling.hold, telling.until
    if reason is None:
        until = await take_room(org_id, channel_id, limit_of(channel.quiet), now, tx.session)
        reason = HoldReason.NOISE
    if until is None:
        await add_delivery(tx, org_id, channel_id, key, notice)
    else:
        await hold_delivery(tx, org_id, channel_id, key, notice, reason=reason, until=until, window_id=window_id)
