"""What AWS's own services judge: GuardDuty and Security Hub, as EventBridge carries it."""

from collections.abc import Iterator
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, needed, text
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_LABELS = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    "INFORMATIONAL": Severity.INFORMATIONAL,
}
# GuardDuty User Guide, "Severity levels of GuardDuty findings".
_GUARDDUTY_LEVELS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
# Security Hub User Guide, "Types taxonomy for ASFF": the other namespaces are checks and vulnerabilities.
_THREATS = ("TTPs", "Effects", "Unusual Behaviors")
_MOST_FINDINGS = 100
# GuardDuty User Guide, "GuardDuty finding format": what is attacked stands between ":" and "/" of the type. Runtime and
# Container say how, not where.
_ATTACKED = {"EC2": "ec2", "IAMUser": "iam", "Kubernetes": "eks", "Lambda": "lambda", "RDS": "rds", "S3": "s3"}


def read_guardduty(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """One finding; archived is over. Source: GuardDuty User Guide, "GuardDuty finding format"."""
    finding = envelope["detail"]
    id = needed(text(finding.get("id")), "the id of the finding", Provider.AWS)
    key = mapping(found(finding, "resource", "accessKeyDetails"))
    return (
        made(
            Provider.AWS,
            EventKind.THREAT,
            raw=envelope,
            id=text(envelope.get("id")) or id,
            name=text(finding.get("type")),
            source="guardduty.amazonaws.com",
            at=moment(finding.get("updatedAt")) or moment(envelope.get("time")),
            account_native_id=text(finding.get("accountId")) or text(envelope.get("account")),
            region=text(finding.get("region")) or text(envelope.get("region")),
            principal=text(key.get("userName")),
            principal_kind=text(key.get("userType")),
            resources=_attacked(mapping(finding.get("resource"))),
            address=_remote(mapping(found(finding, "service", "action"))),
            service=_ATTACKED.get((text(finding.get("type")) or "").partition(":")[2].partition("/")[0]),
            severity=_guardduty_level(finding.get("severity")),
            title=text(finding.get("title")),
            message=text(finding.get("description")),
            cause=f"guardduty:{id}",
            is_over=found(finding, "service", "archived") is True,
        ),
    )


def read_security_hub(envelope: dict[str, Any]) -> tuple[ProviderEvent, ...]:
    """One event for each finding of the batch. One that came from GuardDuty has the cause GuardDuty gives it.

    Source: Security Hub User Guide, "AWS Security Finding Format (ASFF)".
    """
    findings = [one for one in items(found(envelope, "detail", "findings")) if isinstance(one, dict)]
    if not findings or len(findings) > _MOST_FINDINGS:
        raise Misshapen("The event of Security Hub has no findings, or more than a hundred.", service="securityhub")
    return tuple(_imported(envelope, finding) for finding in findings)


def _imported(envelope: dict[str, Any], finding: dict[str, Any]) -> ProviderEvent:
    id = needed(text(finding.get("Id")), "the id of the finding", Provider.AWS)
    kinds = items(finding.get("Types"))
    label = text(found(finding, "Severity", "Label")) or text(
        found(finding, "FindingProviderFields", "Severity", "Label")
    )
    is_threat = any(str(one).startswith(_THREATS) for one in kinds)
    is_guardduty = finding.get("ProductName") == "GuardDuty"
    return made(
        Provider.AWS,
        EventKind.THREAT if is_threat else EventKind.POLICY,
        raw={**envelope, "detail": {"findings": [finding]}},
        id=f"{text(envelope.get('id'))}:{id}",
        name=text(finding.get("GeneratorId")) or text(finding.get("Title")),
        source="securityhub.amazonaws.com",
        at=moment(finding.get("UpdatedAt")) or moment(envelope.get("time")),
        account_native_id=text(finding.get("AwsAccountId")) or text(envelope.get("account")),
        region=text(finding.get("Region")) or text(envelope.get("region")),
        resources=(found(one, "Id") for one in items(finding.get("Resources"))),
        severity=_LABELS.get(label or ""),
        title=text(finding.get("Title")),
        message=text(finding.get("Description")),
        cause=f"guardduty:{id.rpartition('/')[2]}" if is_guardduty else f"securityhub:{id}",
        is_over=_is_closed(finding),
    )


def _is_closed(finding: dict[str, Any]) -> bool:
    return (
        finding.get("RecordState") == "ARCHIVED"
        or found(finding, "Workflow", "Status") in ("RESOLVED", "SUPPRESSED")
        or found(finding, "Compliance", "Status") in ("PASSED", "NOT_AVAILABLE")
    )


def _guardduty_level(value: Any) -> Severity:
    number = float(value) if isinstance(value, int | float) else 0.0
    return next((level for least, level in _GUARDDUTY_LEVELS if number >= least), Severity.LOW)


def _attacked(resource: dict[str, Any]) -> Iterator[Any]:
    yield found(resource, "instanceDetails", "instanceId")
    for bucket in items(resource.get("s3BucketDetails")):
        yield found(bucket, "name")
    yield found(resource, "eksClusterDetails", "name")
    yield found(resource, "lambdaDetails", "functionArn")
    yield found(resource, "rdsDbInstanceDetails", "dbInstanceIdentifier")
    yield found(resource, "accessKeyDetails", "userName")


def _remote(action: dict[str, Any]) -> str | None:
    for inner in action.values():
        if address := text(found(inner, "remoteIpDetails", "ipAddressV4")):
            return address
    return None
