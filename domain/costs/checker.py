"""Holds the rows of a file to the rules of one version of FOCUS and counts what is broken, in bounded memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.costs.batch import TextBatch
from domain.costs.check import Check, Values
from domain.costs.checks import across, condition, shape, total
from domain.costs.column import BY_FOLDED_ID, BY_ID, COLUMNS, Column, Kind
from domain.costs.memo import Memo
from domain.costs.problem import BadValue
from domain.costs.value import NULLS, TimeReader, read_currency, read_decimal, read_json, read_tags

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
_MOST_EXAMPLES = 3
_ROW_CHECKS = (*condition.CONDITIONS, *across.ACROSS)


@dataclass(frozen=True, slots=True)
class Example:
    """Where a rule is broken: `row` counts from 1 under the header, `line` in lines of text; None for the file."""

    row: int | None
    line: int | None
    value: str | None


@dataclass(slots=True)
class Violation:
    """A broken rule: how often, and where first."""

    check: Check
    count: int = 0
    examples: list[Example] = field(default_factory=list)


def all_checks() -> tuple[Check, ...]:
    """Every rule there is, of every version."""
    by_column = (shape.PRESENT, shape.TYPE, shape.FORMAT, shape.FILLED, shape.LISTED)
    return (
        *(check for table in by_column for check in table.values()),
        shape.CUSTOM,
        *(one.check for one in _ROW_CHECKS),
        total.INVOICE_CURRENCY,
        total.COMMITMENT_TERM,
    )


class Checker:
    """`names` is the header, `version` one of VERSIONS. `today` bounds which dates make sense.

    Give it the batches of one file in order; `violations` and `invoices` tell of those seen so far.
    """

    def __init__(self, names: Sequence[str], version: str, *, today: date) -> None:
        self.rows = 0
        self._found: dict[str, Violation] = {}
        self._columns = {column.id: column for column in COLUMNS if column.since <= version}
        folded = {name.strip().casefold(): place for place, name in reversed(list(enumerate(names)))}
        self._places = {id: folded[id.casefold()] for id in self._columns if id.casefold() in folded}
        self._reads = _readers(today)
        self._row_checks = [
            one for one in _ROW_CHECKS if one.check.since <= version and one.check.column in self._places
        ]
        self._blank = dict.fromkeys(BY_ID)
        self._totals = total.Totals()
        self._has_invoices = version >= total.INVOICE_CURRENCY.since
        self._look_at_header(names)

    def look_at(self, batch: TextBatch) -> None:
        """Check the rows of a batch."""
        values = {id: self._values(self._columns[id], batch, place) for id, place in self._places.items()}
        names = list(values)
        for index, cells in enumerate(zip(*values.values(), strict=True)):
            row = self._blank | dict(zip(names, cells, strict=True))
            for one in self._row_checks:
                if one.is_broken(row) and self._is_readable(one.check, row, batch, index):
                    self._note(one.check, batch, index)
            if self._totals.add(row) and self._has_invoices:
                self._note(total.INVOICE_CURRENCY, batch, index)
        self.rows += len(batch)

    def violations(self) -> list[Violation]:
        """What is broken, by rule, in the order of the rules."""
        terms = [Example(None, None, one.id) for one in self._totals.broken_terms()]
        found = dict(self._found)
        if terms:
            check = total.COMMITMENT_TERM
            found[check.id] = Violation(check, len(terms), terms[:_MOST_EXAMPLES])
        order = {check.id: place for place, check in enumerate(all_checks())}
        return sorted(found.values(), key=lambda one: order[one.check.id])

    def invoices(self) -> list[total.Invoice]:
        """What the rows of each invoice add up to: hold these against what the invoices ask to be paid."""
        return self._totals.invoices()

    @property
    def is_cut(self) -> bool:
        """Whether invoices and commitments were too many to be added up all."""
        return self._totals.is_full

    def _look_at_header(self, names: Sequence[str]) -> None:
        for id, check in shape.PRESENT.items():
            if id in self._columns and id not in self._places:
                self._add(check, Example(None, None, None))
        for name in names:
            column = BY_FOLDED_ID.get(name.strip().casefold())
            is_known = column is not None and column.id in self._columns
            if not is_known and not name.startswith("x_"):
                self._add(shape.CUSTOM, Example(None, None, name))

    def _values(self, column: Column, batch: TextBatch, place: int) -> list[Any]:
        """The values of a column, None where there is none or it cannot be read; what is wrong with it is noted."""
        cells = batch.columns[place]
        read = self._reads.get(column.id)
        values = [None if text in NULLS else text for text in cells] if read is None else [read[text] for text in cells]
        for check, is_broken in _shape_checks(column, has_type=read is not None):
            # Most batches keep every rule: asked once per different text, told row by row only where one is broken.
            bad = {text for text in set(cells) if is_broken(text, None if read is None else read[text])}
            if bad:
                for index, text in enumerate(cells):
                    if text in bad:
                        self._note(check, batch, index, text)
        return values

    def _is_readable(self, check: Check, row: Values, batch: TextBatch, index: int) -> bool:
        """A cell that cannot be read is no null: it breaks the rule of its type and no other."""
        return row[check.column] is not None or batch.columns[self._places[check.column]][index] in NULLS

    def _note(self, check: Check, batch: TextBatch, index: int, text: str | None = None) -> None:
        place = self._places.get(check.column)
        value = text if text is not None or place is None else batch.columns[place][index]
        self._add(check, Example(batch.first_row + index, batch.line_of(index), value))

    def _add(self, check: Check, example: Example) -> None:
        one = self._found.setdefault(check.id, Violation(check))
        one.count += 1
        if len(one.examples) < _MOST_EXAMPLES:
            one.examples.append(example)


_IsBroken = Callable[[str, Any], bool]


def _shape_checks(column: Column, *, has_type: bool) -> Iterator[tuple[Check, _IsBroken]]:
    if has_type:
        yield shape.TYPE[column.id], lambda text, value: value is None and text not in NULLS
    if column.id in shape.FORMAT:
        yield shape.FORMAT[column.id], lambda text, value: value is not None and not shape.is_utc(text)
    if column.id in shape.FILLED:
        yield shape.FILLED[column.id], lambda text, _: text in NULLS
    if column.id in shape.LISTED:
        yield shape.LISTED[column.id], lambda text, _: text not in NULLS and text not in column.allowed


def _readers(today: date) -> dict[str, Memo[str, Any]]:
    by_kind = {
        Kind.DECIMAL: Memo(_or_none(read_decimal)),
        Kind.TIME: Memo(_or_none(TimeReader(today))),
        Kind.TAGS: Memo(_or_none(read_tags)),
        Kind.JSON: Memo(_or_none(read_json)),
    }
    found = {column.id: by_kind[column.kind] for column in COLUMNS if column.kind in by_kind}
    return found | {"BillingCurrency": Memo(_or_none(read_currency))}


def _or_none(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def value(text: str) -> Any:
        if text in NULLS:
            return None
        try:
            return read(text)
        except BadValue:
            return None

    return value
