"""A second factor that was taken away."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_mfa_removed(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a device is deactivated or deleted."""
    if not is_call(event, "DeactivateMFADevice", "DeleteVirtualMFADevice"):
        return None
    request = asked(event)
    whose = str(request.get("userName") or request.get("serialNumber") or "somebody")
    return Sighting(message=f"{event.principal} has taken the second factor of {whose} away.", resource=whose)


DETECTOR = Detector(
    id="mfa-removed",
    title="A second factor was taken away",
    severity=Severity.HIGH,
    source="IAM DeactivateMFADevice, DeleteVirtualMFADevice; MITRE ATT&CK T1556.006",
    blind_spots="A device that is replaced looks the same until the new one is there. Second factors of an identity "
    "provider are told of by that provider.",
    check=is_mfa_removed,
    examples=(
        fires(call("DeactivateMFADevice", request={"userName": "ann", "serialNumber": "arn:mfa"})),
        fires(call("DeleteVirtualMFADevice")),
        quiet(call("DeactivateMFADevice", error="AccessDenied")),
        quiet(call("EnableMFADevice", request={"userName": "ann"})),
    ),
)
