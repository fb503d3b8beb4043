"""IAM users, and what rules write into them. No rules here."""

from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import as_text
from domain.rules.rule import RuleContext

# IAM says so when what a call is about is gone.
GONE = ("NoSuchEntity",)


def inline_policies(user: Resource) -> list[dict[str, Any]]:
    """The policies that are written into the user, each with its PolicyName and its PolicyDocument as a mapping."""
    return [one for one in user.config.get("UserPolicyList") or [] if one]


def has_inline(user: Resource, name: str, document: dict[str, Any]) -> bool:
    """Whether this very policy is written into the user."""
    return any(one["PolicyName"] == name and one["PolicyDocument"] == document for one in inline_policies(user))


def find_user(name: str, context: RuleContext) -> Resource | None:
    """A user by its name, which no other user of the account has."""
    users = context.every(ResourceKind.AWS_IAM_USER)
    return next((one for one in users if one.config.get("UserName", one.name) == name), None)


def put_policy(user: str, name: str, document: dict[str, Any], says: str, step: str, undo: tuple[Step, ...]) -> Step:
    """Writes a policy into the user. A second time comes to the same."""
    arguments = {"UserName": user, "PolicyName": name, "PolicyDocument": as_text(document)}
    return Step(name=step, says=says, call=Call(operation="iam.put_user_policy", arguments=arguments), undo=undo)


def delete_policy(user: str, name: str, says: str, step: str, undo: tuple[Step, ...] = ()) -> Step:
    """Takes a policy that is written into the user out of it."""
    arguments = {"UserName": user, "PolicyName": name}
    call = Call(operation="iam.delete_user_policy", arguments=arguments)
    return Step(name=step, says=says, call=call, gone=GONE, undo=undo)


def key_status(user: str, key_id: str, status: str, says: str, step: str, undo: tuple[Step, ...] = ()) -> Step:
    """Sets an access key to Active or Inactive. Its secret stays where it is."""
    arguments = {"UserName": user, "AccessKeyId": key_id, "Status": status}
    return Step(name=step, says=says, call=Call(operation="iam.update_access_key", arguments=arguments), undo=undo)
