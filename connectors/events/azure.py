"""What Azure sends through Event Grid, in its own schema or as CloudEvents: changes, policies, threats, alarms."""

from collections.abc import Callable
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, needed, text, whole
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_SUBSCRIPTION = "/subscriptions/"
_DEFENDER = {
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "informational": Severity.INFORMATIONAL,
}
# Azure Monitor, "Common alert schema": Sev0 is critical, Sev4 verbose.
_SEVERITIES = {
    "sev0": Severity.CRITICAL,
    "sev1": Severity.HIGH,
    "sev2": Severity.MEDIUM,
    "sev3": Severity.LOW,
    "sev4": Severity.INFORMATIONAL,
}
_VAULT_ENDS = {"expired": Severity.HIGH, "nearexpiry": Severity.MEDIUM}

Frame = dict[str, Any]


def parse_events(kind: str, body: Any) -> tuple[ProviderEvent, ...]:
    """The events of one stored message: "event_grid" or "cloud_event", one event or a list of them.

    What is well formed and not known becomes OTHER. Raises Misshapen for what cannot be read.
    """
    if kind not in ("event_grid", "cloud_event"):
        raise Misshapen(f"There is no reader for messages of the kind {kind}.", service="eventgrid")
    events = body if isinstance(body, list) else [body]
    if not events:
        raise Misshapen("The message holds no event.", service="eventgrid")
    return tuple(_event(whole(event, Provider.AZURE)) for event in events)


def _event(event: dict[str, Any]) -> ProviderEvent:
    """Both schemas say the same with other names. Source: Event Grid, "CloudEvents v1.0 schema"."""
    what = needed(text(event.get("eventType")) or text(event.get("type")), "its type", Provider.AZURE)
    topic = text(event.get("topic")) or text(event.get("source")) or ""
    data = mapping(event.get("data"))
    frame: Frame = {
        "raw": event,
        "id": text(event.get("id")),
        "at": moment(event.get("eventTime")) or moment(event.get("time")),
        "account_native_id": subscription_of(topic)
        or subscription_of(text(event.get("subject")) or "")
        or text(data.get("subscriptionId")),
    }
    return _reader(what, data)(event, what, data, frame)


def subscription_of(resource_id: str) -> str | None:
    """The subscription that a resource id begins with, in small letters; None for another text."""
    head, found_it, rest = resource_id.lower().partition(_SUBSCRIPTION)
    return rest.partition("/")[0] or None if found_it and not head else None


def _reader(what: str, data: dict[str, Any]) -> Callable[[dict[str, Any], str, dict[str, Any], Frame], ProviderEvent]:
    for prefix, read in _READERS:
        if what.lower().startswith(prefix):
            return read
    return _alarm if isinstance(data.get("essentials"), dict) else _other


def _resource(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """Source: Event Grid, "Azure subscription as an Event Grid source". A failed or refused call has an error."""
    claims = mapping(data.get("claims"))
    who = next((value for key, value in claims.items() if key.endswith(("/upn", "/name"))), claims.get("appid"))
    outcome = what.rpartition("Resource")[2]
    return made(
        Provider.AZURE,
        EventKind.API_CALL,
        **frame,
        name=text(data.get("operationName")) or what,
        source=text(data.get("resourceProvider")) or "Microsoft.Resources",
        service=text(data.get("resourceProvider")),
        principal=text(who) or text(found(data, "authorization", "evidence", "principalId")),
        principal_kind=text(found(data, "authorization", "evidence", "principalType")),
        resources=(data.get("resourceUri"), event.get("subject")),
        address=text(found(data, "httpRequest", "clientIpAddress")),
        error=text(data.get("status")) or outcome if outcome.endswith(("Failure", "Cancel")) else None,
    )


def _policy(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """Source: Azure Policy, "Azure Policy as an Event Grid source". Compliant again, or gone, is over."""
    resource = text(event.get("subject")) or ""
    policy = text(data.get("policyDefinitionId")) or needed(None, "which policy it is about", Provider.AZURE)
    state = text(data.get("complianceState")) or what
    return made(
        Provider.AZURE,
        EventKind.POLICY,
        **frame,
        name=state,
        source="Microsoft.PolicyInsights",
        resources=(resource,),
        title=f"Azure policy {policy.rpartition('/')[2]} is broken by {resource.rpartition('/')[2]}",
        message=text(data.get("complianceReasonCode")),
        cause=f"policy:{text(data.get('policyAssignmentId'))}:{policy}:{resource}".lower(),
        is_over=state.lower() != "noncompliant" or what.lower().endswith("deleted"),
    )


def _vault(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """A new version ends what an old one began. Source: Event Grid, "Azure Key Vault as Event Grid source"."""
    vault, name, kind = (text(data.get(key)) or "" for key in ("VaultName", "ObjectName", "ObjectType"))
    end = what.lower().rpartition(kind.lower())[2]
    is_over = end == "newversioncreated"
    is_about = is_over or end in _VAULT_ENDS
    how = "has expired" if end == "expired" else "expires soon"
    return made(
        Provider.AZURE,
        EventKind.HEALTH if is_about else EventKind.OTHER,
        **frame,
        name=what,
        source="Microsoft.KeyVault",
        resources=(event.get("topic") or event.get("source"),),
        severity=_VAULT_ENDS.get(end),
        title=f"{kind or 'Object'} {name} of key vault {vault} {how}",
        cause=f"vault:{vault}:{kind}:{name}".lower() if is_about else None,
        is_over=is_over,
    )


def _threat(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """Of Defender for Cloud by continuous export. Source: "Security alerts schemas", properties of an alert."""
    alert = mapping(data.get("properties")) or data
    spelled = {key[:1].lower() + key[1:]: value for key, value in alert.items()}
    known = text(spelled.get("systemAlertId")) or text(data.get("name")) or text(event.get("id"))
    id = needed(known, "the id of the alert", Provider.AZURE)
    named = [found(one, "azureResourceId") for one in items(spelled.get("resourceIdentifiers"))]
    return made(
        Provider.AZURE,
        EventKind.THREAT,
        **frame,
        name=text(spelled.get("alertType")) or what,
        source="Microsoft.Security",
        resources=(*named, spelled.get("compromisedEntity")),
        severity=_DEFENDER.get(str(spelled.get("severity")).lower()),
        title=text(spelled.get("alertDisplayName")),
        message=text(spelled.get("description")),
        cause=f"defender:{id}",
        is_over=str(spelled.get("status")).lower() in ("resolved", "dismissed"),
    )


def _availability(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """Source: Resource Notifications, "Health resources events". Available again is over."""
    info = mapping(data.get("resourceInfo"))
    state = text(found(info, "properties", "availabilityState"))
    resource = text(found(info, "properties", "targetResourceId")) or text(event.get("subject")) or ""
    is_about = state in ("Available", "Unavailable", "Degraded")
    return made(
        Provider.AZURE,
        EventKind.HEALTH if is_about else EventKind.OTHER,
        **frame,
        name=state or what,
        source="Microsoft.ResourceNotifications",
        resources=(resource,),
        severity=Severity.HIGH if state == "Unavailable" else Severity.MEDIUM,
        title=f"{resource.rpartition('/')[2]} is {(state or 'of unknown health').lower()}",
        cause=f"availability:{resource}".lower() if is_about else None,
        is_over=state == "Available",
    )


def _alarm(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    """Source: Azure Monitor, "Common alert schema"."""
    alert = data["essentials"]
    id = needed(text(alert.get("alertId")), "the id of the alert", Provider.AZURE)
    return made(
        Provider.AZURE,
        EventKind.ALARM,
        **{**frame, "account_native_id": subscription_of(id) or frame["account_native_id"]},
        name=text(alert.get("monitorCondition")) or what,
        source="Microsoft.Insights",
        resources=items(alert.get("alertTargetIDs")),
        severity=_SEVERITIES.get(str(alert.get("severity")).lower()),
        title=f"Alarm {text(alert.get('alertRule')) or id}",
        message=text(alert.get("description")),
        cause=f"alarm:{id}",
        is_over=alert.get("monitorCondition") == "Resolved",
    )


def _other(event: dict[str, Any], what: str, data: dict[str, Any], frame: Frame) -> ProviderEvent:
    source = text(event.get("topic")) or text(event.get("source")) or "Event Grid"
    return made(Provider.AZURE, EventKind.OTHER, **frame, name=what, source=source, resources=(event.get("subject"),))


_READERS = (
    ("microsoft.resources.resource", _resource),
    ("microsoft.policyinsights.policystate", _policy),
    ("microsoft.keyvault.", _vault),
    ("microsoft.security", _threat),
    ("microsoft.resourcenotifications.healthresources", _availability),
)
