"""What AWS tells about money, alarms and its own health: CloudWatch, Budgets, Cost Anomaly Detection, Health."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, needed, text
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

CLOUDWATCH = "cloudwatch.amazonaws.com"
# A budget's letter is short; what is longer is none.
_MOST_TEXT = 20_000
_LINE = re.compile(r"^\s*([A-Z][A-Za-z ]{2,40}?)\s*:\s*(.{1,300}?)\s*$", re.MULTILINE)
_ACCOUNT = re.compile(r"(?<!\d)(\d{12})(?!\d)")


def read_alarm(message: dict[str, Any]) -> ProviderEvent:
    """An alarm as CloudWatch writes it to SNS; OK is over, INSUFFICIENT_DATA is nothing (kind OTHER).

    Source: CloudWatch User Guide, "Amazon SNS notification for alarms".
    """
    arn = needed(text(message.get("AlarmArn")), "which alarm it is", Provider.AWS)
    trigger = mapping(message.get("Trigger"))
    return _alarm(
        arn,
        message,
        state=text(message.get("NewStateValue")),
        name=text(message.get("AlarmName")),
        reason=text(message.get("NewStateReason")),
        at=text(message.get("StateChangeTime")),
        id=None,
        things=[found(one, "value") for one in items(trigger.get("Dimensions"))],
        account=text(message.get("AWSAccountId")),
    )


def read_alarm_change(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """The same alarm as EventBridge carries it. Source: CloudWatch User Guide, "Alarm events and EventBridge"."""
    detail = envelope["detail"]
    arn = needed(next(iter(items(envelope.get("resources"))), None), "which alarm it is", Provider.AWS)
    metrics = items(found(detail, "configuration", "metrics"))
    named = [mapping(found(one, "metricStat", "metric", "dimensions")).values() for one in metrics]
    return (
        _alarm(
            str(arn),
            envelope,
            state=text(found(detail, "state", "value")),
            name=text(detail.get("alarmName")),
            reason=text(found(detail, "state", "reason")),
            at=text(found(detail, "state", "timestamp")) or text(envelope.get("time")),
            id=text(envelope.get("id")),
            things=[value for values in named for value in values],
            account=text(envelope.get("account")),
        ),
    )


def read_budget(message: dict[str, Any]) -> ProviderEvent:
    """The letter of AWS Budgets, which is plain text and says no time. It never says that a budget is over.

    Source: Cost Management User Guide, "Creating an Amazon SNS topic for budget notifications".
    """
    letter = (text(message.get("text")) or "")[:_MOST_TEXT]
    said = {key.strip().lower(): value for key, value in _LINE.findall(letter)}
    name = needed(said.get("budget name"), "the name of the budget", Provider.AWS)
    way, threshold = said.get("alert type", "ACTUAL").upper(), said.get("alert threshold", "")
    limit, reached = _amount(said.get("budgeted amount")), _amount(said.get(f"{way.lower()} amount"))
    is_used_up = way == "ACTUAL" and limit is not None and reached is not None and reached >= limit
    account = _ACCOUNT.search(letter)
    return made(
        Provider.AWS,
        EventKind.BUDGET,
        raw=message,
        id=None,
        name=way,
        source="budgets.amazonaws.com",
        at=moment(message.get("timestamp")),
        account_native_id=account.group(1) if account else None,
        severity=Severity.HIGH if is_used_up else Severity.MEDIUM,
        title=f"AWS budget {name}: {'forecast' if way == 'FORECASTED' else 'spending'} has passed {threshold}".strip(),
        message=f"Budgeted {said.get('budgeted amount', 'an unknown amount')}, now at "
        f"{said.get(f'{way.lower()} amount', 'an unknown amount')}.",
        cause=f"budget:{name}:{way}:{threshold}",
    )


def read_text(message: dict[str, Any]) -> ProviderEvent:
    """Any other text: kept, and nothing is concluded from it."""
    subject = text(message.get("subject"))
    return made(
        Provider.AWS,
        EventKind.OTHER,
        raw=message,
        id=None,
        name=subject or "Text",
        source="sns.amazonaws.com",
        at=moment(message.get("timestamp")),
        title=subject,
        message=text(message.get("text")),
    )


def read_anomaly(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """Source: Cost Management User Guide, "Using EventBridge with Cost Anomaly Detection". Amounts are US dollars."""
    detail = envelope["detail"]
    id = needed(text(detail.get("anomalyId")), "the id of the anomaly", Provider.AWS)
    causes = [mapping(one) for one in items(detail.get("rootCauses"))]
    services = [name for one in causes if (name := text(one.get("service")))]
    impact = text(found(detail, "impact", "totalImpact"))
    named = list(dict.fromkeys(services))
    where = ", ".join(named) or "an unknown service"
    return (
        made(
            Provider.AWS,
            EventKind.COST_ANOMALY,
            raw=envelope,
            id=text(envelope.get("id")) or id,
            name="Anomaly Detected",
            source="ce.amazonaws.com",
            at=moment(envelope.get("time")),
            account_native_id=text(envelope.get("account")),
            region=next((region for one in causes if (region := text(one.get("region")))), None),
            service=named[0] if len(named) == 1 else None,
            title=f"AWS sees an unusual cost in {where}",
            message=None if impact is None else f"It has cost {impact} US dollars more than AWS expected.",
            cause=f"cost-anomaly:{id}",
        ),
    )


def read_health(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """Source: AWS Health User Guide, "AWS Health events Amazon EventBridge schema". A closed event is over."""
    detail = envelope["detail"]
    arn = needed(text(detail.get("eventArn")), "which event of AWS Health it is", Provider.AWS)
    words = next((text(found(one, "latestDescription")) for one in items(detail.get("eventDescription"))), None)
    is_issue = detail.get("eventTypeCategory") == "issue"
    return (
        made(
            Provider.AWS,
            EventKind.HEALTH,
            raw=envelope,
            id=text(envelope.get("id")),
            name=text(detail.get("eventTypeCode")),
            source="health.amazonaws.com",
            at=moment(envelope.get("time")),
            # A public event names an account of its own beside the one it is sent to.
            account_native_id=text(detail.get("affectedAccount")) or text(envelope.get("account")),
            region=text(detail.get("eventRegion")) or text(envelope.get("region")),
            resources=(found(one, "entityValue") for one in items(detail.get("affectedEntities"))),
            severity=Severity.MEDIUM if is_issue else Severity.LOW,
            title=f"AWS Health: {text(detail.get('eventTypeCode'))} ({text(detail.get('service')) or 'AWS'})",
            message=words,
            cause=f"health:{arn}",
            is_over=detail.get("statusCode") == "closed",
        ),
    )


def _alarm(
    arn: str,
    raw: dict[str, Any],
    *,
    state: str | None,
    name: str | None,
    reason: str | None,
    at: str | None,
    id: str | None,
    things: list[Any],
    account: str | None,
) -> ProviderEvent:
    parts = arn.split(":")
    is_about = state in ("ALARM", "OK")
    return made(
        Provider.AWS,
        EventKind.ALARM if is_about else EventKind.OTHER,
        raw=raw,
        id=id,
        name=state,
        source=CLOUDWATCH,
        at=moment(at),
        account_native_id=account or (parts[4] if len(parts) > 4 else None),
        region=parts[3] if len(parts) > 3 else None,
        resources=(*things, arn),
        title=f"Alarm {name or arn}",
        message=reason,
        cause=f"alarm:{arn}" if is_about else None,
        is_over=state == "OK",
    )


def _amount(value: str | None) -> Decimal | None:
    digits = re.sub(r"[^\d.]", "", value or "")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None
