"""What policies of IAM allow on everything. No rules here.

Source: IAM user guide, "Policy evaluation logic": what is denied stays denied, and a boundary has to allow it too.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from domain.facts.resource import Resource, ResourceKind
from domain.rules.aws_policy import Statement, many, statements
from domain.rules.rule import RuleContext

# "*", or everything of a kind in any place: arn:aws:iam::123456789012:role/*, arn:aws:lambda:*:*:function:*
WIDE = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:[\w-]+[/:])?\*")
EVERYTHING = frozenset({"*", "*:*"})


def allowed(documents: Iterable[Any], actions: Iterable[str]) -> set[str]:
    """Those of the actions that the policies allow on all things of a kind. Conditions, which may narrow a statement,
    keep it out on either side.
    """
    found = [one for document in documents for one in statements(document) if not one.get("Condition")]
    granting = [one for one in found if one.get("Effect") == "Allow" and _is_wide(one)]
    denying = [one for one in found if one.get("Effect") == "Deny" and "*" in many(one.get("Resource"))]
    return {action for action in actions if _any(granting, action) and not _any(denying, action)}


def allow_everything(documents: Iterable[Any]) -> bool:
    """Whether one of them allows every action on everything."""
    every = (one for document in documents for one in statements(document) if one.get("Effect") == "Allow")
    return any(not EVERYTHING.isdisjoint(many(one.get("Action"))) and "*" in many(one.get("Resource")) for one in every)


def documents_of_role(role: Resource, context: RuleContext) -> list[Any] | None:
    """The policies of a role, written in or attached; None when one of them was not read."""
    own = [one["PolicyDocument"] for one in role.config.get("RolePolicyList") or []]
    attached = [document_at(one["PolicyArn"], context) for one in role.config.get("AttachedManagedPolicies") or []]
    return None if None in attached else [*own, *attached]


def document_at(arn: str, context: RuleContext) -> Any:
    """The version in force of a managed policy; None when it was not read."""
    policy = context.find(ResourceKind.AWS_IAM_POLICY, arn)
    versions = (policy and policy.config.get("PolicyVersionList")) or []
    return next((one.get("Document") for one in versions if one.get("IsDefaultVersion")), None)


def _is_wide(statement: Statement) -> bool:
    return any(WIDE.fullmatch(one) for one in many(statement.get("Resource")))


def _any(found: Iterable[Statement], action: str) -> bool:
    return any(_covers(one, action.lower()) for one in found)


def _covers(statement: Statement, action: str) -> bool:
    """Actions are written in any case, with * and ? as wild cards."""
    if "NotAction" in statement:
        return not any(fnmatchcase(action, one.lower()) for one in many(statement["NotAction"]))
    return any(fnmatchcase(action, one.lower()) for one in many(statement.get("Action")))
