"""Turns batches of a native file into batches of FOCUS columns, text to text, row for row."""

import json
from collections.abc import Callable, Iterator, Sequence

from domain.costs.batch import TextBatch
from domain.costs.memo import Memo
from domain.costs.native import Always, First, Gathered, How, NativeSource, Worked, first_filled, fold
from domain.costs.problem import BadCostFile, BadValue, Problem
from domain.costs.value import NULLS

_Make = Callable[[TextBatch], Sequence[str]]


def _blank(text: TextBatch) -> Sequence[str]:
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
        self._makers = {id: self._maker(how, names) for id, how in source.columns.items()}
        self.names = list(self._makers)

    def told(self, batches: Iterator[TextBatch]) -> Iterator[TextBatch]:
        """The same rows by FOCUS column. Raises BadCostFile with row and native column where a cell is no good."""
        for text in batches:
            columns = [maker(text) for maker in self._makers.values()]
            yield TextBatch(text.first_row, text.lines, columns, text.bytes_read)

    def _maker(self, how: How, names: Sequence[str]) -> _Make:
        if isinstance(how, Always):
            return lambda text: [how.text] * len(text)
        if isinstance(how, Worked):
            return self._worker(how)
        if isinstance(how, Gathered):
            return self._gatherer(how, names)
        return self._first(how)

    def _present(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if fold(name) in self._places]

    def _cells(self, text: TextBatch, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        if not names:
            return iter([()] * len(text))
        return zip(*[text.columns[self._places[fold(name)]] for name in names], strict=True)

    def _first(self, how: First) -> _Make:
        present = self._present(how.names)
        if not present:
            return _blank
        if len(present) == 1:
            place = self._places[fold(present[0])]
            return lambda text: text.columns[place]
        return lambda text: [first_filled(cells) for cells in self._cells(text, present)]

    def _worker(self, how: Worked) -> _Make:
        """Most columns that are worked out have few different texts, so each is worked out once."""
        present = self._present(how.names)
        blank = dict.fromkeys(how.names, "")
        memo: Memo[tuple[str, ...], str] = Memo(lambda cells: how.work(blank | dict(zip(present, cells, strict=True))))

        def make(text: TextBatch) -> Sequence[str]:
            told: list[str] = []
            try:
                # What was told before a bad row stays in `told`, so the row can be counted.
                told.extend(map(memo.__getitem__, self._cells(text, present)))
            except BadValue as bad:
                raise self._refused(bad, text, len(told)) from bad
            return told

        return make

    def _gatherer(self, how: Gathered, names: Sequence[str]) -> _Make:
        found = {
            how.renamed(name[len(prefix) :]): place
            for place, name in enumerate(names)
            for prefix in how.prefixes
            if name.startswith(prefix) and len(name) > len(prefix)
        }
        maps = self._present(how.maps)
        if not found and not maps:
            return _blank
        return lambda text: [self._gathered(how, text, index, found, maps) for index in range(len(text))]

    def _gathered(self, how: Gathered, text: TextBatch, index: int, found: dict[str, int], maps: list[str]) -> str:
        tags = {key: text.columns[place][index] for key, place in found.items()}
        for name in maps:
            tags |= {how.renamed(key): value for key, value in self._object(name, text, index).items()}
        filled = {key: value for key, value in tags.items() if value not in NULLS}
        return json.dumps(filled, ensure_ascii=False) if filled else ""

    def _object(self, name: str, text: TextBatch, index: int) -> dict[str, str]:
        cell = text.columns[self._places[fold(name)]][index]
        if cell in NULLS:
            return {}
        try:
            held = json.loads(cell, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            held = None
        if not isinstance(held, dict):
            raise self._refused(BadValue("is not a JSON object.", column=name), text, index)
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in held.items()}

    def _refused(self, bad: BadValue, text: TextBatch, index: int) -> BadCostFile:
        place = self._places.get(fold(bad.column or ""))
        value = None if place is None else text.columns[place][index]
        problem = Problem(str(bad), text.first_row + index, text.line_of(index), bad.column, value)
        return BadCostFile(self._file, [problem])
