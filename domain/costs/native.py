"""The parts a mapping from native columns to FOCUS is written in, so that a source reads as a table."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.costs.problem import BadValue
from domain.costs.value import NULLS

# The cells of one row by the native names a mapping uses; a column the file lacks is "".
Native = Mapping[str, str]

_NOT_WORD = re.compile(r"[^0-9a-z]")


def fold(name: str) -> str:
    """One spelling for lineItem/UnblendedCost, line_item_unblended_cost and costInBillingCurrency's capitals."""
    return _NOT_WORD.sub("", name.lower())


@dataclass(frozen=True, slots=True)
class First:
    """The text of the first of these native columns that is filled, as it stands."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", else ".join(self.names)


@dataclass(frozen=True, slots=True)
class Worked:
    """What `work` makes of a row; `names` are all the native columns it is given and `words` says what it does."""

    work: Callable[[Native], str]
    names: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Always:
    """The same text in every row."""

    text: str
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"always {self.text}" if self.text else "not told"


@dataclass(frozen=True, slots=True)
class Gathered:
    """A JSON object of all native columns whose names begin with a prefix; `renamed` gives the key.

    `maps` are columns that hold such an object already. `words` says which they are.
    """

    prefixes: tuple[str, ...]
    words: str
    renamed: Callable[[str], str] = str
    maps: tuple[str, ...] = ()


How = First | Worked | Always | Gathered

# A column every FOCUS file has and this form does not tell.
BLANK = Always("")


def first(*names: str) -> First:
    """Of the first of these columns that is filled."""
    return First(names)


def worked(work: Callable[[Native], str], *names: str, words: str) -> Worked:
    """Of what `work` makes of these columns."""
    return Worked(work, names, words)


@dataclass(frozen=True, slots=True)
class NativeSource:
    """`marks` are the native columns that together tell the form; `needs` has groups of which a file must have one.

    `columns` gives FOCUS ids their origin. Names are compared folded.
    """

    name: str
    marks: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, How]

    def is_told_by(self, folded: frozenset[str]) -> bool:
        """Whether a header with these folded names is of this form."""
        return folded.issuperset(map(fold, self.marks))

    def lacking(self, folded: frozenset[str]) -> list[str]:
        """The native columns without which rows cannot be told, by the first name of each group."""
        return [group[0] for group in self.needs if folded.isdisjoint(map(fold, group))]

    def row(self, native: Mapping[str, str]) -> dict[str, str]:
        """One row given by the native names the mapping uses, as FOCUS ids to text; what is empty is left out.

        Raises BadValue for a cell that cannot be worked with.
        """
        full = row_of(native)
        told = ((id, _text(how, full)) for id, how in self.columns.items())
        return {id: text for id, text in told if text not in NULLS}


class _Row(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


def row_of(native: Mapping[str, str]) -> Native:
    """The cells with "" for every column that is not there."""
    return _Row(native)


def _text(how: How, row: Native) -> str:
    if isinstance(how, First):
        return first_filled(row[name] for name in how.names)
    if isinstance(how, Worked):
        return how.work({name: row[name] for name in how.names})
    if isinstance(how, Always):
        return how.text
    return first_filled(row[name] for name in how.maps)


def first_filled(texts: Iterable[str]) -> str:
    """The first text that is no null, "" when there is none."""
    return next((text for text in texts if text not in NULLS), "")


def choice(name: str, table: Mapping[str, str], *, otherwise: str) -> Worked:
    """What a table says of a native column; the table is the words."""
    words = "; ".join(f"{value} of {', '.join(keys)}" for value, keys in _turned(table).items())
    rest = f"; else {otherwise}" if otherwise else ""
    return Worked(lambda row: table.get(row[name], otherwise), (name,), f"{name}: {words}{rest}")


def _turned(table: Mapping[str, str]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for key, value in table.items():
        turned.setdefault(value, []).append(key)
    return turned


def blame(column: str, bad: BadValue) -> BadValue:
    """The same refusal with the native column named."""
    return BadValue(str(bad), column=column)
