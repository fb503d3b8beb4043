"""What partners' webhooks are told of an event: the fields named here and no others, whatever a row has more."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from bson import ObjectId

from domain.facts.channel import WebhookTopic
from domain.facts.event import LoggedEvent

TOPICS = frozenset(topic.value for topic in WebhookTopic)
# Whose ids are told as the global ids of the graph, so that partners can ask for more with `node`.
NODES = {
    "account_id": "Account",
    "finding_id": "Finding",
    "budget_id": "Budget",
    "resource_id": "Resource",
    "incident_id": "Incident",
    "merged_into_id": "Incident",
    "assignee_id": "Member",
}
# What the links of an incident stand between, see documents/incident.py.
SIGNALS = {"alert": "Alert", "finding": "Finding"}


@dataclass(frozen=True, slots=True)
class Told:
    """`node` is the type of what the event is about, None when it is nothing that has an id."""

    node: str | None
    fields: tuple[str, ...]


ALERT = Told(
    "Alert",
    (
        *("severity", "state", "source", "category", "title", "message", "account_id", "finding_id", "budget_id"),
        *("resource_id", "resource_native_id", "principal", "region", "occurrences", "incident_id", "assignee_id"),
        *("occurred_at", "raised_at", "last_seen_at", "acknowledged_at", "snoozed_until", "resolved_at"),
        *("resolution", "version"),
    ),
)
INCIDENT = Told(
    "Incident",
    (
        *("number", "title", "state", "severity", "categories", "account_ids", "member_count", "open_count", "links"),
        *("assignee_id", "merged_into_id", "opened_at", "first_at", "last_at", "acknowledged_at", "resolved_at"),
        "version",
    ),
)
LINK = ("a", "b", "rule", "reason", "at")
COSTS = Told(None, ("line_count", "period_count", "periods"))
PERIOD = (
    *("provider", "billing_account_id", "period_start", "period_end", "currency", "billed", "line_count"),
    "was_replaced",
)
SYNC = Told(
    "Sync",
    (
        *("account_id", "state", "step", "done", "total", "resources", "added", "changed", "gone", "unchanged"),
        *("findings_opened", "findings_resolved", "problem", "started_at", "ended_at"),
    ),
)
ACCOUNT = Told(None, ("account_id", "state"))
INTEGRATION = Told("IntegrationHealth", ("account_id", "state", "score", "at"))

BY_TOPIC = {"alerts": ALERT, "incidents": INCIDENT, "costs": COSTS, "syncs": SYNC, "integrations": INTEGRATION}
BY_TYPE = {"AccountChanged": ACCOUNT}


def topic_of(event: LoggedEvent) -> str:
    """The short name of its topic: tenant/<id>/alerts is alerts."""
    return event.topic.rpartition("/")[2]


def public_data(event: LoggedEvent) -> dict[str, Any]:
    """What is told of the event, as JSON types: names as in the graph, ids of the graph, times in ISO 8601 and UTC."""
    told = BY_TYPE.get(event.type) or BY_TOPIC[topic_of(event)]
    row = event.payload
    data = {_camel(name): _value(name, row[name]) for name in told.fields if name in row}
    if told.node is not None and "_id" in row:
        data["id"] = global_id(told.node, row["_id"])
    return data


def global_id(node: str, id: object) -> str:
    """As the graph writes it; a test holds the two together."""
    return base64.b64encode(f"{node}:{id}".encode()).decode().rstrip("=")


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in NODES:
        return global_id(NODES[name], value)
    match name:
        case "account_ids":
            return [global_id("Account", id) for id in value]
        case "periods":
            return [_part(period, PERIOD) for period in value]
        case "links":
            return [{**_part(link, LINK), "a": _signal(link["a"]), "b": _signal(link["b"])} for link in value]
    return _plain(value)


def _part(stored: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {_camel(name): _plain(stored[name]) for name in names if name in stored}


def _signal(stored: str) -> str:
    kind, _, id = stored.partition(":")
    return global_id(SIGNALS[kind], id)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal() | ObjectId():
            return str(value)
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.title() for part in others)
