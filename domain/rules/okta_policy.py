"""How policies of Okta and their rules are changed: they are read whole and put back whole. No rules here."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import Call, Step

# What Okta fills in itself, and what the rule's policy was when it was read.
UNGIVEN = frozenset({"id", "created", "lastUpdated", "policyId", "policyType"})
Path = Sequence[str | int]


def is_active(policy: Resource, type: str, key: str = "type") -> bool:
    """Whether a policy, or a rule by the `policyType` of its policy, is of this type and at work."""
    return policy.config.get("status") == "ACTIVE" and policy.config.get(key) == type


def found(policy: Resource, *path: str) -> Any:
    """What stands under this path of its configuration; None where it is missing."""
    value: Any = policy.config
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def changed(policy: Resource, says: str, *changes: tuple[Path, Any]) -> tuple[Step, ...]:
    """One call that puts it back with these changes, by path; undone by putting back what was read.

    Okta tells some of what is not set as null, and takes it only by its absence.
    """
    before = _without_nulls({key: value for key, value in policy.config.items() if key not in UNGIVEN})
    after = deepcopy(before)
    for path, value in changes:
        inside: Any = after
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = value
    back = _put(policy, "back", f"Give {policy.name} back what it had.", before)
    return (_put(policy, "change", says, after).model_copy(update={"undo": (back,)}),)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list | tuple) else value


def _put(policy: Resource, name: str, says: str, body: Mapping[str, Any]) -> Step:
    parent = policy.config.get("policyId")
    operation = "PUT /api/v1/policies/{policyId}" + ("/rules/{ruleId}" if parent else "")
    ids = {"policyId": parent, "ruleId": policy.native_id} if parent else {"policyId": policy.native_id}
    return Step(name=name, says=says, call=Call(operation=operation, arguments={**body, **ids}))
