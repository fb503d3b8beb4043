"""Rates of exchange that an organization sets itself: read from text, looked up by day."""

import csv
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from domain.errors import Invalid

# A row a day for ten currencies over a year and a bit.
MOST_RATES = 5_000
MOST_NOTE = 200
_MOST_PROBLEMS = 20
# What a price list prints at most; with amounts of 20 digits a product still fits into the 34 of a stored decimal.
_MOST_DIGITS = 14
_COLUMNS = ("from", "to", "day", "rate")
_CODE = re.compile(r"[A-Z]{3}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Rate:
    """From `day` on one unit of `base` is worth `rate` units of `quote`, until another rate of the pair begins."""

    base: str
    quote: str
    day: date
    rate: Decimal
    note: str = ""

    def __post_init__(self) -> None:
        for code in (self.base, self.quote):
            if not _CODE.fullmatch(code):
                raise Invalid(f"{code!r} is not a currency: write three capital letters, for example EUR.")
        if self.base == self.quote:
            raise Invalid(f"{self.base} to itself needs no rate.")
        if not self.rate.is_finite() or self.rate <= 0:
            raise Invalid("A rate is a number above 0.")
        if len(self.rate.as_tuple().digits) > _MOST_DIGITS or not -_MOST_DIGITS <= self.rate.adjusted() <= _MOST_DIGITS:
            raise Invalid(f"A rate has at most {_MOST_DIGITS} digits.")
        if len(self.note) > MOST_NOTE:
            raise Invalid(f"A note has at most {MOST_NOTE} characters.")


@dataclass(frozen=True, slots=True)
class UsedRates:
    """What turned costs in `currency`: from each of `days` on the rate beside it."""

    currency: str
    days: list[date]
    rates: list[Decimal]


class RateTable:
    """Rates into one currency, of several others."""

    def __init__(self, quote: str, rates: Iterable[Rate]) -> None:
        self.quote = quote
        self._rates: dict[str, list[tuple[date, Decimal]]] = {}
        for rate in sorted(rates, key=lambda one: one.day):
            self._rates.setdefault(rate.base, []).append((rate.day, rate.rate))

    def daily(self, currency: str, first: date, until: date) -> list[Decimal | None]:
        """The last rate on or before each day from `first` up to before `until`, None where there is none yet."""
        return [self.on(currency, first + timedelta(days=number)) for number in range((until - first).days)]

    def on(self, currency: str, day: date) -> Decimal | None:
        """The last rate on or before a day, None where there is none yet; 1 for the currency itself."""
        if currency == self.quote:
            return Decimal(1)
        rates = self._rates.get(currency, [])
        place = bisect_right(rates, day, key=lambda one: one[0])
        return rates[place - 1][1] if place else None

    def used(self, currency: str, first: date, until: date) -> UsedRates:
        """The rates that hold on at least one of these days."""
        rates = self._rates.get(currency, [])
        start = max(bisect_right(rates, first, key=lambda one: one[0]) - 1, 0)
        held = [one for one in rates[start:] if one[0] < until]
        return UsedRates(currency, [day for day, _ in held], [rate for _, rate in held])


def lacking(currency: str, quote: str, day: date) -> Invalid:
    """What to say where a cost of a day has no rate."""
    return Invalid(
        f"There is no rate from {currency} to {quote} on {day} or before: set one, or take costs in one currency only.",
        path=("input", "convertTo"),
    )


def read_rates(text: str) -> list[Rate]:
    """The rates of a CSV text with the columns from, to, day, rate and, if you like, note.

    Days are written 2026-11-30, rates with a point. Raises Invalid that names every line with a fault (up to 20): then
    none of them is taken.
    """
    reader = csv.DictReader((line + "\n" for line in text.removeprefix("\ufeff").split("\n")), restval="")
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if missing := [name for name in _COLUMNS if name not in names]:
        raise Invalid(f"The first line must name the columns {', '.join(_COLUMNS)}: {missing[0]} is missing.")
    reader.fieldnames = names
    rates: dict[tuple[str, str, date], Rate] = {}
    problems: list[str] = []
    for row in _rows(reader):
        try:
            rate = _rate({name: (row[name] or "").strip() for name in (*_COLUMNS, "note") if name in names})
            if (key := (rate.base, rate.quote, rate.day)) in rates:
                raise Invalid("This pair and day stand in a line above.")
            rates[key] = rate
        except Invalid as problem:
            problems.append(f"Line {reader.line_num}: {problem.message}")
    if problems:
        more = f" And {len(problems) - _MOST_PROBLEMS} more lines." if len(problems) > _MOST_PROBLEMS else ""
        raise Invalid(" ".join(problems[:_MOST_PROBLEMS]) + more, path=("input", "csv"))
    return checked_rates(list(rates.values()))


def _rows(reader: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} cannot be read: {error}.", path=("input", "csv")) from error


def checked_rates(rates: Sequence[Rate]) -> list[Rate]:
    """The rates themselves. Raises Invalid when there are none, too many, or two of one pair and day."""
    if not 1 <= len(rates) <= MOST_RATES:
        raise Invalid(f"Give 1 to {MOST_RATES} rates at once.", path=("input",))
    if len({(rate.base, rate.quote, rate.day) for rate in rates}) < len(rates):
        raise Invalid("Two of the rates are of one pair and day.", path=("input", "rates"))
    return list(rates)


def _rate(row: dict[str, str]) -> Rate:
    if not _DAY.fullmatch(row["day"]):
        raise Invalid(f"{row['day']!r} is not a day: write it as 2026-11-30.")
    try:
        day, rate = date.fromisoformat(row["day"]), Decimal(row["rate"])
    except ValueError as error:
        raise Invalid(f"{row['day']!r} is not a day of the calendar.") from error
    except InvalidOperation as error:
        raise Invalid(f"{row['rate']!r} is not a number: write it with a point.") from error
    return Rate(row["from"].upper(), row["to"].upper(), day, rate, row.get("note", ""))
