"""Says what is wrong in one row, once the quick way through its batch has stumbled."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from domain.costs.column import BY_ID, BY_NAME, PROVIDER_COLUMNS
from domain.costs.header import Header
from domain.costs.problem import BadValue
from domain.costs.rule import PLACING_NAMES, PROVIDER_NAMES, REQUIRED_NAMES, TIMING_NAMES, RowRules


class Fault(NamedTuple):
    """`column` is a FOCUS id, `value` the cell's text, None where the fault is that there is none."""

    column: str
    value: str | None
    message: str


def faults_in(cells: Sequence[str], header: Header, rules: RowRules, row: int) -> list[Fault]:
    """Everything wrong in the row with this number. Rules across columns are only tried on cells that can be read."""
    values: dict[str, Any] = dict(rules.fills)
    faults = []
    for column, place in header.positions.items():
        try:
            value = rules.read(column.name, cells[place])
        except BadValue as bad:
            faults.append(Fault(column.id, cells[place], str(bad)))
            continue
        if value is not None:
            values[column.name] = value
    unread = {fault.column for fault in faults}
    faults += [fault for fault in _absent(values) if fault.column not in unread]
    return faults or _misplaced(values, header, rules, cells, row)


def _absent(values: dict[str, Any]) -> list[Fault]:
    missing = [BY_NAME[name].id for name in REQUIRED_NAMES if values.get(name) is None]
    if not any(values.get(name) for name in PROVIDER_NAMES):
        missing.append(PROVIDER_COLUMNS[0])
    return [Fault(id, None, "is empty: every row needs it, or name a value for it with fill.") for id in missing]


def _misplaced(values: dict[str, Any], header: Header, rules: RowRules, cells: Sequence[str], row: int) -> list[Fault]:
    """What is wrong between columns of a row whose cells are all fine."""
    provider = next(values[name] for name in PROVIDER_NAMES if values.get(name))
    try:
        rules.time[tuple(values[name] for name in TIMING_NAMES)]
        slice = rules.place[(provider, *(values[name] for name in PLACING_NAMES))]
        rules.bill[(provider, values.get("invoice_id"), values["billing_currency"])]
    except BadValue as bad:
        column = BY_ID[bad.column or PLACING_NAMES[0]]
        place = header.positions.get(column)
        return [Fault(column.id, None if place is None else cells[place], str(bad))]
    if slice.first_row is None:
        slice.first_row = row
    return []
