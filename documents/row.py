"""Rows: documents as read, without validation, in slotted objects that are quick to make."""

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import Decimal128, ObjectId
from pydantic import BaseModel

Raw = Mapping[str, Any]
Makes = Callable[[Iterable[Raw]], list[Any]]

# Operations differ in what they select; this many selections are told apart at once.
CACHED_SELECTIONS = 1024
# Stored as `_id`, and Beanie's own for a setting that is not used.
_NOT_STORED = {"id", "revision_id"}


class Row:
    """A document as read: its attributes are the stored fields that were asked for, `id` for `_id`.

    A field that was asked for and is not stored is None; one that was not asked for raises AttributeError. A stored
    id of another document, such as `account_id`, leaves room for that document's row under `account`; see `Relation`.
    `decimals`, `instants` and `nested` are the fields that hold decimals, instants or objects.
    """

    __slots__ = ()
    stored: ClassVar[tuple[str, ...]] = ()
    decimals: ClassVar[frozenset[str]] = frozenset()
    instants: ClassVar[frozenset[str]] = frozenset()
    nested: ClassVar[frozenset[str]] = frozenset()

    id: ObjectId
    org_id: ObjectId

    def __new__(cls, raw: Raw) -> Any:
        """The whole document."""
        return rows_of(cls, cls.stored, [raw])[0]


def row_class(name: str, fields: Mapping[str, Any]) -> type[Row]:
    """The row class of a document with these fields (name to type)."""
    stored = tuple(field for field in fields if field not in _NOT_STORED)
    slots = ("id", *stored, *(slot_of(field) for field in stored if _refers(field, fields[field])))
    decimals = frozenset(field for field in stored if Decimal in _kinds(fields[field]))
    nested = frozenset(
        field
        for field in stored
        if any(typing.get_origin(kind) is dict for kind in _kinds(fields[field]))
        or (field not in decimals and _holds_decimals(fields[field], set()))
    )
    instants = frozenset(field for field in stored if datetime in _kinds(fields[field]))
    kinds = {"stored": stored, "decimals": decimals, "instants": instants, "nested": nested}
    return type(name, (Row,), {"__slots__": slots, **kinds})


def slot_of(field: str) -> str:
    """Where a row keeps the row whose id `field` holds: `account` for `account_id`."""
    return field.removesuffix("_id")


def _refers(field: str, type_: Any) -> bool:
    return PydanticObjectId in _kinds(type_) and field.endswith("_id") and field != "org_id"


def _kinds(type_: Any) -> tuple[Any, ...]:
    return typing.get_args(type_) if isinstance(type_, types.UnionType) else (type_,)


def _holds_decimals(type_: Any, seen: set[Any]) -> bool:
    """Whether there is a decimal somewhere inside, which a flat read would leave as MongoDB's."""
    if type_ is Decimal:
        return True
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        if type_ in seen:
            return False
        return any(_holds_decimals(field.annotation, {*seen, type_}) for field in type_.model_fields.values())
    return any(_holds_decimals(part, seen) for part in typing.get_args(type_))


def rows_of(kind: type[Row], fields: tuple[str, ...], raws: Iterable[Raw]) -> list[Any]:
    """Rows of this class with these fields and `id`, out of what MongoDB returned."""
    hashable: Any = kind
    return _maker(hashable, fields)(raws)


@lru_cache(maxsize=CACHED_SELECTIONS)
def _maker(kind: type[Row], fields: tuple[str, ...]) -> Makes:
    """Written out field by field, as dataclasses do, because a loop over names takes three times as long."""
    quick = "; ".join(f"row.{field} = {_read(kind, field, f'raw[{field!r}]')}" for field in fields) or "pass"
    sparse = "; ".join(f"row.{field} = {_read(kind, field, f'get({field!r})')}" for field in fields) or "pass"
    text = f"""
def make(raws):
    rows = []
    for raw in raws:
        row = new(kind)
        row.id = raw["_id"]
        try:
            {quick}
        except KeyError:
            get = raw.get
            {sparse}
        rows.append(row)
    return rows
"""
    names: dict[str, Any] = {"new": object.__new__, "kind": kind, "decimal": _decimal, "instant": _instant}
    exec(text, names)  # noqa: S102 - the text holds field names of our own documents only
    made: Makes = names["make"]
    return made


def _read(kind: type[Row], field: str, value: str) -> str:
    if field in kind.instants:
        return f"instant({value})"
    return f"decimal({value})" if field in kind.decimals else value


def _instant(value: Any) -> Any:
    """In UTC, which the driver leaves out where it is quick; from an event it comes with its zone."""
    return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


def _decimal(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, Decimal128) else value
