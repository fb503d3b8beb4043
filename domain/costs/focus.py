"""Reads batches of FOCUS rows: text to values, every rule checked, every refusal named by row and column."""

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import Any

from domain.costs.batch import FocusBatch, SeenAccount, TextBatch
from domain.costs.column import BY_NAME
from domain.costs.fault import faults_in
from domain.costs.header import Header, ReadOptions
from domain.costs.oddity import Oddities
from domain.costs.problem import MOST_PROBLEMS, BadCostFile, BadValue, Notice, Problem
from domain.costs.provider_name import provider_of
from domain.costs.rule import PLACING_NAMES, PROVIDER_NAMES, REQUIRED_NAMES, TIMING_NAMES, RowRules
from domain.costs.slice import CostSlice, SliceBook, row_hashes
from domain.costs.value import NULLS

# Raised when the same text comes to mean something else, so that what was loaded before is loaded anew.
READING = 2
_ACCOUNTS = (("billing_account_id", "billing_account_name"), ("sub_account_id", "sub_account_name"))


class _IncompleteError(Exception):
    """Some row of the batch lacks a required value."""


class FocusParser:
    """Reads the rows of one file. `problems` says what is wrong so far; once there is one, nothing more is returned.

    Slices go into `book`, which may be shared with other files of the same load. `today` bounds which dates make sense.
    Raises BadCostFile at once when an option of the caller cannot be read.
    """

    def __init__(self, file: str, header: Header, options: ReadOptions, *, today: date, book: SliceBook) -> None:
        self.problems: list[Problem] = []
        self._header = header
        self._rules = _rules(file, options, today, book)
        self._oddities = Oddities()
        self._known: dict[str, set[str | None]] = {name: {None} for name, _ in _ACCOUNTS}
        places = {column.id: place for column, place in header.positions.items()} | header.extras
        # Rows are the same rows when their texts are and mean the same: what fills their gaps is part of them.
        fills = [f"{id}={text}" for id, text in sorted(options.fill.items())]
        self._salt = "\x1f".join([str(READING), *sorted(places), *fills])
        self._hash_order = [places[id] for id in sorted(places)]

    @property
    def is_full(self) -> bool:
        """Whether so many problems are known that reading on is of no use."""
        return len(self.problems) >= MOST_PROBLEMS

    def notices(self) -> list[Notice]:
        """What was odd in the header and in the rows read so far."""
        return [*self._header.notices, *self._oddities.notices()]

    def parse(self, batch: TextBatch) -> FocusBatch | None:
        """The rows of the batch, or None when the file has a problem, in this batch or before."""
        try:
            parsed = self._parsed(batch)
        except (BadValue, _IncompleteError):
            self._explain(batch)
            return None
        return None if self.problems else parsed

    def _parsed(self, batch: TextBatch) -> FocusBatch:
        columns, gaps = self._columns(batch)
        providers = _first_given([columns[name] for name in PROVIDER_NAMES if name in columns])
        if None in providers or any(name in gaps or name not in columns for name in REQUIRED_NAMES):
            raise _IncompleteError
        placing = [columns[name] for name in PLACING_NAMES]
        slices = list(map(self._rules.place.__getitem__, zip(providers, *placing, strict=True)))
        if "invoice_id" in columns:
            billing = zip(providers, columns["invoice_id"], columns["billing_currency"], strict=True)
            deque(map(self._rules.bill.__getitem__, billing), maxlen=0)
        timings = list(map(self._rules.time.__getitem__, zip(*[columns[name] for name in TIMING_NAMES], strict=True)))
        days = [timing.day for timing in timings]
        self._tally(batch, slices, columns["billed_cost"], days)
        self._oddities.look_at(columns, gaps)
        self._oddities.count_outside(sum(map(attrgetter("is_outside"), timings)))
        accounts = self._new_accounts(batch, columns, providers)
        return FocusBatch(batch.first_row, columns, self._extras(batch), providers, slices, days, accounts)

    def _columns(self, batch: TextBatch) -> tuple[dict[str, Sequence[Any]], set[str]]:
        """The columns that hold any value, and the names of those with gaps."""
        rules = self._rules
        columns: dict[str, Sequence[Any]] = {name: [value] * len(batch) for name, value in rules.fills.items()}
        gaps = set()
        for column, place in self._header.positions.items():
            cells = batch.columns[place]
            has_gaps = not NULLS.isdisjoint(cells)
            if has_gaps and NULLS.issuperset(cells):
                continue
            values = self._values(column.name, cells, has_gaps=has_gaps)
            if has_gaps and column.name in rules.fills:
                values = [rules.fills[column.name] if value is None else value for value in values]
            elif has_gaps:
                gaps.add(column.name)
            columns[column.name] = values
        return columns, gaps

    def _values(self, name: str, cells: Sequence[str], *, has_gaps: bool) -> Sequence[Any]:
        memo = self._rules.cells.get(name)
        if memo is not None:
            return list(map(memo.__getitem__, cells))
        return [None if text in NULLS else text for text in cells] if has_gaps else cells

    def _extras(self, batch: TextBatch) -> dict[str, Sequence[str | None]]:
        found: dict[str, Sequence[str | None]] = {}
        for name, place in self._header.extras.items():
            cells = batch.columns[place]
            if not NULLS.issuperset(cells):
                found[name] = [None if text in NULLS else text for text in cells]
        return found

    def _tally(
        self, batch: TextBatch, slices: Sequence[CostSlice], billed: Sequence[Decimal], days: Sequence[date]
    ) -> None:
        rows = zip(*[batch.columns[place] for place in self._hash_order], strict=True)
        for index, slice in enumerate(slices):
            if slice.first_row is None:
                slice.first_row = batch.first_row + index
        for slice, amount, row_hash, day in zip(slices, billed, row_hashes(rows, self._salt), days, strict=True):
            slice.count(amount, row_hash, day)

    def _new_accounts(
        self, batch: TextBatch, columns: dict[str, Sequence[Any]], providers: Sequence[str]
    ) -> list[SeenAccount]:
        found = []
        for id_name, label in _ACCOUNTS:
            ids = columns.get(id_name, [])
            names = columns.get(label)
            for native_id in sorted(set(ids) - self._known[id_name]):
                self._known[id_name].add(native_id)
                index = ids.index(native_id)
                found.append(
                    SeenAccount(
                        provider=provider_of(providers[index]),
                        native_id=native_id,
                        name=None if names is None else names[index],
                        column=BY_NAME[id_name].id,
                        row=batch.first_row + index,
                        line=batch.line_of(index),
                    )
                )
        return found

    def _explain(self, batch: TextBatch) -> None:
        found = list(islice(self._problems_in(batch), MOST_PROBLEMS - len(self.problems)))
        self.problems += found or [Problem("breaks a rule, or one of the rows after it does.", batch.first_row)]

    def _problems_in(self, batch: TextBatch) -> Iterator[Problem]:
        for index, cells in enumerate(zip(*batch.columns, strict=True)):
            row = batch.first_row + index
            for fault in faults_in(cells, self._header, self._rules, row):
                yield Problem(fault.message, row, batch.line_of(index), fault.column, fault.value)


def _first_given(columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """Row by row the first value that is there; the first column itself when it has no gaps."""
    first = columns[0] if columns else [None]
    if None not in first or len(columns) == 1:
        return first
    return [next((value for value in values if value is not None), None) for values in zip(*columns, strict=True)]


def _rules(file: str, options: ReadOptions, today: date, book: SliceBook) -> RowRules:
    try:
        return RowRules(file, options, today=today, book=book)
    except BadValue as bad:
        raise BadCostFile(file, [Problem(f"the value given with fill, {bad}", column=bad.column)]) from bad
