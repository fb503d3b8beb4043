"""Somebody who is refused again and again: who tries doors."""

from datetime import timedelta

from domain.detection.detector import Detector, DetectorContext, Sighting, Trace
from domain.detection.example import call, fires, quiet, remembered
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

MOST = 20
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "Client.UnauthorizedOperation",
    "UnauthorizedOperation",
    "PERMISSION_DENIED",
)


def is_burst(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when one principal was refused more than twenty times within ten minutes."""
    trace = refused(event)
    if trace is None or len(trace.marks | context.recalled.before) <= MOST:
        return None
    return Sighting(
        message=f"{trace.subject} was refused more than {MOST} times in ten minutes, last for {event.name} of "
        f"{event.source}. Either a program lacks a right, or somebody tries what a key opens.",
        is_grouped=True,
    )


def refused(event: ProviderEvent) -> Trace | None:
    """The call that was refused for lack of a right."""
    if event.kind is not EventKind.API_CALL or event.error not in _DENIED:
        return None
    return Trace(event.principal or "Somebody", frozenset({event.id}))


_TWENTY = [f"earlier-{number}" for number in range(20)]

DETECTOR = Detector(
    id="denied-burst",
    title="Many calls were refused in a short time",
    severity=Severity.LOW,
    providers=(Provider.AWS, Provider.GCP),
    source="CloudTrail errorCode, google.rpc.Code; MITRE ATT&CK T1580, T1526",
    blind_spots="The bound of twenty is the same for all: badly configured software does this all day, and raises "
    "one alert. "
    "Calls that some services refuse with other codes are not counted.",
    check=is_burst,
    trace=refused,
    window=timedelta(minutes=10),
    examples=(
        fires(call("ListUsers", error="AccessDenied"), recalled=remembered(_TWENTY)),
        quiet(call("ListUsers", error="AccessDenied"), recalled=remembered(_TWENTY[:19])),
        quiet(call("ListUsers", error="AccessDenied", id="earlier-1"), recalled=remembered(_TWENTY)),
        quiet(call("ListUsers", error="Throttling"), recalled=remembered(_TWENTY)),
        quiet(call("ListUsers"), recalled=remembered(_TWENTY)),
    ),
)
