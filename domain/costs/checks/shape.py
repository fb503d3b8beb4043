"""Rules about one column by itself: that it is there, reads as its type, has a value and keeps to the list."""

import re

from domain.costs.check import Check, Strength
from domain.costs.column import COLUMNS, Column, Kind, Level

_TYPES = {
    Kind.STRING: "is text",
    Kind.DECIMAL: "is a decimal number",
    Kind.TIME: "is a date and time",
    Kind.JSON: "is a JSON object",
    Kind.TAGS: "is a JSON object of keys and values",
}
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def _present(column: Column) -> Check | None:
    """A conditional column may be left out by whoever has nothing to put in it, which no file can show."""
    strengths = {Level.MANDATORY: Strength.MUST, Level.RECOMMENDED: Strength.SHOULD}
    if column.level not in strengths:
        return None
    strength = strengths[column.level]
    sentence = f"Every file {strength.lower()} have the column."
    return Check(f"{column.id}-present", column.id, sentence, strength, column.since)


def _allowed_sentence(column: Column) -> str:
    return f"Every value is one of {', '.join(column.allowed)}."


PRESENT = {column.id: check for column in COLUMNS if (check := _present(column)) is not None}
TYPE = {
    column.id: Check(f"{column.id}-type", column.id, f"Every value {_TYPES[column.kind]}.", since=column.since)
    for column in COLUMNS
    if column.kind is not Kind.STRING
}
TYPE["BillingCurrency"] = Check("BillingCurrency-type", "BillingCurrency", "Every value is a code of ISO 4217.")
FORMAT = {
    column.id: Check(
        f"{column.id}-format",
        column.id,
        "Every time is in UTC and written like 2026-01-31T00:00:00Z.",
        since=column.since,
    )
    for column in COLUMNS
    if column.kind is Kind.TIME
}
FILLED = {
    column.id: Check(f"{column.id}-filled", column.id, "No row leaves it empty.", since=column.since)
    for column in COLUMNS
    if not column.is_nullable
}
LISTED = {
    column.id: Check(f"{column.id}-listed", column.id, _allowed_sentence(column), since=column.since)
    for column in COLUMNS
    if column.allowed
}
CUSTOM = Check("Custom-name", "", "A column that FOCUS of this version does not have begins with x_.")


def is_utc(text: str) -> bool:
    """Whether a time is written as FOCUS wants it."""
    return _UTC.fullmatch(text) is not None
