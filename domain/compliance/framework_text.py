"""Reads a framework from a text, TOML or CSV. What is wrong is told with its line."""

import csv
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from domain.compliance.framework import MOST_REQUIREMENTS, Framework, Requirement
from domain.errors import Invalid

T = TypeVar("T", bound=BaseModel)

_TABLE = "requirement"
_HEADER = re.compile(rf"^\s*\[\[\s*{_TABLE}\s*\]\]")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_COLUMNS = ("id", "name", "group", "controls", "fit")
_LISTS = ("controls", "findings")
_OPTIONAL = ("findings", "kind")


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that a requirement may name."""

    controls: Collection[str]
    rules: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement as it was written. `lines` has the line of each of its fields, `line` is where it begins."""

    fields: Mapping[str, Any]
    line: int
    lines: Mapping[str, int]

    def at(self, field: str) -> int:
        return self.lines.get(field, self.line)


def framework_of_toml(text: str, known: Known, *, name: str = "The text") -> Framework:
    """The framework that a TOML text describes: its own fields, then a `[[requirement]]` table for each requirement.

    Raises Invalid, with `name` and the line, for what is no TOML, lacks a field or has one too many, for unknown
    controls or rules, a fit that is none, and requirements that share an id.
    """
    try:
        head = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(name, _line_of(error, text), f"This is not TOML: {_AT_LINE.sub('', str(error))}.") from error
    tables = head.pop(_TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _fault(name, 1, f"Write each requirement as a table under [[{_TABLE}]].")
    lines = text.splitlines()
    return _framework(head, _entries(tables, lines), known, name, _keys(lines))


def framework_of_csv(head: Mapping[str, Any], text: str, known: Known, *, name: str = "The text") -> Framework:
    """The framework with the fields of `head` and a requirement for each row.

    The first line names the columns: id, name, group, controls, fit, and findings or kind where there are any. Several
    controls are parted by spaces or semicolons. Raises Invalid as `framework_of_toml`.
    """
    rows = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    try:
        columns = [cell.strip() for cell in next(rows, [])]
        if not set(_COLUMNS) <= set(columns) <= {*_COLUMNS, *_OPTIONAL} or len(set(columns)) < len(columns):
            told = f"The first line names the columns, each once: {', '.join(_COLUMNS)}; {' and '.join(_OPTIONAL)} may"
            raise _fault(name, 1, f"{told} be left out.")
        entries = list(_rows(rows, columns, name))
    except csv.Error as error:
        raise _fault(name, rows.line_num, f"This is not CSV: {error}.") from error
    return _framework(head, entries, known, name, {})


def framework_of_rows(
    head: Mapping[str, Any], requirements: Sequence[Mapping[str, Any]], known: Known, *, name: str
) -> Framework:
    """The framework with these requirements; a fault names the place in the list, from 1, as its line."""
    entries = [Entry(fields, place, {}) for place, fields in enumerate(requirements, start=1)]
    return _framework(head, entries, known, name, {})


def _framework(
    head: Mapping[str, Any], entries: Sequence[Entry], known: Known, name: str, lines: Mapping[str, int]
) -> Framework:
    if not entries:
        raise _fault(name, 1, "There is no requirement in it.")
    if len(entries) > MOST_REQUIREMENTS:
        raise _fault(
            name, entries[MOST_REQUIREMENTS].line, f"A framework has at most {MOST_REQUIREMENTS} requirements."
        )
    seen: dict[str, int] = {}
    requirements = []
    for entry in entries:
        requirement = _validated(Requirement, entry.fields, entry.line, entry.lines, name)
        first = seen.setdefault(requirement.id, entry.at("id"))
        if first != entry.at("id"):
            raise _fault(name, entry.at("id"), f"{requirement.id} is there already, in line {first}.")
        _check_known(requirement, entry, known, name)
        requirements.append(requirement)
    return _validated(Framework, {**head, "requirements": requirements}, 1, lines, name)


def _validated(model: type[T], fields: Mapping[str, Any], line: int, lines: Mapping[str, int], name: str) -> T:
    try:
        return model.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        raise _fault(name, lines.get(field, line), f"{field}: {first['msg']}.") from error


def _check_known(requirement: Requirement, entry: Entry, known: Known, name: str) -> None:
    for field, ids in (("controls", known.controls), ("findings", known.rules)):
        named: tuple[str, ...] = getattr(requirement, field)
        for id in named:
            if id not in ids:
                raise _fault(name, entry.at(field), f"There is no {field.removesuffix('s')} {id}.")
        if len(set(named)) < len(named):
            raise _fault(name, entry.at(field), f"{requirement.id} names one of its {field} twice.")


def _entries(tables: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> list[Entry]:
    starts = [number for number, line in enumerate(lines, start=1) if _HEADER.match(line)]
    if not tables:
        return []
    if len(starts) != len(tables):  # written in one line, or quoted somewhere: then only the place is known
        return [Entry(table, _found(table, lines), {}) for table in tables]
    ends = [*starts[1:], len(lines) + 1]
    return [
        Entry(table, start, _keys(lines[start : end - 1], start + 1))
        for table, start, end in zip(tables, starts, ends, strict=True)
    ]


def _found(table: Mapping[str, Any], lines: Sequence[str]) -> int:
    quoted = f'"{table.get("id")}"'
    return next((number for number, line in enumerate(lines, start=1) if quoted in line), 1)


def _keys(lines: Iterable[str], first: int = 1) -> dict[str, int]:
    """The line in which each key is set; those of the first table where there are several."""
    found: dict[str, int] = {}
    for number, line in enumerate(lines, start=first):
        key, is_set, _ = line.partition("=")
        if is_set:
            found.setdefault(key.strip(), number)
    return found


def _rows(rows: Any, columns: Sequence[str], name: str) -> Iterator[Entry]:
    for cells in rows:
        if not cells:
            continue
        if len(cells) != len(columns):
            raise _fault(name, rows.line_num, f"There are {len(cells)} cells under {len(columns)} columns.")
        fields: dict[str, Any] = {
            column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()
        }
        parted = {column: re.split(r"[\s;]+", fields[column]) for column in _LISTS if column in fields}
        yield Entry({**fields, **parted}, rows.line_num, {})


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found and found[1] else len(text.splitlines())


def _fault(name: str, line: int, problem: str) -> Invalid:
    return Invalid(f"{name}, line {line}: {problem}")
