"""What Okta sends by event hooks: entries of its System Log."""

from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, text, whole
from domain.errors import Misshapen
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

# Event hooks deliver batches; a larger one is not Okta's.
_MOST_EVENTS = 1000
_FAILED = ("FAILURE", "DENY")


def parse_events(kind: str, body: Any) -> tuple[ProviderEvent, ...]:
    """The events of one stored message: one entry of the System Log, or a hook's body with data.events[].

    Raises Misshapen for what cannot be read. Source: Okta, "Event hooks" and System Log API, LogEvent.
    """
    message = whole(body, Provider.OKTA)
    if kind != "system_log":
        raise Misshapen(f"There is no reader for messages of the kind {kind}.", service="okta")
    if "eventType" in message and "data" not in message:
        return (_entry(message),)
    events = items(found(message, "data", "events"))
    if not events or len(events) > _MOST_EVENTS:
        raise Misshapen("The body of the hook has no events, or more than a thousand.", service="okta")
    return tuple(_entry(whole(event, Provider.OKTA)) for event in events)


def _entry(entry: dict[str, Any]) -> ProviderEvent:
    name = text(entry.get("eventType"))
    actor, outcome = mapping(entry.get("actor")), mapping(entry.get("outcome"))
    result = text(outcome.get("result"))
    targets = [mapping(one) for one in items(entry.get("target"))]
    return made(
        Provider.OKTA,
        EventKind.SIGN_IN if name == "user.session.start" else EventKind.API_CALL,
        raw=entry,
        id=text(entry.get("uuid")),
        name=name,
        source="okta.com",
        at=moment(entry.get("published")),
        principal=text(actor.get("alternateId")) or text(actor.get("displayName")) or text(actor.get("id")),
        principal_kind=text(actor.get("type")),
        resources=(text(one.get("alternateId")) or text(one.get("id")) for one in targets),
        address=text(found(entry, "client", "ipAddress")),
        message=text(entry.get("displayMessage")),
        error=text(outcome.get("reason")) or result if result in _FAILED else None,
    )
