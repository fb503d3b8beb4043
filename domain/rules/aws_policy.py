"""Policies of AWS: whom their statements let in, and what is left when that is taken out. No rules here.

Source: IAM user guide, "IAM JSON policy elements" (Principal, Condition) and "AWS global condition context keys".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Statement = Mapping[str, Any]
# Conditions on these come down to known callers. Source: S3 user guide, "The meaning of public", and the keys that
# Lambda, SNS and IAM name for the same.
RESTRICTING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
    }
)
# With these a request must have the key, and one of the values. "...IfExists" lets in requests that lack the key.
POSITIVE = frozenset(
    {
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "arnequals",
        "arnlike",
        "ipaddress",
        "foranyvalue:stringequals",
    }
    | {"foranyvalue:stringlike"}
)
ANY_VALUE = frozenset({"*", "0.0.0.0/0", "::/0"})
ANYONE = "*"


def document_of(policy: Any) -> dict[str, Any]:
    """A policy as a mapping, be it one or JSON text; {} for what is neither."""
    if isinstance(policy, str):
        try:
            policy = json.loads(policy)
        except ValueError:
            return {}
    return policy if isinstance(policy, dict) else {}


def statements(policy: Any) -> list[dict[str, Any]]:
    """The statements of a policy; one that stands alone is a list of one."""
    found = document_of(policy).get("Statement")
    return [one for one in many(found) if isinstance(one, dict)]


def many(value: Any) -> list[Any]:
    """One value or a list of them, as every element may be written."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def principals(statement: Statement, kind: str = "AWS") -> list[str]:
    """Whom it names of this kind; "*" alone names everybody."""
    named = statement.get("Principal")
    found = named.get(kind) if isinstance(named, Mapping) else named
    return [one for one in many(found) if isinstance(one, str)]


def conditions(statement: Statement) -> Iterator[tuple[str, str, list[Any]]]:
    """Operator, key and values of each condition, operator and key in lower case, since AWS takes any."""
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, values in tests.items():
            yield operator.lower(), key.lower(), many(values)


def is_restricted(statement: Statement) -> bool:
    """Whether a condition limits everybody to known callers."""
    return any(
        operator in POSITIVE and key in RESTRICTING and values and ANY_VALUE.isdisjoint(map(str, values))
        for operator, key, values in conditions(statement)
    )


def lets_in_anyone(statement: Statement) -> bool:
    """Whether it allows something to everybody, and no condition limits that to known callers."""
    return statement.get("Effect") == "Allow" and ANYONE in principals(statement) and not is_restricted(statement)


def without_principals(statement: Statement, is_out: Callable[[str], bool]) -> dict[str, Any] | None:
    """The statement for those who stay; None when nobody is left. All else of it stays as it is written."""
    named = statement.get("Principal")
    if not isinstance(named, Mapping):
        return None if any(is_out(one) for one in many(named)) else dict(statement)
    kept = [one for one in many(named.get("AWS")) if not is_out(one)]
    others = {kind: who for kind, who in named.items() if kind != "AWS"}
    left = {**({"AWS": kept} if kept else {}), **others}
    return {**statement, "Principal": left} if left else None


def without_anyone(policy: Any) -> dict[str, Any]:
    """The policy without what lets in everybody. Its list of statements may be empty."""
    kept = []
    for statement in statements(policy):
        left = without_principals(statement, ANYONE.__eq__) if lets_in_anyone(statement) else statement
        if left is not None:
            kept.append(left)
    return {**document_of(policy), "Statement": kept}


def as_text(policy: Mapping[str, Any]) -> str:
    """A policy as calls take it; the same policy gives the same text."""
    return json.dumps(policy, separators=(",", ":"))
