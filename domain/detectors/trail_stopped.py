"""A trail of CloudTrail that was stopped or deleted."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_trail_stopped(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a trail ceases to record."""
    if event.source != "cloudtrail.amazonaws.com" or not is_call(event, "StopLogging", "DeleteTrail"):
        return None
    trail = str(asked(event).get("name") or "a trail")
    did = "deleted" if event.name == "DeleteTrail" else "stopped"
    return Sighting(
        message=f"{event.principal} has {did} {trail}: what happens from now on leaves no trace in it.", resource=trail
    )


DETECTOR = Detector(
    id="trail-stopped",
    title="A trail has ceased to record",
    severity=Severity.HIGH,
    source="CloudTrail StopLogging, DeleteTrail; MITRE ATT&CK T1562.008",
    blind_spots="Whether another trail still records the same is not looked at. The events themselves come from "
    "EventBridge "
    "and go on.",
    check=is_trail_stopped,
    examples=(
        fires(call("StopLogging", "cloudtrail", request={"name": "main"})),
        fires(call("DeleteTrail", "cloudtrail")),
        quiet(call("StopLogging", "cloudtrail", error="AccessDenied")),
        quiet(call("StartLogging", "cloudtrail")),
        quiet(call("StopLogging", "elsewhere")),
    ),
)
