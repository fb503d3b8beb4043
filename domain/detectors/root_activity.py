"""The root user of an AWS account at work."""

from domain.detection.cloudtrail import identity
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

# These two have detectors of their own.
_APART = ("ConsoleLogin", "CreateAccessKey")


def is_root_at_work(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires on any call of the root user that no service made in its name."""
    if event.principal_kind != "Root" or identity(event).get("invokedBy"):
        return None
    if event.raw.get("eventType") == "AwsServiceEvent" or event.name in _APART:
        return None
    return Sighting(
        message=f"The root user has called {event.name} of {event.source}. Nothing in daily work needs the root user.",
        is_grouped=True,
    )


DETECTOR = Detector(
    id="root-activity",
    title="The root user is at work",
    severity=Severity.HIGH,
    source="AWS Security Hub CloudWatch.1; CIS AWS Foundations 4.3; CloudTrail userIdentity element",
    blind_spots="Nobody but the root user can close an account or change its support plan: such work is reported too. "
    "One alert stands for all that root does until it is resolved.",
    check=is_root_at_work,
    examples=(
        fires(call("CreateUser", kind="Root")),
        quiet(call("CreateUser")),
        quiet(call("CreateUser", kind="Root", identity={"invokedBy": "AWS Internal"})),
        quiet(call("Renew", kind="Root", eventType="AwsServiceEvent")),
        quiet(call("ConsoleLogin", "signin", kind="Root")),
    ),
)
