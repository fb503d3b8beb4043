"""IAM users who hold all rights themselves, and not by a role that is taken on when needed."""

import json
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import many, statements
from domain.rules.aws_user import GONE, delete_policy, inline_policies, put_policy
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

ADMINISTRATOR = ":iam::aws:policy/AdministratorAccess"
EVERYTHING = frozenset({"*", "*:*"})


def is_admin(user: Resource, _: RuleContext) -> Observation | None:
    """Fires on AdministratorAccess attached to the user, or a policy in the user that allows everything."""
    attached, written = _attached(user), _written(user)
    if not attached and not written:
        return None
    held = [*attached, *(one["PolicyName"] for one in written)]
    return Observation(
        reason=f"User {user.name} may do everything at any time, by {' and '.join(held)}.",
        observed={"AttachedPolicies": attached, "UserPolicyList": [one["PolicyName"] for one in written]},
    )


def _attached(holder: Resource) -> list[str]:
    """The ARN of AdministratorAccess, where it is attached."""
    found = holder.config.get("AttachedPolicies") or holder.config.get("AttachedManagedPolicies") or []
    return [one["PolicyArn"] for one in found if one["PolicyArn"].endswith(ADMINISTRATOR)]


def _written(user: Resource) -> list[dict[str, Any]]:
    return [one for one in inline_policies(user) if any(map(_allows_everything, statements(one["PolicyDocument"])))]


def _allows_everything(statement: dict[str, Any]) -> bool:
    """Conditions, which may narrow it, do not count: such a statement is for people to judge."""
    return (
        statement.get("Effect") == "Allow"
        and not EVERYTHING.isdisjoint(many(statement.get("Action")))
        and "*" in many(statement.get("Resource"))
        and not statement.get("Condition")
    )


def take_rights(user: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Takes out what gives everything, and nothing else, unless nobody else would be left who may."""
    if not _another_admin(user, context):
        raise NoPlan(f"Give somebody else all rights first: no other administrator than {user.name} was found.")
    detached = [_detached(user, arn, number) for number, arn in enumerate(_attached(user))]
    return (*detached, *(_taken_out(user, one, number) for number, one in enumerate(_written(user))))


def _another_admin(user: Resource, context: RuleContext) -> bool:
    """Another user, directly or by a group, or a role that people may take on."""
    groups = {one.name for one in context.every(ResourceKind.AWS_IAM_GROUP) if _attached(one)}
    users = [one for one in context.every(ResourceKind.AWS_IAM_USER) if one.native_id != user.native_id]
    by_group = any(group["GroupName"] in groups for one in users for group in one.config.get("Groups") or [])
    roles = [one for one in context.every(ResourceKind.AWS_IAM_ROLE) if _attached(one)]
    return by_group or any(_attached(one) or _written(one) for one in users) or any(map(_is_for_people, roles))


def _is_for_people(role: Resource) -> bool:
    """Services take on roles as well, and help nobody who is locked out."""
    trust = [one.get("Principal") for one in statements(role.config.get("AssumeRolePolicyDocument"))]
    return any(isinstance(one, dict) and not {"AWS", "Federated"}.isdisjoint(one) for one in trust)


def _detached(user: Resource, arn: str, number: int) -> Step:
    arguments = {"UserName": user.name, "PolicyArn": arn}
    back = Step(
        name="attach",
        says=f"Attach {arn} to {user.name} again.",
        call=Call(operation="iam.attach_user_policy", arguments=arguments),
    )
    return Step(
        name=f"detach-{number}",
        says=f"Detach {arn} from {user.name}.",
        call=Call(operation="iam.detach_user_policy", arguments=arguments),
        gone=GONE,
        undo=(back,),
    )


def _taken_out(user: Resource, policy: dict[str, Any], number: int) -> Step:
    name, text = policy["PolicyName"], json.dumps(policy["PolicyDocument"])
    back = put_policy(user.name, name, policy["PolicyDocument"], f"Write {name} into {user.name} again.", "back", ())
    says = f"Take the policy {name} out of {user.name}, which is: {text}."
    return delete_policy(user.name, name, says, f"take-out-{number}", (back,))


_ARN = "arn:aws:iam::aws:policy/AdministratorAccess"
_OPEN = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
_NARROW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def _user(name: str = "ops", policy: str = "", inline: dict[str, Any] | None = None, **config: Any) -> Resource:
    attached = [{"PolicyName": policy.rpartition("/")[2], "PolicyArn": policy}] if policy else []
    own = [{"UserName": name, "PolicyName": "own", "PolicyDocument": inline}] if inline else []
    return Resource(
        kind=ResourceKind.AWS_IAM_USER,
        native_id=f"arn:aws:iam::123456789012:user/{name}",
        name=name,
        config={"UserName": name, "AttachedPolicies": attached, "UserPolicyList": own, **config},
    )


def _holder(kind: ResourceKind, name: str, principal: Any = None) -> Resource:
    """A role or a group with all rights."""
    trust = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
    given = {"AssumeRolePolicyDocument": trust} if principal else {}
    attached = [{"PolicyName": "AdministratorAccess", "PolicyArn": _ARN}]
    arn = f"arn:aws:iam::123456789012:holder/{name}"
    return Resource(kind=kind, native_id=arn, name=name, config={**given, "AttachedManagedPolicies": attached})


ADMIN_USER = Rule(
    id="aws-iam-admin-user",
    title="User holds all rights directly",
    description="Whoever steals one password or key of such a user has the whole account. A role is taken on for an "
    "hour, with a second factor, and leaves a trace.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_IAM_USER,
    permissions=("iam:GetUserPolicy", "iam:ListAttachedUserPolicies", "iam:ListUserPolicies", "iam:ListUsers"),
    source="CIS AWS Foundations Benchmark 1.16; AWS Security Hub IAM.1",
    blind_spots="Rights by a group, own managed policies that allow everything, policies that spell everything out, "
    "NotAction and statements with conditions are not looked at.",
    needs=("AttachedPolicies", "UserPolicyList"),
    also_reads=(ResourceKind.AWS_IAM_USER, ResourceKind.AWS_IAM_ROLE, ResourceKind.AWS_IAM_GROUP),
    check=is_admin,
    group="identity",
    remedy=Remedy(
        says="Takes all rights from the user, whether attached or written in; never from the last administrator.",
        plan=take_rights,
        reversible=Reversible.YES,
        permissions=("iam:AttachUserPolicy", "iam:DeleteUserPolicy", "iam:DetachUserPolicy", "iam:PutUserPolicy"),
    ),
    examples=(
        fires(_user(policy=_ARN), _holder(ResourceKind.AWS_IAM_ROLE, "admin", {"AWS": "123456789012"})),
        fires(_user(policy=_ARN, inline=_OPEN), _user("eve", inline=_OPEN)),
        fires(
            _user(inline=_OPEN),
            _holder(ResourceKind.AWS_IAM_GROUP, "admins"),
            _user("eve", Groups=[{"GroupName": "admins"}]),
        ),
        fires(
            _user(policy=_ARN), _holder(ResourceKind.AWS_IAM_ROLE, "machine", {"Service": "ec2.amazonaws.com"})
        ),  # nobody else: no plan
        quiet(_user(policy="arn:aws:iam::aws:policy/ReadOnlyAccess", inline=_NARROW)),
    ),
)
