"""The header of a FOCUS file: which columns it has, which version that is, and whether its rows can be loaded."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.costs.column import ADDED_IN_1_4, BY_FOLDED_ID, BY_ID, COLUMNS, PROVIDER_COLUMNS, REQUIRED, Column, Level
from domain.costs.problem import BadCostFile, Notice, Problem


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller knows about a file that the file does not say.

    `source` labels the feed: loading a billing period again replaces the rows of the same source only.
    `fill` gives the text for a column, by FOCUS id, where the file has no such column or the cell is empty.
    `is_lenient` also reads month-first dates, amounts like "$50,000.00 " and hours past 23, as some spreadsheets and
    the specification's own examples have them.
    """

    source: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)
    is_lenient: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """`positions` maps each FOCUS column present to its place; `extras` are the other columns, kept as they are."""

    version: str
    width: int
    positions: dict[Column, int]
    extras: dict[str, int]
    notices: tuple[Notice, ...]


def read_header(file: str, names: Sequence[str], options: ReadOptions) -> Header:
    """The header of `file`, whose first row is `names`. Raises BadCostFile when its rows could not be loaded."""
    problems = [*_malformed(names), *_bad_options(options)]
    positions, extras, notices = _matched(names)
    given = {column.id for column in positions} | set(options.fill)
    problems += _missing(names, given)
    if problems:
        raise BadCostFile(file, problems)
    notices += _left_out(given)
    return Header(_version(names, positions), len(names), positions, extras, tuple(notices))


def _malformed(names: Sequence[str]) -> list[Problem]:
    problems = []
    for place, name in enumerate(names, 1):
        if not name.strip():
            problems.append(Problem(f"column {place} of the header has no name."))
        elif "\x00" in name:
            problems.append(Problem(f"column {place} of the header has a NUL character in its name."))
    for name, count in Counter(name.casefold() for name in names if name.strip()).items():
        if count > 1:
            problems.append(Problem(f"the header has {count} columns of this name: keep one.", column=name))
    return problems


def _bad_options(options: ReadOptions) -> list[Problem]:
    unknown = [name for name in options.fill if name not in BY_ID]
    problems = [Problem("there is no such FOCUS column to fill.", column=name) for name in unknown]
    # What a command line makes of bytes that are not UTF-8.
    if any("\ud800" <= letter <= "\udfff" for text in (options.source, *options.fill.values()) for letter in text):
        problems.append(Problem("the source or a value given with fill is not UTF-8."))
    return problems


def _matched(names: Sequence[str]) -> tuple[dict[Column, int], dict[str, int], list[Notice]]:
    positions: dict[Column, int] = {}
    extras: dict[str, int] = {}
    notices = []
    for place, name in enumerate(names):
        column = BY_ID.get(name) or BY_FOLDED_ID.get(name.strip().casefold())
        if column is None:
            extras[name] = place
            if not name.startswith("x_") and name not in ADDED_IN_1_4:
                notices.append(Notice("is not a FOCUS column; it is kept as it is.", column=name))
            continue
        positions[column] = place
        if name != column.id:
            notices.append(Notice(f"is read as {column.id}.", column=name))
    return positions, extras, notices


def _missing(names: Sequence[str], given: set[str]) -> list[Problem]:
    lacking = [name for name in REQUIRED if name not in given]
    if not given.intersection(PROVIDER_COLUMNS):
        lacking.append(PROVIDER_COLUMNS[0])
    if not lacking:
        return []
    noun = "column" if len(lacking) == 1 else "columns"
    return [Problem(f"the header lacks the {noun} {', '.join(lacking)}. {_advice(names)}")]


def _advice(names: Sequence[str]) -> str:
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        return "The columns must be separated by commas."
    return "Export the file as FOCUS 1.0 to 1.3, or name a value for the column with fill."


def _left_out(given: set[str]) -> list[Notice]:
    """One notice for the columns every file should have and this one lacks; 1.4 has no provider and publisher name."""
    wanted = [c.id for c in COLUMNS if c.level is Level.MANDATORY and c.since == "1.0" and c.id not in given]
    if "ServiceProviderName" in given:
        wanted = [name for name in wanted if name not in {"ProviderName", "PublisherName"}]
    return [Notice(f"The file lacks {', '.join(wanted)}, which FOCUS wants in every file.")] if wanted else []


def _version(names: Sequence[str], columns: Iterable[Column]) -> str:
    if any(name in names for name in ADDED_IN_1_4):
        return "1.4"
    return max((column.since for column in columns), default="1.0")
