"""What AWS puts into messages of SNS and SQS, told apart: alarms, EventBridge, Config, budgets, and plain text.

Sources: EventBridge User Guide, "Event structure"; Config Developer Guide, "Notifications that AWS Config sends"; Cost
Management User Guide, "Creating an Amazon SNS topic for budget notifications".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from connectors.intake.reading import FORBIDDEN, id_of
from connectors.intake.receiver import Refusal, TakenMessage

ALARM, EVENTBRIDGE, CONFIG, BUDGET, TEXT = "alarm", "eventbridge", "config", "budget", "text"
OF_CONFIG = frozenset({"configurationItem", "configurationItemSummary", "configRuleName", "configSnapshotId"})
BUDGET_BEGINS = ("AWS Budget Notification", "AWS Budgets:")


def message_of(
    id: str, text: str, accounts: frozenset[str], *, subject: str | None = None, sent_at: datetime | None = None
) -> TakenMessage:
    """The message with its kind. An event of EventBridge keeps its own id: by whichever way it comes, it is one.

    `body` is the JSON inside, and {subject, text, timestamp} where there is none that we know. Raises Refusal (403)
    when it is about an account that is not among `accounts`.
    """
    found = _object(text)
    kind = _kind(found)
    if kind == EVENTBRIDGE:
        _check_account(found.get("account"), accounts)
        return TakenMessage(id_of(found, "id"), kind, found, sent_at)
    if kind == ALARM:
        _check_account(found.get("AWSAccountId"), accounts)
    if kind is not None:
        return TakenMessage(id, kind, found, sent_at)
    is_budget = text.startswith(BUDGET_BEGINS) or (subject or "").startswith(BUDGET_BEGINS)
    return TakenMessage(id, BUDGET if is_budget else TEXT, plain_body(subject, text, sent_at), sent_at)


def plain_body(subject: str | None, text: str, sent_at: datetime | None) -> dict[str, str | None]:
    """The body of a message that is text."""
    return {"subject": subject, "text": text, "timestamp": sent_at.isoformat() if sent_at else None}


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _kind(found: Mapping[str, Any]) -> str | None:
    if "detail-type" in found and "source" in found and "detail" in found:
        return EVENTBRIDGE
    if "AlarmName" in found and "NewStateValue" in found:
        return ALARM
    return CONFIG if "messageType" in found and not OF_CONFIG.isdisjoint(found) else None


def _check_account(account: object, accounts: frozenset[str]) -> None:
    if not isinstance(account, str) or account not in accounts:
        raise Refusal(FORBIDDEN, "It is about an account that is not connected.")
