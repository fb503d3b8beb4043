"""An access key for the root user of an AWS account."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_root_key(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when root makes a key and names no user: it is its own then."""
    if not is_call(event, "CreateAccessKey") or event.principal_kind != "Root" or asked(event).get("userName"):
        return None
    return Sighting(
        message="An access key of the root user was made. It opens everything and no policy limits it: delete it, and "
        "use a role."
    )


DETECTOR = Detector(
    id="root-access-key",
    title="An access key of the root user was made",
    severity=Severity.CRITICAL,
    source="AWS Security Hub IAM.4; CIS AWS Foundations 1.4; MITRE ATT&CK T1098.001",
    blind_spots="Keys that existed before events came in; the credential report of a sync shows those.",
    check=is_root_key,
    examples=(
        fires(call("CreateAccessKey", kind="Root")),
        quiet(call("CreateAccessKey", kind="Root", request={"userName": "ann"})),
        quiet(call("CreateAccessKey")),
        quiet(call("CreateAccessKey", kind="Root", error="LimitExceeded")),
    ),
)
