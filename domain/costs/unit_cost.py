"""What one unit of business costs: a cost over a quantity, by period. Nothing where there is nothing to divide by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from domain.costs.series import Grain, period_of
from domain.costs.value import SUMS

# What a quotient is cut to: a unit of business may be a thousandth of a cent.
_PLACES = Decimal("1e-12")


class MetricGathering(StrEnum):
    """How days make a longer period: SUM for what happens (orders), AVERAGE for what there is (customers)."""

    SUM = "SUM"
    AVERAGE = "AVERAGE"


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Columns aligned with `periods`. None: there is no quantity, or nothing to divide by or to compare with.

    `changes` are ratios to the period before (0.1 is ten percent more). `trend` is by how much the unit cost rises
    from one period to the next, by the straight line that fits best; None with fewer than two.
    """

    periods: list[date]
    costs: list[Decimal]
    quantities: list[Decimal | None]
    unit_costs: list[Decimal | None]
    changes: list[Decimal | None]
    trend: Decimal | None
    cost: Decimal
    quantity: Decimal | None
    unit_cost: Decimal | None


def quantities_of(
    days: Iterable[tuple[date, Decimal]], periods: Sequence[date], grain: Grain, gathering: MetricGathering
) -> list[Decimal | None]:
    """The quantity of each period, of sums by day. Averages are over the days that have a point."""
    found: defaultdict[date, list[Decimal]] = defaultdict(list)
    for day, value in days:
        found[period_of(day, grain)].append(value)
    return [gathered_of(found.get(period, []), gathering) for period in periods]


def gathered_of(values: Sequence[Decimal], gathering: MetricGathering) -> Decimal | None:
    """What the sums of single days come to; None where there is no day."""
    if not values:
        return None
    total = _sum(values)
    return total if gathering is MetricGathering.SUM else quotient(total, Decimal(len(values)))


def unit_costs(
    periods: Sequence[date],
    costs: Sequence[Decimal],
    quantities: Sequence[Decimal | None],
    quantity: Decimal | None,
) -> UnitCosts:
    """The columns. `quantity` is that of all days together."""
    units = [quotient(cost, amount) for cost, amount in zip(costs, quantities, strict=True)]
    total = _sum(costs)
    return UnitCosts(
        periods=list(periods),
        costs=list(costs),
        quantities=list(quantities),
        unit_costs=units,
        changes=[None, *(_change(before, now) for before, now in pairwise(units))],
        trend=trend_of(units),
        cost=total,
        quantity=quantity,
        unit_cost=quotient(total, quantity),
    )


def quotient(cost: Decimal, quantity: Decimal | None) -> Decimal | None:
    """`cost` by `quantity` to twelve places; None where that is nothing."""
    if not quantity:
        return None
    return SUMS.divide(cost, quantity).quantize(_PLACES, context=SUMS)


def _change(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    if before is None or now is None or before <= 0:
        return None
    return quotient(SUMS.subtract(now, before), before)


def trend_of(values: Sequence[Decimal | None]) -> Decimal | None:
    """The slope of the line of least squares through the values that are there, by place."""
    points = [(Decimal(place), value) for place, value in enumerate(values) if value is not None]
    if len(points) < 2:
        return None
    count = Decimal(len(points))
    xs, ys = _sum([x for x, _ in points]), _sum([y for _, y in points])
    products = _sum([SUMS.multiply(x, y) for x, y in points])
    squares = _sum([x * x for x, _ in points])
    above = SUMS.subtract(SUMS.multiply(count, products), SUMS.multiply(xs, ys))
    return quotient(above, count * squares - xs * xs)


def _sum(values: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = SUMS.add(total, value)
    return total
