"""The policy that allows everything, attached to somebody."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

_ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


def is_admin_attached(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when AdministratorAccess is attached to a user, a group or a role."""
    if not is_call(event, "AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy"):
        return None
    request = asked(event)
    if not str(request.get("policyArn")).endswith(":policy/AdministratorAccess"):
        return None
    whom = next((str(request[key]) for key in ("userName", "groupName", "roleName") if request.get(key)), "somebody")
    return Sighting(message=f"{event.principal} has given {whom} every right in the account.", resource=whom)


DETECTOR = Detector(
    id="admin-policy-attached",
    title="Somebody was given every right in the account",
    severity=Severity.HIGH,
    source="AWS managed policy AdministratorAccess; MITRE ATT&CK T1098.003",
    blind_spots="Policies of your own that allow as much, and other managed ones that lead there, such as "
    "IAMFullAccess. "
    "Setting up an account does this on purpose.",
    check=is_admin_attached,
    examples=(
        fires(call("AttachUserPolicy", request={"userName": "eve", "policyArn": _ADMIN})),
        fires(call("AttachRolePolicy", request={"policyArn": _ADMIN})),
        quiet(
            call("AttachUserPolicy", request={"userName": "eve", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
        ),
        quiet(call("AttachUserPolicy", request={"userName": "eve", "policyArn": _ADMIN}, error="AccessDenied")),
        quiet(call("DetachUserPolicy", request={"userName": "eve", "policyArn": _ADMIN})),
    ),
)
