"""Which parts of a day's costs make up its excess, and the numbers to hold the day against."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from domain.anomalies.flag import Direction
from domain.facts.anomaly import AnomalyBaseline, AnomalyContributor

# A list is long enough when it explains this much, and never longer than ten. Source: the anomaly recipe, section 5.
ENOUGH = Decimal("0.8")
MOST_PARTS = 10
_CENT = Decimal("0.01")


def contributors_of(
    parts: Sequence[AnomalyContributor], excess: Decimal, direction: Direction
) -> tuple[list[AnomalyContributor], float | None]:
    """(parts, what share of the excess the best dimension explains, at most 1). The best dimension comes first.

    Of each dimension the parts that moved most, until they add up to 80 % of what moved that way. The share is None
    where there is no excess. Among equals the dimension with fewer parts is the better one.
    """
    sign = 1 if direction is Direction.UP else -1
    by_dimension: defaultdict[str, list[AnomalyContributor]] = defaultdict(list)
    for part in parts:
        if part.change * sign > _CENT:
            by_dimension[part.by].append(part)
    chosen = [_enough(found, sign) for found in by_dimension.values()]
    ranked = sorted(chosen, key=lambda found: (-_share(found, excess), len(found), found[0].by))
    share = float(_share(ranked[0], excess)) if ranked else 0.0
    return [part for found in ranked for part in found], share if excess else None


def _enough(parts: Sequence[AnomalyContributor], sign: int) -> list[AnomalyContributor]:
    total = sum((part.change for part in parts), Decimal(0))
    found: list[AnomalyContributor] = []
    covered = Decimal(0)
    for part in sorted(parts, key=lambda part: (-sign * part.change, part.value or "")):
        if found and (abs(covered) >= ENOUGH * abs(total) or len(found) == MOST_PARTS):
            break
        found.append(part)
        covered += part.change
    return found


def _share(parts: Sequence[AnomalyContributor], excess: Decimal) -> Decimal:
    moved = sum((part.change for part in parts), Decimal(0))
    return min(abs(moved / excess), Decimal(1)) if excess else Decimal(0)


def baselines_of(costs: dict[date, float], day: date) -> list[AnomalyBaseline]:
    """Other numbers for the same day: means of the week and of the weekday before it, and a month ago.

    `costs` by day; a day that is missing is not known.
    """
    week = [costs[on] for back in range(1, 8) if (on := day - timedelta(days=back)) in costs]
    month = [costs[on] for on in (day - timedelta(weeks=4),) if on in costs]
    weekdays = [costs[on] for back in range(1, 5) if (on := day - timedelta(weeks=back)) in costs]
    return [
        AnomalyBaseline(name="Mean of the seven days before", amount=_mean(week)),
        AnomalyBaseline(name="Mean of the same weekday in four weeks", amount=_mean(weekdays)),
        AnomalyBaseline(name="Four weeks before", amount=_mean(month)),
    ]


def _mean(amounts: Sequence[float]) -> Decimal | None:
    return Decimal(str(round(sum(amounts) / len(amounts), 2))) if amounts else None
