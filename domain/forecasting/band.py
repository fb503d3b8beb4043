"""How far a forecast may be off: intervals of days and of totals, in plain arithmetic that requests can afford."""

from collections.abc import Mapping, Sequence
from math import ceil, exp, log

from pydantic import BaseModel, ConfigDict

# Lengths of totals, and days ahead, that back-tests measure; what lies between is interpolated over their logarithm.
KNOTS = (7, 30, 90, 365)
# The days ahead that tell how far off single days are at each knot: the first week, and some around the others.
DAY_WINDOWS = ((0, 7), (20, 40), (75, 90), (335, 365))


class Quantiles(BaseModel):
    """How many times its `volatility` a total of 7, 30, 90 or 365 days is off at most, in 80 and 95 % of cases.

    `days` is the same for single days up to that far ahead, in units of `roughness`.
    """

    model_config = ConfigDict(frozen=True)

    totals80: tuple[float, ...]
    totals95: tuple[float, ...]
    days80: tuple[float, ...]
    days95: tuple[float, ...]


class Unrest(BaseModel):
    """How unruly one series is. `offset` is added to a day's cost before logarithms are taken.

    `volatility` is the standard deviation of four-week changes of its weekly mean's logarithm; `roughness` that of its
    days together with it.
    """

    model_config = ConfigDict(frozen=True)

    offset: float
    volatility: float
    roughness: float


class Interval(BaseModel):
    """Between these it is in 80 and in 95 % of cases."""

    model_config = ConfigDict(frozen=True)

    lower80: float
    upper80: float
    lower95: float
    upper95: float


# Measured by `python -m bench forecast --prior` on 25 real series of daily usage, of a year on few;
# what an organization starts with before it has back-tests of its own.
PRIOR = Quantiles(
    totals80=(1.04, 1.27, 1.79, 1.81),
    totals95=(3.36, 1.91, 2.49, 3.7),
    days80=(1.43, 1.96, 2.59, 2.59),
    days95=(5.25, 5.72, 5.21, 8.44),
)


def total_interval(total: float, days: int, unrest: Unrest, quantiles: Quantiles) -> Interval:
    """The interval of a sum over so many days."""
    base = unrest.offset * days
    reach = [at(days, widths) * unrest.volatility for widths in (quantiles.totals80, quantiles.totals95)]
    return _interval(total, base, *reach)


def day_intervals(means: Sequence[float], unrest: Unrest, quantiles: Quantiles) -> list[Interval]:
    """The interval of each day ahead."""
    return [
        _interval(
            mean,
            unrest.offset,
            at(ahead, quantiles.days80) * unrest.roughness,
            at(ahead, quantiles.days95) * unrest.roughness,
        )
        for ahead, mean in enumerate(means, start=1)
    ]


def at(days: int, widths: Sequence[float]) -> float:
    """The width between the knots; before the first and after the last it stays."""
    place = log(min(max(days, KNOTS[0]), KNOTS[-1]))
    number = next(number for number, knot in enumerate(KNOTS[1:]) if place <= log(knot))
    low, high = log(KNOTS[number]), log(KNOTS[number + 1])
    return widths[number] + (place - low) / (high - low) * (widths[number + 1] - widths[number])


def conformal(level: float, tests: int) -> float:
    """Which quantile of the errors of so many tests the next one stays below with the probability `level`.

    A little more than `level`, the fewer tests the more: the next one is the (n + 1)th. Source: split conformal
    prediction (Vovk et al., Algorithmic Learning in a Random World, 2005).
    """
    return min(1.0, ceil((tests + 1) * level) / tests)


def blended(own: Mapping[str, Sequence[tuple[float, int]]], weight: int, prior: Quantiles | None = None) -> Quantiles:
    """Own quantiles with how many back-tests stand behind each, and the prior as if it stood for `weight` of them."""
    fields = {}
    for name, widths in (prior or PRIOR).model_dump().items():
        measured = own.get(name) or [(0.0, 0)] * len(widths)
        fields[name] = tuple(
            (width * count + usual * weight) / (count + weight) if count else usual
            for usual, (width, count) in zip(widths, measured, strict=True)
        )
    return Quantiles(**fields)


def _interval(value: float, base: float, reach80: float, reach95: float) -> Interval:
    """Around the value, as far up as down in logarithms; never below zero."""
    reach95 = max(reach80, reach95)
    return Interval(
        lower80=max(0.0, (value + base) * exp(-reach80) - base),
        upper80=(value + base) * exp(reach80) - base,
        lower95=max(0.0, (value + base) * exp(-reach95) - base),
        upper95=(value + base) * exp(reach95) - base,
    )
