"""What every row of a FOCUS file must keep: how each cell reads, and how cells of one row go together."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple

from domain.costs.column import BY_ID, COLUMNS, PROVIDER_COLUMNS, REQUIRED, Kind
from domain.costs.header import ReadOptions
from domain.costs.memo import Memo
from domain.costs.problem import BadValue, excerpt
from domain.costs.slice import CostSlice, SliceBook
from domain.costs.value import (
    NULLS,
    TimeReader,
    not_negative,
    one_of,
    read_currency,
    read_decimal,
    read_frequency,
    read_json,
    read_money,
    read_tags,
)

REQUIRED_NAMES = tuple(BY_ID[id].name for id in REQUIRED)
PROVIDER_NAMES = tuple(BY_ID[id].name for id in PROVIDER_COLUMNS)
PLACING_NAMES = ("billing_account_id", "billing_period_start", "billing_period_end", "billing_currency")
# Credits and refunds are costs below zero; a price never is.
PRICE_NAMES = ("list_unit_price", "contracted_unit_price")
TIMING_NAMES = (
    "charge_category",
    "billing_period_start",
    "billing_period_end",
    "charge_period_start",
    "charge_period_end",
)

Read = Callable[[str], Any]


class Timing(NamedTuple):
    """`day` is the UTC day the charge begins on. `is_outside`: a usage row that leaves its billing period."""

    day: date
    is_outside: bool


class RowRules:
    """The rules for the rows of one file, each answering from memory what it has answered before.

    `cells` reads the text of a column, by our name, to its value or None; a column that is plain text has no entry.
    `place` finds the slice for (provider, *PLACING_NAMES), `time` the Timing for TIMING_NAMES, `bill` notes what
    (provider, invoice or None, currency) says of an invoice. All raise BadValue.
    """

    def __init__(self, file: str, options: ReadOptions, *, today: date, book: SliceBook) -> None:
        self.cells = _cells(options, today)
        self.fills = {BY_ID[id].name: self._fill(id, text) for id, text in options.fill.items()}
        self.place: Memo[tuple[Any, ...], CostSlice] = Memo(lambda key: book.place(file, *key))
        self.bill: Memo[tuple[Any, ...], None] = Memo(lambda key: book.bill(*key))
        self.time: Memo[tuple[Any, ...], Timing] = Memo(_timing)

    def read(self, name: str, text: str) -> Any:
        """The value of one cell, None where it is empty. Raises BadValue."""
        if name in self.cells:
            return self.cells[name][text]
        return None if text in NULLS else text

    def _fill(self, id: str, text: str) -> Any:
        try:
            value = self.read(BY_ID[id].name, text)
        except BadValue as bad:
            raise BadValue(f"{excerpt(text)} {bad}", column=id) from bad
        if value is None:
            raise BadValue(f"{excerpt(text)} is no value.", column=id)
        return value


def _cells(options: ReadOptions, today: date) -> dict[str, Memo[str, Any]]:
    by_kind = {
        # One memory for all amounts, so that a text that recurs in a row is one value.
        Kind.DECIMAL: Memo(_or_null(read_money if options.is_lenient else read_decimal)),
        Kind.TIME: Memo(_or_null(TimeReader(today, is_lenient=options.is_lenient))),
        Kind.TAGS: Memo(_or_null(read_tags)),
        Kind.JSON: Memo(_or_null(read_json)),
    }
    cells = {column.name: by_kind[column.kind] for column in COLUMNS if column.kind in by_kind}
    cells["billing_currency"] = Memo(_or_null(read_currency))
    cells["charge_category"] = Memo(_or_null(one_of(BY_ID["ChargeCategory"].allowed)))
    for name in PRICE_NAMES:
        cells[name] = Memo(_or_null(not_negative(read_money if options.is_lenient else read_decimal)))
    cells["charge_frequency"] = Memo(_or_null(read_frequency))
    return cells


def _or_null(read: Read) -> Read:
    return lambda text: None if text in NULLS else read(text)


def _timing(key: tuple[str, datetime, datetime, datetime, datetime]) -> Timing:
    category, period_start, period_end, start, end = key
    if end <= start:
        raise BadValue("is not after ChargePeriodStart.", column="ChargePeriodEnd")
    is_outside = category == "Usage" and (start < period_start or end > period_end)
    return Timing(start.date(), is_outside)
