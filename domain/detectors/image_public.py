"""A machine image that was handed to others."""

from typing import Any

from domain.detection.cloudtrail import as_object, asked, is_call, listed
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import OWN, STRANGER, call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_image_shared(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when an image is shared with all, or with an account that is not one of the organization."""
    if not is_call(event, "ModifyImageAttribute"):
        return None
    request = asked(event)
    added = [as_object(one) for one in listed(as_object(request.get("launchPermission")).get("add"))]
    named = {str(one.get("group") or one.get("userId")) for one in added}
    strange = sorted(named - context.accounts - {event.account_native_id})
    if not strange:
        return None
    image = str(request.get("imageId") or "an image")
    whom = "everybody" if "all" in strange else f"account {', '.join(strange)}"
    return Sighting(message=f"{event.principal} has shared {image} with {whom}.", resource=image)


def _shared(**with_whom: str) -> dict[str, Any]:
    return {"imageId": "ami-1", "launchPermission": {"add": {"items": [with_whom]}}}


DETECTOR = Detector(
    id="image-public",
    title="A machine image was shared outside your accounts",
    severity=Severity.HIGH,
    source="EC2 ModifyImageAttribute; MITRE ATT&CK T1537; Stratus Red Team aws.exfiltration.ec2-share-ami",
    blind_spots="Images that are meant to be public; sharing with an organization or an organizational unit by its "
    "ARN; "
    "accounts of yours that are not connected look like strangers.",
    check=is_image_shared,
    examples=(
        fires(call("ModifyImageAttribute", "ec2", request=_shared(group="all"))),
        fires(call("ModifyImageAttribute", "ec2", request=_shared(userId=STRANGER))),
        quiet(call("ModifyImageAttribute", "ec2", request=_shared(userId=OWN))),
        quiet(call("ModifyImageAttribute", "ec2", request={"imageId": "ami-1", "description": "x"})),
        quiet(call("ModifyImageAttribute", "ec2", request=_shared(group="all"), error="AccessDenied")),
    ),
)
