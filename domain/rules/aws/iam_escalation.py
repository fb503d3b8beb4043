"""IAM roles that can give themselves more rights than they were given."""

import hashlib
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_escalation import PATHS, to_deny
from domain.rules.aws_policy import as_text
from domain.rules.aws_rights import allow_everything, allowed, document_at, documents_of_role
from domain.rules.aws_user import GONE
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

ACTIONS = frozenset(action for required in PATHS.values() for action in required)
# Roles that only services of AWS change. Source: IAM user guide, "IAM identifiers".
OF_SERVICES, OF_AWS = "/aws-service-role/", "/aws-reserved/"
# Without these a role takes its own boundary away.
KEEPS_BOUNDARY = ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")


def can_rise(role: Resource, context: RuleContext) -> Observation | None:
    """Fires on a role that holds all permissions of a path on everything, and is no administrator anyway."""
    paths = _paths(role, context)
    if not paths:
        return None
    held = sorted({action for path in paths for action in PATHS[path]})
    return Observation(
        reason=f"Role {role.name} can raise its own rights in {len(paths)} known ways, for example by "
        f"{' and '.join(PATHS[paths[0]])}.",
        observed={"paths": paths, "permissions": held},
    )


def _paths(role: Resource, context: RuleContext) -> list[str]:
    """The paths that are open to it; none when something about its rights was not read."""
    documents = documents_of_role(role, context)
    if documents is None or allow_everything(documents) or role.config.get("Path", "/").startswith(OF_SERVICES):
        return []
    rights = allowed(documents, ACTIONS)
    boundary = _boundary(role)
    if boundary:
        document = document_at(boundary, context)
        rights = allowed([document], rights) if document is not None else set()
    return sorted(path for path, required in PATHS.items() if rights.issuperset(required))


def _boundary(role: Resource) -> str | None:
    found: str | None = (role.config.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
    return found


def bound(role: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A policy that closes the paths and allows all else, as the boundary of the role."""
    if _boundary(role):
        raise NoPlan(f"Role {role.name} has the boundary {_boundary(role)} already: narrow that one by hand.")
    if role.config.get("Path", "/").startswith(OF_AWS):
        raise NoPlan(f"Role {role.name} is made by IAM Identity Center: narrow its permission set there.")
    denied = sorted({*to_deny(_paths(role, context)), *KEEPS_BOUNDARY})
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "AllElse", "Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Sid": "NoMoreRights", "Effect": "Deny", "Action": denied, "Resource": "*"},
        ],
    }
    arn = _arn(role, document)
    return (_policy(role, arn, document, denied), _placed(role, arn, denied))


def _arn(role: Resource, document: dict[str, Any]) -> str:
    """The same for the same denials, so that a second try finds the policy and another plan does not."""
    _, partition, _, _, account, _ = role.native_id.split(":", 5)
    digest = hashlib.sha256(as_text(document).encode()).hexdigest()[:8]
    return f"arn:{partition}:iam::{account}:policy/cloudwatcher-boundary-{role.name}-{digest}"


def _policy(role: Resource, arn: str, document: dict[str, Any], denied: list[str]) -> Step:
    name = arn.rpartition("/")[2]
    back = Step(
        name="delete-policy",
        says=f"Delete the policy {name}.",
        call=Call(operation="iam.delete_policy", arguments={"PolicyArn": arn}),
        gone=GONE,
    )
    return Step(
        name="make-policy",
        says=f"Make the policy {name}, which denies {', '.join(denied)} and allows all else.",
        call=Call(
            operation="iam.create_policy",
            arguments={"PolicyName": name, "PolicyDocument": as_text(document)},
        ),
        found=Look(call=Call(operation="iam.get_policy", arguments={"PolicyArn": arn}), path="Policy"),
        gone=GONE,
        undo=(back,),
    )


def _placed(role: Resource, arn: str, denied: list[str]) -> Step:
    named = {"RoleName": role.name}
    back = Step(
        name="take-boundary",
        says=f"Take the boundary of role {role.name} away.",
        call=Call(operation="iam.delete_role_permissions_boundary", arguments=named),
        gone=GONE,
    )
    return Step(
        name="set-boundary",
        says=f"Set that policy as the boundary of role {role.name}. From then on it may do no more of: "
        f"{', '.join(denied)}. Its policies stay as they are.",
        call=Call(
            operation="iam.put_role_permissions_boundary",
            arguments={**named, "PermissionsBoundary": arn},
        ),
        undo=(back,),
    )


def _role(statement: dict[str, Any], *attached: str, path: str = "/", boundary: str | None = None) -> Resource:
    """A role with this statement written into it, for the examples."""
    held = [{"PolicyName": one.rpartition("/")[2], "PolicyArn": one} for one in attached]
    own = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]
    limit = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary}
    bounded = {"PermissionsBoundary": limit} if boundary else {}
    arn = f"arn:aws:iam::123456789012:role{path}build"
    config = {"Path": path, "RolePolicyList": own, "AttachedManagedPolicies": held, **bounded}
    return Resource(kind=ResourceKind.AWS_IAM_ROLE, native_id=arn, name="build", config=config)


def _allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def _managed(statement: dict[str, Any]) -> Resource:
    """The policy that _LIMIT names."""
    document = {"Version": "2012-10-17", "Statement": [statement]}
    versions = [{"VersionId": "v1", "IsDefaultVersion": True, "Document": document}]
    return Resource(
        kind=ResourceKind.AWS_IAM_POLICY, native_id=_LIMIT, name="limit", config={"PolicyVersionList": versions}
    )


_LIMIT = "arn:aws:iam::123456789012:policy/limit"
_DENY = {"Effect": "Deny", "Action": "iam:Put*", "Resource": "*"}
_NOT_IAM = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
_CONDITION = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
ESCALATION_PATH = Rule(
    id="aws-iam-escalation-path",
    title="Role can raise its own rights",
    description="Whoever takes over such a role has, by a known way, as many rights as they want.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_ROLE,
    permissions=("iam:GetAccountAuthorizationDetails",),
    source="RhinoSecurityLabs, AWS IAM Privilege Escalation; DataDog, pathfinding.cloud; MITRE ATT&CK T1098",
    blind_spots="Users are not judged, only roles. Rights on single things, by conditions, by NotResource, and denials "
    "of an organization are not looked at. A role that may do everything needs no path and is not named; a role that "
    "is meant to give out rights, such as CloudWatcher's own to act, looks the same: exempt it.",
    needs=("AttachedManagedPolicies", "RolePolicyList"),
    also_reads=(ResourceKind.AWS_IAM_POLICY,),
    check=can_rise,
    group="identity",
    remedy=Remedy(
        says="Puts a boundary on the role that closes the paths and allows all else.",
        plan=bound,
        reversible=Reversible.YES,
        permissions=(
            "iam:CreatePolicy",
            "iam:DeletePolicy",
            "iam:DeleteRolePermissionsBoundary",
            "iam:GetPolicy",
            "iam:PutRolePermissionsBoundary",
        ),
    ),
    examples=(
        fires(_role(_allow("iam:PutRolePolicy"))),
        fires(_role(_allow("iam:passrole", "ec2:Run*", resource="arn:aws:iam::123456789012:role/*"))),
        fires(_role(_allow("s3:*"), _LIMIT), _managed(_allow("lambda:*"))),
        fires(_role(_allow("ssm:*"), boundary=_LIMIT), _managed(_NOT_IAM)),
        fires(_role(_allow("sts:AssumeRole"), path="/aws-reserved/sso.amazonaws.com/")),
        quiet(_role(_allow("iam:Put*"), _LIMIT), _managed(_DENY)),
        quiet(_role(_allow("iam:Put*"), boundary=_LIMIT), _managed(_NOT_IAM)),
        quiet(_role(_allow("iam:Put*"), boundary=_LIMIT)),
        quiet(_role(_allow("iam:Put*"), _LIMIT)),
        quiet(_role(_allow("iam:PutRolePolicy", resource="arn:aws:iam::123456789012:role/app"))),
        quiet(_role(_allow("iam:PutRolePolicy", Condition=_CONDITION))),
        quiet(_role(_allow("*"))),
        quiet(_role(_allow("iam:Put*"), path="/aws-service-role/x.amazonaws.com/")),
    ),
)
