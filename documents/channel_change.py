"""What happens to a channel: changed, removed, found working or failing; each is announced, without secrets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.channel import Channel
from documents.idempotency import encoded
from documents.transaction import Transaction
from domain.errors import Conflict, NotFound
from domain.facts import topic
from domain.facts.channel import ChannelState
from domain.facts.event import LoggedEvent
from domain.facts.severity import Severity

NOT_TOLD = {"settings", "templates"}
# One message that is not taken may be the network's doing.
FAILING_AFTER = 3


async def change_channel(
    channel: Channel, changes: Mapping[str, Any], session: AsyncClientSession, *, expected_version: int | None = None
) -> Channel:
    """The channel with these fields changed. Raises Conflict when it has another version, NotFound when it is gone."""
    raw = await Channel.rows().find_one_and_update(
        {"_id": channel.id, "version": expected_version or channel.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is not None:
        return Channel.stored(raw)
    now = await Channel.rows().find_one({"_id": channel.id}, session=session)
    if now is None:
        raise NotFound.of(Channel.noun)
    raise Conflict("The channel was changed in between: load it again and decide anew.", current=Channel.stored(now))


async def remove_channel(tx: Transaction, channel: Channel, at: datetime) -> None:
    """Remove the channel; what waits for it will not be sent."""
    await Channel.rows().delete_one({"_id": channel.id}, session=tx.session)
    await resolve_alerts(tx, channel.org_id, [fingerprint(channel)], at)
    _announce(tx, encoded(channel), "ChannelDeleted")


async def find_channel(org_id: ObjectId, id: ObjectId) -> Channel | None:
    """The channel, for jobs of its organization."""
    raw = await Channel.rows().find_one({"_id": id, "org_id": org_id})
    return None if raw is None else Channel.stored(raw)


async def webhooks_of(tx: Transaction, org_id: ObjectId) -> list[Channel]:
    """The organization's webhooks that are used."""
    usable = [ChannelState.VERIFIED.value, ChannelState.FAILING.value]
    query = {"org_id": org_id, "kind": "WEBHOOK", "state": {"$in": usable}}
    return [Channel.stored(raw) async for raw in Channel.rows().find(query, session=tx.session)]


async def next_sequence(tx: Transaction, channel: Channel) -> int:
    """The number of the channel's next message, taken within the transaction."""
    raw = await Channel.rows().find_one_and_update(
        {"_id": channel.id}, {"$inc": {"sequence": 1}}, return_document=ReturnDocument.AFTER, session=tx.session
    )
    return 0 if raw is None else int(raw["sequence"])


def announce_channel(tx: Transaction, channel: Channel) -> None:
    """Log the channel as it stands now."""
    _announce(tx, encoded(channel), "ChannelChanged")


def channel_of(event: LoggedEvent) -> Any:
    """The channel row an event carries."""
    return Channel.Row(dict(event.payload))


async def found_working(tx: Transaction, channel: Channel, at: datetime, *, is_test: bool) -> None:
    """It has taken a message. A test that was sent with its present settings makes it VERIFIED."""
    present = {"_id": channel.id, "settings_version": channel.settings_version}
    raw = await Channel.rows().find_one(present, session=tx.session)
    if raw is None or raw["state"] == ChannelState.DISABLED:
        return
    changes: dict[str, Any] = {"failures": 0} if raw["failures"] else {}
    if is_test:
        changes |= {"proven_version": channel.settings_version, "verified_at": at}
    if is_test or raw["state"] == ChannelState.FAILING:
        changes |= {"state": ChannelState.VERIFIED.value, "problem": None}
    if not changes:
        return
    await Channel.rows().update_one(present, {"$set": changes}, session=tx.session)
    if "state" in changes:
        _announce(tx, {**raw, **changes}, "ChannelChanged")
        await resolve_alerts(tx, channel.org_id, [fingerprint(channel)], at)


async def found_failing(tx: Transaction, channel: Channel, problem: str, at: datetime, *, is_final: bool) -> None:
    """A message was not taken. What is refused for good, or fails three times in a row, makes it FAILING."""
    raw = await Channel.rows().find_one_and_update(
        {"_id": channel.id},
        {"$inc": {"failures": 1}, "$set": {"problem": problem}},
        return_document=ReturnDocument.AFTER,
        session=tx.session,
    )
    if raw is None:
        return
    if raw["state"] == ChannelState.UNVERIFIED:
        _announce(tx, raw, "ChannelChanged")
        return
    if raw["state"] != ChannelState.VERIFIED or not (is_final or raw["failures"] >= FAILING_AFTER):
        return
    changes = {"state": ChannelState.FAILING.value}
    await Channel.rows().update_one({"_id": channel.id}, {"$set": changes}, session=tx.session)
    _announce(tx, {**raw, **changes}, "ChannelChanged")
    await raise_alert(tx, channel.org_id, _cause(channel, problem), at)


def fingerprint(channel: Channel) -> str:
    """Of the alert about the channel."""
    return f"channel:{channel.id}"


def _cause(channel: Channel, problem: str) -> Cause:
    return Cause(
        fingerprint=fingerprint(channel),
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        title=f"Channel does not deliver: {channel.name}",
        message=f"Messages to {channel.shown} are not taken. {problem}",
    )


def _announce(tx: Transaction, raw: Mapping[str, Any], type: str) -> None:
    payload = {name: value for name, value in raw.items() if name not in NOT_TOLD}
    org_id = PydanticObjectId(payload["org_id"])
    tx.announce(org_id, topic.channels(org_id), type, payload)
