"""What AWS sends: envelopes of EventBridge, and what CloudWatch, Config and Budgets write to SNS themselves."""

from collections.abc import Callable
from typing import Any

from connectors.events import aws_config, aws_notices, aws_security
from connectors.events.cloudtrail import read_record
from connectors.events.reading import found, items, made, moment, text, whole
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

Read = Callable[[dict[str, Any]], tuple[ProviderEvent, ...]]


def parse_events(kind: str, body: Any) -> tuple[ProviderEvent, ...]:
    """The events of one stored message: "eventbridge", "alarm", "config", "budget" or "text".

    What is well formed and not known becomes OTHER. Raises Misshapen for what cannot be read.
    """
    message = whole(body, Provider.AWS)
    if kind == "eventbridge":
        return _envelope(message)
    if kind == "alarm":
        return (aws_notices.read_alarm(message),)
    if kind == "config":
        return (aws_config.read_notice(message),)
    if kind == "budget":
        return (aws_notices.read_budget(message),)
    if kind == "text":
        return (aws_notices.read_text(message),)
    raise Misshapen(f"There is no reader for messages of the kind {kind}.", service="sns")


def _envelope(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    if not isinstance(envelope.get("detail"), dict) or not text(envelope.get("detail-type")):
        raise Misshapen("This is no envelope of EventBridge: it has no detail or no detail-type.", service="events")
    what = envelope["detail-type"]
    read = _READERS.get(what)
    if read is None and what.endswith("via CloudTrail") and found(envelope, "detail", "eventName"):
        read = _record
    return (read or _other)(envelope)


def _record(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    return (read_record(envelope["detail"], envelope),)


def _state(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    return (_plain(envelope, EventKind.RESOURCE_CHANGE),)


def _other(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    return (_plain(envelope, EventKind.OTHER),)


def _plain(envelope: dict[str, Any], kind: EventKind) -> ProviderEvent:
    return made(
        Provider.AWS,
        kind,
        **_frame(envelope),
        name=envelope["detail-type"],
        account_native_id=text(envelope.get("account")),
        region=text(envelope.get("region")),
        resources=items(envelope.get("resources")),
    )


def _frame(envelope: dict[str, Any]) -> dict[str, Any]:
    return {
        "raw": envelope,
        "id": text(envelope.get("id")),
        "source": text(envelope.get("source")) or "events.amazonaws.com",
        "at": moment(envelope.get("time")),
    }


_READERS: dict[str, Read] = {
    "GuardDuty Finding": aws_security.read_guardduty,
    "Security Hub Findings - Imported": aws_security.read_security_hub,
    "Config Rules Compliance Change": aws_config.read_compliance_change,
    "Config Configuration Item Change": aws_config.read_item_change,
    "EC2 Instance State-change Notification": _state,
    "CloudWatch Alarm State Change": aws_notices.read_alarm_change,
    "Anomaly Detected": aws_notices.read_anomaly,
    "AWS Health Event": aws_notices.read_health,
}
