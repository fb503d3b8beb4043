"""What Google Cloud sends through Pub/Sub: incidents of Monitoring, budgets, Security Command Center, audit logs."""

from datetime import UTC, datetime
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, needed, text, whole
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_LEVELS = {
    "CRITICAL": Severity.CRITICAL,
    "HIGH": Severity.HIGH,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
    # Of alerting policies, which have three.
    "ERROR": Severity.HIGH,
    "WARNING": Severity.MEDIUM,
}
_THREATS = ("THREAT", "TOXIC_COMBINATION")
# google.rpc.Code, as the name of the constant.
_CODES = {
    3: "INVALID_ARGUMENT",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    9: "FAILED_PRECONDITION",
    16: "UNAUTHENTICATED",
}
USED_UP = 1.0

Frame = dict[str, Any]


def parse_events(kind: str, body: Any) -> tuple[ProviderEvent, ...]:
    """The events of one stored message: "monitoring", "budget", "scc", "audit" or "other".

    `body` is {data, attributes, messageId, publishTime, subscription}, `data` decoded. Raises Misshapen for what cannot
    be read.
    """
    message = whole(body, Provider.GCP)
    frame: Frame = {"raw": message, "id": text(message.get("messageId")), "at": moment(message.get("publishTime"))}
    if kind == "other":
        return (_other(message, frame),)
    data = message.get("data")
    if not isinstance(data, dict) or kind not in _READERS:
        raise Misshapen(f"There is no reader for this message of the kind {kind}.", service="pubsub")
    return _READERS[kind](data, mapping(message.get("attributes")), frame)


def _monitoring(data: dict[str, Any], _: dict[str, Any], frame: Frame) -> tuple[ProviderEvent, ...]:
    """Source: Cloud Monitoring, "Schema structure" of Pub/Sub notifications, version 1.2."""
    incident = mapping(data.get("incident"))
    id = needed(text(incident.get("incident_id")), "which incident it is", Provider.GCP)
    state = text(incident.get("state"))
    told = incident.get("ended_at") if state == "closed" else incident.get("started_at")
    resource = mapping(incident.get("resource"))
    labels = mapping(resource.get("labels"))
    return (
        made(
            Provider.GCP,
            EventKind.ALARM,
            **{**frame, "at": _epoch(told) or frame["at"]},
            name=state,
            source="monitoring.googleapis.com",
            account_native_id=text(labels.get("project_id")) or text(incident.get("scoping_project_id")),
            region=text(labels.get("location")) or text(labels.get("zone")),
            resources=(incident.get("resource_name"), labels.get("instance_id"), incident.get("resource_id")),
            severity=_LEVELS.get(str(incident.get("severity")).upper()),
            title=f"Alarm {text(incident.get('policy_name')) or id}",
            message=text(incident.get("summary")),
            cause=f"alarm:{id}",
            is_over=state == "closed",
        ),
    )


def _budget(data: dict[str, Any], attributes: dict[str, Any], frame: Frame) -> tuple[ProviderEvent, ...]:
    """Comes several times a day, crossed or not. Two causes, on the way and used up; what is not crossed is over.

    Source: Cloud Billing, "Budget notification format".
    """
    name = needed(text(data.get("budgetDisplayName")), "the name of the budget", Provider.GCP)
    budget = text(attributes.get("budgetId")) or name
    actual, forecast = _ratio(data.get("alertThresholdExceeded")), _ratio(data.get("forecastThresholdExceeded"))
    # What is forecast is on its way, however much it is.
    crossed = {"used-up": actual >= USED_UP, "near": 0 < actual < USED_UP or (actual == 0 and forecast > 0)}
    spent = f"{data.get('costAmount')} of {data.get('budgetAmount')} {text(data.get('currencyCode')) or ''}".strip()
    share = f"{round(max(actual, forecast) * 100)} %"
    return tuple(
        made(
            Provider.GCP,
            EventKind.BUDGET,
            **{**frame, "id": f"{frame['id']}:{step}"},
            name="Budget",
            source="billingbudgets.googleapis.com",
            severity=Severity.HIGH if step == "used-up" else Severity.MEDIUM,
            title=f"Google Cloud budget {name} {'is used up' if step == 'used-up' else f'is on its way past {share}'}",
            message=f"{spent} are spent since {text(data.get('costIntervalStart')) or 'its start'}.",
            cause=f"budget:{budget}:{step}",
            is_over=not is_crossed,
        )
        for step, is_crossed in crossed.items()
    )


def _scc(data: dict[str, Any], _: dict[str, Any], frame: Frame) -> tuple[ProviderEvent, ...]:
    """Inactive or muted is over. Source: Security Command Center, REST resource organizations.sources.findings."""
    finding, resource = mapping(data.get("finding")), mapping(data.get("resource"))
    name = needed(text(finding.get("name")), "which finding it is", Provider.GCP)
    category = text(finding.get("category"))
    affected = text(finding.get("resourceName")) or text(resource.get("name")) or ""
    return (
        made(
            Provider.GCP,
            EventKind.THREAT if finding.get("findingClass") in _THREATS else EventKind.POLICY,
            **{**frame, "at": moment(finding.get("eventTime")) or frame["at"]},
            name=category,
            source="securitycenter.googleapis.com",
            account_native_id=_project_of(affected),
            region=text(resource.get("location")),
            principal=text(found(finding, "access", "principalEmail")),
            address=text(found(finding, "access", "callerIp")),
            resources=(affected,),
            severity=_LEVELS.get(str(finding.get("severity")).upper()),
            title=f"Security Command Center: {category}",
            message=text(finding.get("description")),
            cause=f"scc:{name}",
            is_over=finding.get("state") == "INACTIVE" or finding.get("mute") == "MUTED",
        ),
    )


def _audit(data: dict[str, Any], _: dict[str, Any], frame: Frame) -> tuple[ProviderEvent, ...]:
    """Source: Cloud Audit Logs, "Understanding audit logs", and google.cloud.audit.AuditLog."""
    entry = mapping(data.get("protoPayload"))
    who, asked = mapping(entry.get("authenticationInfo")), mapping(entry.get("requestMetadata"))
    labels = mapping(found(data, "resource", "labels"))
    status = mapping(entry.get("status"))
    code = status.get("code")
    return (
        made(
            Provider.GCP,
            EventKind.API_CALL,
            # The LogEntry, as detectors read it.
            raw=data,
            id=text(data.get("insertId")) or frame["id"],
            at=moment(data.get("timestamp")) or frame["at"],
            name=text(entry.get("methodName")),
            source=text(entry.get("serviceName")) or "cloudaudit.googleapis.com",
            service=text(entry.get("serviceName")),
            account_native_id=text(labels.get("project_id")) or _project_of(text(data.get("logName")) or ""),
            region=text(labels.get("location")) or text(labels.get("zone")),
            principal=text(who.get("principalEmail")) or text(who.get("principalSubject")),
            resources=(entry.get("resourceName"),),
            address=text(asked.get("callerIp")) or text(asked.get("callerIP")),
            error=_CODES.get(code, f"code {code}") if isinstance(code, int) and code else None,
        ),
    )


def _other(message: dict[str, Any], frame: Frame) -> ProviderEvent:
    attributes = mapping(message.get("attributes"))
    kind = text(attributes.get("eventType")) or "Message"
    return made(
        Provider.GCP,
        EventKind.OTHER,
        **frame,
        name=kind,
        source=text(message.get("subscription")) or "pubsub.googleapis.com",
        resources=items(message.get("resources")),
    )


def _project_of(name: str) -> str | None:
    """The project id in a resource name; None when it gives the project's number, which says nothing to us."""
    project = name.rpartition("projects/")[2].partition("/")[0] if "projects/" in name else ""
    return None if not project or project.isdigit() else project


def _epoch(value: Any) -> datetime | None:
    is_told = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 34
    return datetime.fromtimestamp(value, UTC) if is_told else None


def _ratio(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


_READERS = {"monitoring": _monitoring, "budget": _budget, "scc": _scc, "audit": _audit}
