"""Small pure steps that mappings share: exact arithmetic on text, days, months and JSON inside a cell."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.costs.native import Native, blame
from domain.costs.problem import BadValue
from domain.costs.value import NULLS, SUMS, read_money

_MONTH_FIRST = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_DAY = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-?([0-9]{2})")


def number(row: Native, name: str) -> Decimal | None:
    """The number in a cell, None when it is empty. Raises BadValue that names the column."""
    text = row[name]
    if text in NULLS:
        return None
    try:
        return read_money(text)
    except BadValue as bad:
        raise blame(name, bad) from bad


def amount(row: Native, name: str) -> Decimal:
    """As `number`, an empty cell being nothing."""
    return number(row, name) or Decimal(0)


def printed(value: Decimal) -> str:
    """The number with all its digits and no exponent, so that it reads back the same."""
    return f"{value:f}"


def added(row: Native, *names: str) -> str:
    """The sum of the cells."""
    total = Decimal(0)
    for name in names:
        total = SUMS.add(total, amount(row, name))
    return printed(total)


def less(row: Native, whole: str, part: str) -> str:
    """The first cell less the second."""
    return printed(SUMS.subtract(amount(row, whole), amount(row, part)))


def times(*factors: Decimal | None) -> Decimal | None:
    """The exact product, None when a factor is missing; cut to the digits an amount may have."""
    product = Decimal(1)
    for factor in factors:
        if factor is None:
            return None
        product = SUMS.multiply(product, factor)
    return shortened(product)


def shortened(value: Decimal) -> Decimal:
    """Rounded half even to 20 decimal places where it has more: far below any cent, and within 34 digits."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -20:
        return value.quantize(Decimal(1).scaleb(-20), context=SUMS).normalize(SUMS)
    return value


def day_of(row: Native, name: str) -> date | None:
    """The day in a cell like 09/30/2023, 2023-09-30 (with or without a time) or 20230930. Raises BadValue."""
    text = row[name].strip()
    if text in NULLS:
        return None
    try:
        if match := _MONTH_FIRST.fullmatch(text):
            month, day, year = (int(part) for part in match.groups())
            return date(year, month, day)
        if match := _DAY.match(text):
            return date.fromisoformat(match[0])
    except ValueError as error:
        raise BadValue("is not a day of the calendar.", column=name) from error
    raise BadValue("is not a day: it should read like 09/30/2023 or 2023-09-30.", column=name)


def day_text(row: Native, name: str, *, later: int = 0) -> str:
    """The day in the cell, so many days later, as ISO 8601; "" when it is empty."""
    day = day_of(row, name)
    return "" if day is None else str(day + timedelta(days=later))


def month_start(row: Native, name: str) -> str:
    """The first day of the month of a cell that begins like 2023-11 or 202311; "" when it is empty."""
    year, month = _month(row, name)
    return f"{year:04}-{month:02}-01" if year else ""


def month_end(row: Native, name: str) -> str:
    """The first day after that month."""
    year, month = _month(row, name)
    return "" if not year else f"{year + month // 12:04}-{month % 12 + 1:02}-01"


def _month(row: Native, name: str) -> tuple[int, int]:
    text = row[name].strip()
    if text in NULLS:
        return 0, 0
    match = _MONTH.match(text)
    if match is None or not 1 <= int(match[2]) <= 12 or match[1] == "0000":
        raise BadValue("does not begin with a month like 2023-11.", column=name)
    return int(match[1]), int(match[2])


def inside(row: Native, name: str) -> Any:
    """The JSON in a cell, numbers as text so that no digit changes; None when it is empty. Raises BadValue."""
    if row[name] in NULLS:
        return None
    try:
        return json.loads(row[name], parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise BadValue("is not valid JSON.", column=name) from error


def as_cell(value: Any) -> str:
    """A value of an answer as the text a file would hold: null is "", nested values are JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=as_cell)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
