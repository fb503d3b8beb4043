"""A user of IAM who signs in with a password alone."""

from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

_WITHOUT = {"MFAUsed": "No"}


def is_without_mfa(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires on a sign-in of a user of IAM that succeeded; federated people bring their second factor from elsewhere."""
    more = event.raw.get("additionalEventData") or {}
    is_sign_in = event.kind is EventKind.SIGN_IN and event.name == "ConsoleLogin" and event.error is None
    if not is_sign_in or event.principal_kind != "IAMUser" or more.get("SamlProviderArn"):
        return None
    if more.get("MFAUsed") != "No":
        return None
    return Sighting(
        message=f"{event.principal} has signed in from {event.address} with a password alone. Give the user a second "
        "factor, or have people sign in through your identity provider.",
        is_grouped=True,
    )


DETECTOR = Detector(
    id="login-without-mfa",
    title="Signed in without a second factor",
    severity=Severity.HIGH,
    source='CloudTrail User Guide, "AWS Management Console sign-in events"; CIS AWS Foundations 1.10',
    blind_spots="Federated people and IAM Identity Center: whether they had a second factor, only their provider "
    "knows.",
    check=is_without_mfa,
    examples=(
        fires(call("ConsoleLogin", "signin", additionalEventData=_WITHOUT)),
        quiet(call("ConsoleLogin", "signin", additionalEventData={"MFAUsed": "Yes"})),
        quiet(call("ConsoleLogin", "signin", additionalEventData={**_WITHOUT, "SamlProviderArn": "arn:saml"})),
        quiet(call("ConsoleLogin", "signin", kind="AssumedRole", additionalEventData=_WITHOUT)),
        quiet(call("ConsoleLogin", "signin", additionalEventData=_WITHOUT, error="Failed authentication")),
    ),
)
