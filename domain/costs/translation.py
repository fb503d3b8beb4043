"""Turns batches of a native file into batches of FOCUS columns, text to text, row for row."""

import json
from collections.abc import Callable, Iterator, Sequence

from domain.costs.batch import TextBatch
from domain.costs.native import Always, First, Gathered, How, Native, NativeSource, Worked, first_filled, fold
from domain.costs.problem import BadCostFile, BadValue, Problem
from domain.costs.value import NULLS

_Make = Callable[[TextBatch, Sequence[Native]], Sequence[str]]


def _blank(text: TextBatch, _: Sequence[Native]) -> Sequence[str]:
    return [""] * len(text)


class Translation:
    """Reads one file's header once. `names` are the FOCUS ids of the batches that come out: all that the mapping has,
    so that the same rows are the same whichever empty columns a month's file has.

    Raises BadCostFile when the header lacks a native column that amounts, accounts or periods depend on.
    """

    def __init__(self, file: str, source: NativeSource, names: Sequence[str]) -> None:
        self._file = file
        self._places = {fold(name): place for place, name in reversed(list(enumerate(names)))}
        if lacking := source.lacking(frozenset(self._places)):
            noun = "column" if len(lacking) == 1 else "columns"
            message = f"the header lacks the {noun} {', '.join(lacking)}, which every {source.name} has."
            raise BadCostFile(file, [Problem(message)])
        self._used = {
            name: self._places[fold(name)]
            for how in source.columns.values()
            for name in how.names
            if fold(name) in self._places
        }
        self._blank = {name: "" for how in source.columns.values() for name in how.names}
        self._makers = {id: self._maker(how, names) for id, how in source.columns.items()}
        self.names = list(self._makers)

    def told(self, batches: Iterator[TextBatch]) -> Iterator[TextBatch]:
        """The same rows by FOCUS column. Raises BadCostFile with row and native column where a cell is no good."""
        for text in batches:
            rows = self._rows(text)
            columns = [maker(text, rows) for maker in self._makers.values()]
            yield TextBatch(text.first_row, text.lines, columns, text.bytes_read)

    def _rows(self, text: TextBatch) -> list[Native]:
        names = list(self._used)
        cells = zip(*[text.columns[place] for place in self._used.values()], strict=True)
        return [self._blank | dict(zip(names, row, strict=True)) for row in cells]

    def _maker(self, how: How, names: Sequence[str]) -> _Make:
        if isinstance(how, Always):
            return lambda text, _: [how.text] * len(text)
        if isinstance(how, Worked):
            return lambda text, rows: self._worked(how, text, rows)
        if isinstance(how, Gathered):
            return self._gatherer(how, names)
        return self._first(how)

    def _first(self, how: First) -> _Make:
        places = [self._places[fold(name)] for name in how.names if fold(name) in self._places]
        if not places:
            return _blank
        if len(places) == 1:
            return lambda text, _: text.columns[places[0]]
        return lambda text, _: [first_filled(row) for row in zip(*[text.columns[at] for at in places], strict=True)]

    def _gatherer(self, how: Gathered, names: Sequence[str]) -> _Make:
        found = {
            how.renamed(name[len(prefix) :]): place
            for place, name in enumerate(names)
            for prefix in how.prefixes
            if name.startswith(prefix) and len(name) > len(prefix)
        }
        maps = [name for name in how.maps if name in self._used]
        if not found and not maps:
            return _blank
        return lambda text, rows: [
            self._gathered(how, text, index, found, maps, rows[index]) for index in range(len(text))
        ]

    def _gathered(
        self, how: Gathered, text: TextBatch, index: int, found: dict[str, int], maps: list[str], row: Native
    ) -> str:
        tags = {key: text.columns[place][index] for key, place in found.items()}
        for name in maps:
            held = self._object(name, row[name], text, index)
            tags |= {how.renamed(key): value for key, value in held.items()}
        filled = {key: value for key, value in tags.items() if value not in NULLS}
        return json.dumps(filled, ensure_ascii=False) if filled else ""

    def _object(self, name: str, cell: str, text: TextBatch, index: int) -> dict[str, str]:
        if cell in NULLS:
            return {}
        try:
            held = json.loads(cell, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            held = None
        if not isinstance(held, dict):
            raise self._refused(BadValue("is not a JSON object.", column=name), {name: cell}, text, index)
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in held.items()}

    def _worked(self, how: Worked, text: TextBatch, rows: Sequence[Native]) -> list[str]:
        told: list[str] = []
        try:
            # What was told before a bad row stays in `told`, so the row can be counted.
            told.extend(how.work(row) for row in rows)
        except BadValue as bad:
            raise self._refused(bad, rows[len(told)], text, len(told)) from bad
        return told

    def _refused(self, bad: BadValue, row: Native, text: TextBatch, index: int) -> BadCostFile:
        value = None if bad.column is None else row[bad.column]
        problem = Problem(str(bad), text.first_row + index, text.line_of(index), bad.column, value)
        return BadCostFile(self._file, [problem])
