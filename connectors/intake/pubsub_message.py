"""Messages of Pub/Sub, pushed or pulled, told apart by what stands in them.

Sources: Google Cloud: "Push subscriptions", the format of messages; Monitoring, "Create and manage notification
channels"; Billing, "Programmatic notifications"; Security Command Center, "Finding notifications"; LogEntry.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from connectors.intake.reading import BAD_REQUEST
from connectors.intake.receiver import Refusal, TakenMessage

MONITORING, BUDGET, SCC, AUDIT, OTHER = "monitoring", "budget", "scc", "audit", "other"
# A log entry has 256 KiB at most, a finding less.
MOST_BYTES = 1024 * 1024
# The field that marks a kind, looked for in this order.
MARKS = ((MONITORING, "incident"), (SCC, "finding"), (AUDIT, "protoPayload"), (BUDGET, "budgetDisplayName"))


def decoded(text: str) -> bytes:
    """What stands in base64. Raises Refusal (400, or 413 when it is too long)."""
    if len(text) > MOST_BYTES * 4 // 3 + 4:
        raise Refusal(413, f"The data has more than {MOST_BYTES} bytes.")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refusal(BAD_REQUEST, "The data is not base64.") from error


def message_of(
    id: str, data: bytes, attributes: Mapping[str, str], sent_at: datetime, subscription: str
) -> TakenMessage:
    """`body` is {data, attributes, messageId, publishTime, subscription}; data is the JSON inside, or text."""
    try:
        found: Any = orjson.loads(data)
    except ValueError:
        found = data.decode(errors="replace")
    body = {
        "data": found,
        "attributes": dict(attributes),
        "messageId": id,
        "publishTime": sent_at.isoformat(),
        "subscription": subscription,
    }
    return TakenMessage(id, _kind(found, attributes), body, sent_at)


def _kind(found: Any, attributes: Mapping[str, str]) -> str:
    if not isinstance(found, dict):
        return OTHER
    if "budgetId" in attributes:
        return BUDGET
    return next((kind for kind, mark in MARKS if mark in found), OTHER)


def project_of(subscription: str) -> str | None:
    """Of projects/<project>/subscriptions/<name>; None for anything else."""
    parts = subscription.split("/")
    is_one = len(parts) == 4 and all(parts) and parts[0] == "projects" and parts[2] == "subscriptions"
    return parts[1] if is_one else None
