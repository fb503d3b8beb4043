"""What AWS Config tells: rules that change their mind and resources that change, by EventBridge or SNS.

Sources: AWS Config Developer Guide, "Monitoring AWS Config with Amazon EventBridge" and "Notifications that AWS Config
sends to an Amazon SNS topic". What stands in `detail` of the one is the whole message of the other.
"""

from typing import Any

from connectors.events.reading import found, made, mapping, moment, needed, text
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

CONFIG = "config.amazonaws.com"
COMPLIANCE = "ComplianceChangeNotification"
# The second one leaves the item out, because it is larger than SNS takes.
CHANGES = ("ConfigurationItemChangeNotification", "OversizedConfigurationItemChangeNotification")


def read_compliance_change(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """A rule that changed its mind on a resource; everything but NON_COMPLIANT is over."""
    return (_compliance(envelope["detail"], envelope),)


def read_item_change(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """A resource that was made, changed or deleted."""
    return (_change(envelope["detail"], envelope),)


def read_notice(message: dict[str, Any]) -> ProviderEvent:
    """A message that Config wrote to SNS itself. Snapshots and the like are kept, and nothing is concluded (OTHER)."""
    what = needed(text(message.get("messageType")), "which notice of AWS Config it is", Provider.AWS)
    around = {"detail-type": what, "time": message.get("notificationCreationTime")}
    if what == COMPLIANCE:
        return _compliance(message, around)
    if what in CHANGES:
        return _change(message, around)
    return made(
        Provider.AWS,
        EventKind.OTHER,
        raw=message,
        id=None,
        name=what,
        source=CONFIG,
        at=moment(message.get("notificationCreationTime")),
        account_native_id=text(message.get("awsAccountId")),
        region=text(message.get("awsRegion")),
    )


def _compliance(detail: dict[str, Any], envelope: dict[str, Any]) -> ProviderEvent:
    rule = needed(text(detail.get("configRuleName")), "which rule it is about", Provider.AWS)
    resource = text(detail.get("resourceId")) or ""
    verdict = text(found(detail, "newEvaluationResult", "complianceType"))
    region = text(detail.get("awsRegion")) or text(envelope.get("region"))
    return made(
        Provider.AWS,
        EventKind.POLICY,
        raw=_raw(detail, envelope),
        id=text(envelope.get("id")),
        name=verdict,
        source=CONFIG,
        at=moment(found(detail, "newEvaluationResult", "resultRecordedTime")) or moment(envelope.get("time")),
        account_native_id=text(detail.get("awsAccountId")) or text(envelope.get("account")),
        region=region,
        resources=(resource,),
        title=f"Config rule {rule} is broken by {resource or 'the account'}",
        message=text(found(detail, "newEvaluationResult", "annotation")),
        cause=f"config:{region}:{rule}:{resource}",
        is_over=verdict != "NON_COMPLIANT",
    )


def _change(detail: dict[str, Any], envelope: dict[str, Any]) -> ProviderEvent:
    item = mapping(detail.get("configurationItem")) or mapping(detail.get("configurationItemSummary"))
    return made(
        Provider.AWS,
        EventKind.RESOURCE_CHANGE,
        raw=_raw(detail, envelope),
        id=text(envelope.get("id")),
        name=text(item.get("configurationItemStatus")) or envelope["detail-type"],
        source=text(envelope.get("source")) or CONFIG,
        at=moment(envelope.get("time")),
        account_native_id=text(item.get("awsAccountId")) or text(envelope.get("account")),
        region=text(item.get("awsRegion")) or text(envelope.get("region")),
        resources=(item.get("resourceId"), item.get("ARN")),
    )


def _raw(detail: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
    """As it came: with the envelope where there was one."""
    return envelope if "detail" in envelope else detail
