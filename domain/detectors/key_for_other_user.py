"""An access key made for somebody else."""

from domain.detection.cloudtrail import asked, identity, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_key_for_other(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when the user a key is made for is not the one who makes it."""
    whom = asked(event).get("userName")
    if not is_call(event, "CreateAccessKey") or not whom or whom == identity(event).get("userName"):
        return None
    # By the name under which the user acts afterwards.
    arn = next((one for one in event.resources if one.startswith("arn:") and one.endswith(f":user/{whom}")), str(whom))
    return Sighting(message=f"{event.principal} has made an access key of {whom}.", resource=arn)


DETECTOR = Detector(
    id="key-for-other-user",
    title="An access key was made for another user",
    severity=Severity.HIGH,
    source="IAM CreateAccessKey; MITRE ATT&CK T1098.001; Stratus Red Team aws.persistence.iam-backdoor-user",
    blind_spots="Administrators who hand out keys do the same. A key one makes for oneself is not reported here.",
    check=is_key_for_other,
    examples=(
        fires(call("CreateAccessKey", user="eve", request={"userName": "ann"})),
        fires(call("CreateAccessKey", user="eve", request={"userName": "ann"}, resources=("arn:aws:iam::1:user/ann",))),
        quiet(call("CreateAccessKey", user="ann", request={"userName": "ann"})),
        quiet(call("CreateAccessKey", user="ann")),
        quiet(call("CreateAccessKey", user="eve", request={"userName": "ann"}, error="AccessDenied")),
    ),
)
