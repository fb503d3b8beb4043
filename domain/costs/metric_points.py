"""Points of a business metric, as people upload them: checked one by one, with line and reason of what is refused."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from domain.costs.problem import BadValue
from domain.costs.value import read_decimal

MOST_POINTS = 20_000
MOST_VALUES = 10
_MOST_TEXT = 256
_EARLIEST = date(2000, 1, 1)
_LATEST = date(2100, 1, 1)

_HEADER = "The first line names the columns, each once: day, value, and what else the points are of, such as team."

Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """How much there was on a day (UTC), of what `values` say, sorted by name, such as (("team", "web"),)."""

    day: date
    value: Decimal
    values: Values = ()


@dataclass(frozen=True, slots=True)
class RefusedPoint:
    """A line (or place in a list, from 1) that was not taken, and why, in a sentence."""

    line: int
    reason: str


@dataclass(slots=True)
class CheckedPoints:
    """What can be stored, and what was refused; both in the order in which they came."""

    points: list[MetricPoint] = field(default_factory=list)
    refused: list[RefusedPoint] = field(default_factory=list)


def checked(rows: Iterable[tuple[int, str, str, Mapping[str, str]]]) -> CheckedPoints:
    """Check rows of (line, day, value, values), all as text. A second row for one day and values is refused."""
    found, seen = CheckedPoints(), dict[tuple[date, Values], int]()
    for line, day, value, values in rows:
        try:
            point = _point(day, value, values)
        except BadValue as error:
            found.refused.append(RefusedPoint(line, str(error)))
            continue
        first = seen.setdefault((point.day, point.values), line)
        if first != line:
            found.refused.append(RefusedPoint(line, f"{day} is there already, in line {first}: add the two up."))
        else:
            found.points.append(point)
    return found


def points_of_csv(text: str) -> CheckedPoints:
    """Points of a CSV text: a header with day and value, then a row for each; other columns are what the point is of.

    Refuses everything when the header lacks day or value, or has a name twice; the header is line 1.
    """
    found = CheckedPoints()
    lines = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        if not {"day", "value"} <= set(header) or len(set(header)) < len(header):
            return CheckedPoints(refused=[RefusedPoint(1, _HEADER)])
        rows = list(_rows(lines, header, found.refused))
    except csv.Error as error:
        return CheckedPoints(refused=[RefusedPoint(lines.line_num, f"This is not CSV: {error}.")])
    taken = checked(rows)
    taken.refused = sorted([*taken.refused, *found.refused], key=lambda one: one.line)
    return taken


def _rows(
    lines: Any, header: Sequence[str], refused: list[RefusedPoint]
) -> Iterator[tuple[int, str, str, Mapping[str, str]]]:
    for number, cells in enumerate(lines):
        if number >= MOST_POINTS:
            refused.append(RefusedPoint(lines.line_num, f"{MOST_POINTS} points at once: send the rest apart."))
            return
        if cells and len(cells) != len(header):
            refused.append(RefusedPoint(lines.line_num, f"There are {len(cells)} cells under {len(header)} columns."))
        elif cells:
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            values = {name: cell for name, cell in row.items() if cell and name not in ("day", "value")}
            yield lines.line_num, row["day"], row["value"], values


def _point(day: str, value: str, values: Mapping[str, str]) -> MetricPoint:
    if len(values) > MOST_VALUES or any(not name or len(name + text) > _MOST_TEXT for name, text in values.items()):
        raise BadValue(f"A point has at most {MOST_VALUES} values, of {_MOST_TEXT} letters each.")
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise BadValue(f"{day[:40]!r} is not a day: write it like 2026-01-31.") from error
    if not _EARLIEST <= on < _LATEST:
        raise BadValue(f"{day} does not lie in this century.")
    try:
        amount = read_decimal(value)
    except BadValue as error:
        raise BadValue(f"{value[:40]!r} {error}") from error
    if amount < 0:
        raise BadValue(f"{value} is negative: there cannot be less than none.")
    return MetricPoint(on, amount, tuple(sorted(values.items())))
