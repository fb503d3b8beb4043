"""SCIM filters as queries: equality, alone or joined by `and`, of what directories look people and groups up by.

Anything else is refused as the standard allows, because no index would answer it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bson import ObjectId
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

Query = dict[str, Any]
Make = Callable[[Any], Query]


def _lower(value: Any) -> str:
    return str(value).lower()


def _id(field: str) -> Make:
    """An id that cannot be one matches nothing."""
    return lambda value: {field: ObjectId(value) if ObjectId.is_valid(value) else None}


_SHARED: dict[str, Make] = {
    "id": _id("_id"),
    "externalid": lambda value: {"external_id": str(value)},
}
USERS: dict[str, Make] = {
    **_SHARED,
    "username": lambda value: {"user_name_key": _lower(value)},
    "emails": lambda value: {"emails.value": _lower(value)},
    "emails.value": lambda value: {"emails.value": _lower(value)},
    "active": lambda value: {"active": value is True or _lower(value) == "true"},
}
GROUPS: dict[str, Make] = {
    **_SHARED,
    "displayname": lambda value: {"display_name_key": _lower(value)},
    "members": _id("member_ids"),
    "members.value": _id("member_ids"),
}
_EMAIL = {"value", "type"}


def query_of(text: str | None, known: Mapping[str, Make]) -> Query:
    """The query of a filter. Raises InvalidFilterException for what is malformed or not offered."""
    if text is None:
        return {}
    return {"$and": [_of(term, known) for term in _terms(ScimFilter(text).ast)]}


def _terms(node: FilterNode) -> list[FilterNode]:
    if isinstance(node, LogicalExpr) and node.op is LogicalOperator.and_:
        return [term for part in node.terms for term in _terms(part)]
    return [node]


def _of(node: FilterNode, known: Mapping[str, Make]) -> Query:
    if isinstance(node, ValuePath):
        return _of_entry(node, known)
    name, value = _equality(node)
    make = known.get(name)
    if make is None:
        raise _not_offered(known)
    return make(value)


def _of_entry(node: ValuePath, known: Mapping[str, Make]) -> Query:
    """One entry of a list: `emails[type eq "work" and value eq "a@example.com"]`, `members[value eq "…"]`."""
    name, parts = str(node.attr_path).lower(), dict(map(_equality, _terms(node.val_filter)))
    if f"{name}.value" not in known or node.sub_attr is not None or "value" not in parts:
        raise _not_offered(known)
    if name == "emails" and parts.keys() <= _EMAIL:
        return {"emails": {"$elemMatch": {part: _lower(value) for part, value in parts.items()}}}
    if parts.keys() != {"value"}:
        raise _not_offered(known)
    return known[f"{name}.value"](parts["value"])


def _equality(node: FilterNode) -> tuple[str, Any]:
    if not isinstance(node, Comparison) or node.op is not CompareOperator.eq:
        raise InvalidFilterException(detail="Only `eq`, alone or joined by `and`, is offered in filters.")
    path = node.attr_path
    name = path.attr if path.sub_attr is None else f"{path.attr}.{path.sub_attr}"
    return name.lower(), node.value


def _not_offered(known: Mapping[str, Make]) -> InvalidFilterException:
    return InvalidFilterException(detail=f"Filter by {', '.join(sorted(known))}.")
