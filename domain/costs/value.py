"""The text of one cell, read as what its column holds. Refusals are BadValue, worded to follow the cell's text."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from itertools import product
from typing import Any

from domain.costs.problem import BadValue

Tags = tuple[tuple[str, str], ...]

# The text NULL in any case and the empty cell mean that there is no value.
NULLS = frozenset({"", *("".join(letters) for letters in product("nN", "uU", "lL", "lL"))})

# An amount has at most 34 digits (what MongoDB's decimals hold), is below 10**18 and has at most 60 decimal places (a
# double printed in full needs no more), so that the sum of any number of rows we can hold is exact in 90 digits.
SUMS = Context(prec=90)
_MOST_DIGITS = 34
_MOST_PLACES = 60
_MOST_WHOLE_DIGITS = 18
_SHORT_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,16})?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_MONEY = re.compile(r"([+-]?)[$€£¥]?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)((?:\.[0-9]+)?)")

# Public clouds opened in 2006: an earlier date is a slip, and so is one more than ten years ahead.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_FURTHEST = timedelta(days=3653)
_SHORT_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{2}|[0-9]{4})")
_LATE_HOUR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ])(2[4-9]|[3-9][0-9])(:.*)")
_CURRENCY = re.compile(r"[A-Z]{3}")


def read_decimal(text: str) -> Decimal:
    """An amount or a quantity with the digits as printed, never by way of a float."""
    if _SHORT_NUMBER.fullmatch(text):
        return Decimal(text)
    text = text.strip()
    if _NOT_FINITE.fullmatch(text):
        raise BadValue("is not a finite number.")
    if not _NUMBER.fullmatch(text):
        raise BadValue("is not a decimal number: write it like 1234.56, with no currency sign and no thousands mark.")
    return _bounded(Decimal(text))


def _bounded(number: Decimal) -> Decimal:
    digits = number.as_tuple().digits
    if len(digits) > _MOST_DIGITS:
        number = number.normalize(Context(prec=len(digits)))  # zeros at the end carry nothing
    _, digits, exponent = number.as_tuple()
    if len(digits) > _MOST_DIGITS:
        raise BadValue(f"has more than {_MOST_DIGITS} significant digits.")
    if number and number.adjusted() >= _MOST_WHOLE_DIGITS:
        raise BadValue(f"is absurdly large: amounts are below 10 to the power of {_MOST_WHOLE_DIGITS}.")
    if isinstance(exponent, int) and exponent < -_MOST_PLACES:
        if number:
            raise BadValue(f"has more than {_MOST_PLACES} decimal places.")
        return Decimal(0)
    return number


def read_money(text: str) -> Decimal:
    """As `read_decimal`, and "$50,000.00 " as well, as spreadsheets write it."""
    match = _MONEY.fullmatch(text.strip())
    if match is None:
        return read_decimal(text)
    sign, whole, places = match.groups()
    return read_decimal(sign + whole.replace(",", "") + places)


class TimeReader:
    """Reads ISO 8601 dates and times; without a zone they are UTC. Cut to milliseconds, which is what is stored.

    Refuses times before 2000 and more than ten years after `today`. A lenient reader also takes month-first dates like
    4/30/25, and hours past 23 as hours of the next day, both of which the specification's own examples use.
    """

    def __init__(self, today: date, *, is_lenient: bool = False) -> None:
        self._latest = datetime(today.year, today.month, today.day, tzinfo=UTC) + _FURTHEST
        self._is_lenient = is_lenient

    def __call__(self, text: str) -> datetime:
        moment = self._parsed(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else _in_utc(moment)
        if moment < _EARLIEST:
            raise BadValue("lies before the year 2000.")
        if moment > self._latest:
            raise BadValue("lies more than ten years ahead.")
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def _parsed(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
        if match := _SHORT_DATE.fullmatch(text):
            return self._month_first(match)
        if self._is_lenient and (match := _LATE_HOUR.fullmatch(text)):
            midnight = self._parsed(match[1] + "00" + match[3])
            return midnight + timedelta(hours=int(match[2]))
        raise BadValue("is not a time: write it like 2026-01-31T00:00:00Z.")

    def _month_first(self, match: re.Match[str]) -> datetime:
        if not self._is_lenient:
            raise BadValue(
                "does not say which number is the month: write it like 2026-01-31, or load the file leniently to read "
                "the month first."
            )
        month, day, year = (int(part) for part in match.groups())
        try:
            return datetime(year + 2000 if year < 100 else year, month, day, tzinfo=UTC)
        except ValueError as error:
            raise BadValue("is not a date with the month first.") from error


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadValue("is not a time.") from error


def read_currency(text: str) -> str:
    """Three capital letters, ISO 4217."""
    if not _CURRENCY.fullmatch(text):
        raise BadValue("is not a currency code: use the three letters of ISO 4217, such as USD.")
    return text


def not_negative(read: Callable[[str], Decimal]) -> Callable[[str], Decimal]:
    """A reader of numbers that refuses those below zero."""

    def checked(text: str) -> Decimal:
        value = read(text)
        if value < 0:
            raise BadValue("is negative: a price is 0 or more.")
        return value

    return checked


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """A reader that refuses everything but the allowed texts."""
    choices = frozenset(allowed)

    def read(text: str) -> str:
        if text not in choices:
            raise BadValue(f"is not one of {', '.join(allowed)}.")
        return text

    return read


def read_frequency(text: str) -> str:
    """ChargeFrequency; some exports write 'Usage-based'."""
    return "Usage-Based" if text == "Usage-based" else text


def read_json(text: str) -> str:
    """The text of a JSON object or list, kept as it stands so that no number in it changes."""
    if not isinstance(_json(text), dict | list):
        raise BadValue("is not a JSON object.")
    return text


def read_tags(text: str) -> Tags:
    """Key and value pairs in the order of the keys. Values become text: true as "true", null as ""."""
    found = _json(text)
    if not isinstance(found, dict):
        raise BadValue('is not a JSON object: write tags like {"team": "web"}.')
    if any("\x00" in key for key in found):
        raise BadValue("has a tag name with a NUL character in it.")
    tags = tuple(sorted((key, _tag_text(value)) for key, value in found.items()))
    try:
        "".join(part for pair in tags for part in pair).encode()
    except UnicodeEncodeError as error:
        raise BadValue("has half of a character in a tag (an unpaired surrogate).") from error
    return tags


def _json(text: str) -> Any:
    try:
        # Numbers stay as printed.
        return json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise BadValue("is not valid JSON.") from error


def _tag_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
