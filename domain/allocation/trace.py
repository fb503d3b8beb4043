"""Follows an allocated amount back: to the rule and share it came by, and to the billed rows behind it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.allocation.cell import Amounts, Cell, Subject
from domain.allocation.engine import Part
from domain.allocation.split import spread


@dataclass(frozen=True, slots=True)
class Line:
    """A billed row: its id, what rules see of it, and what it cost."""

    id: str
    day: date
    subject: Subject
    currency: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class TracedLine:
    """What of a row's costs is in the part. The parts of the rows of one part add up to it."""

    line: Line
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class TracedPart:
    """A part, and the rows it is made of."""

    part: Part
    lines: list[TracedLine]


def traced(parts: Iterable[Part], lines: Iterable[Line]) -> list[TracedPart]:
    """Each part with its rows; `lines` has at least all rows of all cells of the parts."""
    behind: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        behind.setdefault(_key(line), []).append(line)
    return [TracedPart(part, _lines(part, behind)) for part in parts]


def _key(of: Line | Cell) -> tuple[object, ...]:
    return (of.day, of.currency, *of.subject.key)


def _lines(part: Part, behind: Mapping[tuple[object, ...], Sequence[Line]]) -> list[TracedLine]:
    lines = behind.get(_key(part.cell), ())
    if not lines:
        return []
    whole = zip(*(line.amounts for line in lines), strict=True)
    columns = [spread(amount, column, part.share) for amount, column in zip(part.amounts, whole, strict=True)]
    return [TracedLine(line, Amounts(*amounts)) for line, *amounts in zip(lines, *columns, strict=True)]
