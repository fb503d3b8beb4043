"""A role that strangers may take on."""

import json
from typing import Any

from domain.detection.cloudtrail import account_of, asked, is_call, is_narrowed, statements, trusted
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import OWN, STRANGER, call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity


def is_trust_open(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when a role's trust names anybody, or an account that is not one of the organization."""
    if not is_call(event, "UpdateAssumeRolePolicy", "CreateRole"):
        return None
    request = asked(event)
    document = request.get("policyDocument") or request.get("assumeRolePolicyDocument")
    own = context.accounts | {event.account_native_id}
    named = {one for statement in statements(document) for one in _strangers(statement, own)}
    if not named:
        return None
    role = str(request.get("roleName") or "a role")
    return Sighting(
        message=f"{event.principal} lets {', '.join(sorted(named))} take on {role}, which is outside your accounts.",
        resource=role,
    )


def _strangers(statement: dict[str, Any], own: frozenset[str | None]) -> set[str]:
    found = set()
    for principal in trusted(statement):
        account = account_of(principal)
        if principal == "*" and not is_narrowed(statement):
            found.add("anybody")
        elif account is not None and account not in own:
            found.add(f"account {account}")
    return found


def _trust(principal: Any, **condition: Any) -> dict[str, Any]:
    one = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, "Condition": condition}
    return {"roleName": "back", "policyDocument": json.dumps({"Statement": [one]})}


DETECTOR = Detector(
    id="trust-policy-open",
    title="A role can be taken on from outside",
    severity=Severity.HIGH,
    source='IAM User Guide, "AWS JSON policy elements: Principal"; MITRE ATT&CK T1098, T1199',
    blind_spots="Vendors you trust on purpose are strangers here, too; accounts of yours that are not connected look "
    "like strangers; trust in identity providers and services is not judged.",
    check=is_trust_open,
    examples=(
        fires(call("UpdateAssumeRolePolicy", request=_trust("*"))),
        fires(call("UpdateAssumeRolePolicy", request=_trust({"AWS": [f"arn:aws:iam::{STRANGER}:root"]}))),
        fires(call("CreateRole", request={"assumeRolePolicyDocument": _trust({"AWS": STRANGER})["policyDocument"]})),
        quiet(call("UpdateAssumeRolePolicy", request=_trust({"AWS": f"arn:aws:iam::{OWN}:role/deploy"}))),
        quiet(call("UpdateAssumeRolePolicy", request=_trust({"Service": "ec2.amazonaws.com"}))),
        quiet(call("UpdateAssumeRolePolicy", request=_trust("*", StringEquals={"aws:PrincipalOrgID": "o-1"}))),
        quiet(call("UpdateRole", request=_trust("*"))),
    ),
)
