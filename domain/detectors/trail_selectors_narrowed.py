"""A trail that records less than before."""

from typing import Any

from domain.detection.cloudtrail import as_object, asked, is_call, listed
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_trail_narrowed(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a selector leaves out management events, or reads, or writes."""
    request = asked(event)
    if not is_call(event, "PutEventSelectors") or not any(map(_leaves_out, listed(request.get("eventSelectors")))):
        return None
    trail = str(request.get("trailName") or "a trail")
    return Sighting(message=f"{event.principal} has {trail} record less than everything.", resource=trail)


def _leaves_out(selector: Any) -> bool:
    one = as_object(selector)
    return one.get("includeManagementEvents") is False or one.get("readWriteType", "All") != "All"


def _selector(**fields: Any) -> dict[str, Any]:
    return {"trailName": "main", "eventSelectors": [fields]}


DETECTOR = Detector(
    id="trail-selectors-narrowed",
    title="A trail records less than everything",
    severity=Severity.MEDIUM,
    source="CloudTrail PutEventSelectors; MITRE ATT&CK T1562.008; Stratus Red Team "
    "aws.defense-evasion.cloudtrail-event-selectors",
    blind_spots="Advanced event selectors; a trail that is meant for data events alone looks the same.",
    check=is_trail_narrowed,
    examples=(
        fires(call("PutEventSelectors", "cloudtrail", request=_selector(includeManagementEvents=False))),
        fires(call("PutEventSelectors", "cloudtrail", request=_selector(readWriteType="ReadOnly"))),
        quiet(call("PutEventSelectors", "cloudtrail", request=_selector(includeManagementEvents=True))),
        quiet(
            call("PutEventSelectors", "cloudtrail", request=_selector(readWriteType="ReadOnly"), error="AccessDenied")
        ),
    ),
)
