"""Policies that stand on a thing itself in AWS: whom they let in, and what they deny. Source: IAM user guide."""

import json
from collections.abc import Mapping
from typing import Any

Statement = Mapping[str, Any]


def statements(text: str) -> list[Statement]:
    """The statements of a policy; one alone may stand without a list. Raises ValueError or KeyError otherwise."""
    return _many(json.loads(text)["Statement"])


def lets_in_anyone(statement: Statement) -> bool:
    """Whether it allows something to everybody and names no condition."""
    return statement["Effect"] == "Allow" and _is_anyone(statement) and not statement.get("Condition")


def denies_plain_text(statement: Statement) -> bool:
    """Whether it denies everybody every access to what a bucket holds without TLS."""
    conditions = statement.get("Condition") or {}
    # A policy may write the keys in any case.
    bools = {key.lower(): value for key, value in (conditions.get("Bool") or {}).items()}
    return (
        statement["Effect"] == "Deny"
        and len(conditions) == len(bools) == 1
        and [str(value).lower() for value in _many(bools.get("aws:securetransport"))] == ["false"]
        and _is_anyone(statement)
        and any(action in ("*", "s3:*") for action in _many(statement.get("Action")))
        and any(one.endswith("*") for one in _many(statement.get("Resource")))
    )


def _is_anyone(statement: Statement) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return "*" in _many(named)


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
