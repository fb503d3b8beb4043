"""A forecast as people look at it: columns of days, and what a month or a year comes to at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.forecasting.band import Interval, Quantiles, Unrest, day_intervals, total_interval
from domain.forecasting.models import FEW_DAYS, SHORT_DAYS

_CENT = Decimal("0.01")
_TESTED_DAYS = 86


class ForecastQuality(StrEnum):
    """FULL has been back-tested; UNTESTED is too young for that; SHORT has less than four weeks, NEW less than one."""

    FULL = "FULL"
    UNTESTED = "UNTESTED"
    SHORT = "SHORT"
    NEW = "NEW"


_NOTES = {
    ForecastQuality.FULL: None,
    ForecastQuality.UNTESTED: "There are less than 86 days of costs: too few to test the forecast on what came.",
    ForecastQuality.SHORT: "There are less than 28 days of costs: level and weekdays only, without growth.",
    ForecastQuality.NEW: "There are less than 7 days of costs: the forecast is their mean.",
}


@dataclass(frozen=True, slots=True)
class Total:
    """What a stretch of days comes to: `spent` before the forecast begins, `ahead` in it, and where the sum may lie."""

    first: date
    until: date
    spent: Decimal
    ahead: Decimal
    lower80: Decimal
    upper80: Decimal
    lower95: Decimal
    upper95: Decimal


def quality_of(days_known: int) -> tuple[ForecastQuality, str | None]:
    """How much may be expected of a forecast from so many days, and a sentence that says why it is not more."""
    quality = ForecastQuality.FULL
    if days_known < FEW_DAYS:
        quality = ForecastQuality.NEW
    elif days_known < SHORT_DAYS:
        quality = ForecastQuality.SHORT
    elif days_known < _TESTED_DAYS:
        quality = ForecastQuality.UNTESTED
    return quality, _NOTES[quality]


def bands(ahead: Sequence[Decimal], unrest: Unrest, quantiles: Quantiles) -> dict[str, list[Decimal]]:
    """The columns lower80, upper80, lower95 and upper95 of each day."""
    days = day_intervals([float(amount) for amount in ahead], unrest, quantiles)
    return {name: [_money(getattr(day, name)) for day in days] for name in Interval.model_fields}


def total_of(
    first: date,
    until: date,
    begin: date,
    ahead: Sequence[Decimal],
    spent: Decimal,
    unrest: Unrest,
    quantiles: Quantiles,
) -> Total:
    """The days from `first` up to without `until`, of which those from `begin` are in `ahead` and the others spent."""
    days = max(0, (until - begin).days)
    rest = sum(ahead[max(0, (first - begin).days) : days], Decimal(0))
    interval = total_interval(float(rest), max(1, days), unrest, quantiles)
    whole = {name: spent + _money(value) for name, value in interval.model_dump().items()} if days else {}
    return Total(first, until, spent, rest, **{name: whole.get(name, spent) for name in Interval.model_fields})


def month_end(day: date) -> date:
    """The day after the last one of a day's month."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def year_end(day: date) -> date:
    """The first day of the next year."""
    return date(day.year + 1, 1, 1)


def _money(value: float) -> Decimal:
    return Decimal(value).quantize(_CENT)
