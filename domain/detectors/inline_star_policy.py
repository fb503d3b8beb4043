"""A policy of one's own that allows everything."""

import json
from typing import Any

from domain.detection.cloudtrail import asked, is_call, listed, statements
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

_NAMES = ("userName", "groupName", "roleName", "policyArn")
_OPEN = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": ["*"]}})
_ENCODED = _OPEN.replace("{", "%7B").replace("}", "%7D").replace('"', "%22").replace(" ", "%20")
_BOUND = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def is_star_policy(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when a policy that allows any action on any resource is written."""
    if not is_call(event, "PutUserPolicy", "PutGroupPolicy", "PutRolePolicy", "CreatePolicyVersion"):
        return None
    request = asked(event)
    if not any(_allows_all(one) for one in statements(request.get("policyDocument"))):
        return None
    whose = next((str(request[key]) for key in _NAMES if request.get(key)), "somebody")
    return Sighting(
        message=f"{event.principal} has written a policy of {whose} that allows everything.", resource=whose
    )


def _allows_all(statement: dict[str, Any]) -> bool:
    return bool({"*", "*:*"} & set(listed(statement.get("Action")))) and "*" in listed(statement.get("Resource"))


DETECTOR = Detector(
    id="inline-star-policy",
    title="A policy that allows everything was written",
    severity=Severity.HIGH,
    source='AWS Security Hub IAM.1 and IAM.21; IAM User Guide, "IAM JSON policy elements"; MITRE ATT&CK T1098.003',
    blind_spots="Policies that spell out everything without a star, NotAction, and documents that CloudTrail left out "
    "because they are too long.",
    check=is_star_policy,
    examples=(
        fires(call("PutUserPolicy", request={"userName": "eve", "policyDocument": _OPEN})),
        fires(call("CreatePolicyVersion", request={"policyDocument": _ENCODED})),
        quiet(call("PutUserPolicy", request={"userName": "eve", "policyDocument": _BOUND})),
        quiet(call("PutUserPolicy", request={"userName": "eve", "policyDocument": "no JSON"})),
        quiet(call("DeleteUserPolicy", request={"userName": "eve", "policyDocument": _OPEN})),
    ),
)
