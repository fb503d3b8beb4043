"""What an organization has set up to be told of alerts, read whole: its rules, channels and maintenance windows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.channel import Channel
from documents.delivery import Delivery
from documents.maintenance_window import as_window, windows_from
from documents.routing_rule import as_rule, rules_in_order
from domain.alerting.quiet import QuietHours
from domain.alerting.route import KnownChannel, Routing
from domain.alerting.rule import AlertFacts
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.channel import ChannelKind, ChannelState, DeliveryState
from domain.facts.notice import NoticeKind
from domain.facts.severity import Severity

# Messages that tell a channel of a thing by itself; what was only in a digest or a summary is not followed up.
_TELLS = (NoticeKind.RAISED, NoticeKind.REPEATED, NoticeKind.ESCALATED, NoticeKind.APPROVAL)


async def load_routing(org_id: ObjectId, at: datetime, session: AsyncClientSession | None = None) -> Routing:
    """As it is set up now; of maintenance windows those that may be open at `at` or later."""
    shown = {"name": 1, "kind": 1, "state": 1, "quiet": 1}
    channels = Channel.rows().find({"org_id": org_id}, shown, session=session)
    known = [known_channel(raw) async for raw in channels]
    return Routing(
        rules=[as_rule(raw) for raw in await rules_in_order(org_id, session)],
        channels={channel.id: channel for channel in known},
        windows=[as_window(raw) for raw in await windows_from(org_id, at, session)],
    )


def known_channel(raw: Mapping[str, Any]) -> KnownChannel:
    """The stored channel as domain/alerting takes it."""
    return KnownChannel(
        id=str(raw["_id"]),
        name=raw["name"],
        kind=ChannelKind(raw["kind"]),
        state=ChannelState(raw["state"]),
        quiet=QuietHours.model_validate(raw["quiet"]) if raw.get("quiet") else None,
    )


def alert_facts(raw: Mapping[str, Any], at: datetime) -> AlertFacts:
    """What routing looks at of a stored alert that was raised, or came back, at this instant."""
    ids = (raw.get("resource_id"), raw.get("resource_native_id"))
    return AlertFacts(
        severity=Severity(raw["severity"]),
        source=AlertSource(raw["source"]),
        category=AlertCategory(raw.get("category") or AlertCategory.OPERATIONS),
        at=at,
        account_id=None if raw.get("account_id") is None else str(raw["account_id"]),
        resources=frozenset(str(id) for id in ids if id is not None),
        tags=raw.get("tags") or {},
    )


async def told_channels(
    org_id: ObjectId, subject: str, channel_ids: Sequence[ObjectId], since: datetime, session: AsyncClientSession
) -> set[ObjectId]:
    """Those of the channels that were told of the subject by itself since then, or are about to be."""
    query = {
        "org_id": org_id,
        "channel_id": {"$in": list(channel_ids)},
        "subject": subject,
        "created_at": {"$gte": since},
        "kind": {"$in": [kind.value for kind in _TELLS]},
        "state": {"$in": [DeliveryState.WAITING.value, DeliveryState.SENT.value]},
    }
    return {raw["channel_id"] async for raw in Delivery.rows().find(query, {"channel_id": 1}, session=session)}
