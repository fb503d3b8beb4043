"""The root user of an AWS account at the console."""

from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity


def is_root_signed_in(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires on a sign-in of the root user that succeeded."""
    is_sign_in = event.kind is EventKind.SIGN_IN and event.name == "ConsoleLogin"
    if not is_sign_in or event.principal_kind != "Root" or event.error is not None:
        return None
    with_mfa = (event.raw.get("additionalEventData") or {}).get("MFAUsed") == "Yes"
    return Sighting(
        message=f"The root user has signed in from {event.address}, {'with' if with_mfa else 'without'} a second "
        "factor.",
        is_grouped=True,
    )


DETECTOR = Detector(
    id="root-console-login",
    title="The root user has signed in",
    severity=Severity.CRITICAL,
    source='CloudTrail User Guide, "AWS Management Console sign-in events"; MITRE ATT&CK T1078.004',
    blind_spots="Sign-ins to member accounts by AWS Organizations' central root access are calls of AssumeRoot, not "
    "this.",
    check=is_root_signed_in,
    examples=(
        fires(call("ConsoleLogin", "signin", kind="Root")),
        fires(call("ConsoleLogin", "signin", kind="Root", additionalEventData={"MFAUsed": "Yes"})),
        quiet(call("ConsoleLogin", "signin", kind="Root", error="Failed authentication")),
        quiet(call("ConsoleLogin", "signin")),
    ),
)
