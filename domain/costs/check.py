"""A rule of the FOCUS specification that a file can be held to, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The values of one row by FOCUS id: str, Decimal, datetime or Tags; None for null, for unreadable and for missing.
Values = Mapping[str, Any]


class Strength(StrEnum):
    """MUST: a file that breaks it is not FOCUS. SHOULD: it is, and would better keep it."""

    MUST = "MUST"
    SHOULD = "SHOULD"


@dataclass(frozen=True, slots=True)
class Check:
    """`id` names it for good. `column` is the FOCUS id to blame, "" for the file as a whole.

    `sentence` says what must hold. `since` is the version of FOCUS from which it does.
    """

    id: str
    column: str
    sentence: str
    strength: Strength = Strength.MUST
    since: str = "1.0"


@dataclass(frozen=True, slots=True)
class RowCheck:
    """A check that one row alone decides. `is_broken` is only asked where the file has the column to blame."""

    check: Check
    is_broken: Callable[[Values], bool]
