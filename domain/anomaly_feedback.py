"""What people said of anomalies, as the detector is told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.anomalies.flag import Direction, Flag
from domain.anomalies.known_event import KnownEvent, KnownKind
from domain.facts.anomaly import AnomalyState

_DAY = timedelta(days=1)
# As long as the detector remembers what was marked as expected. Source: the anomaly recipe, calendar references.
REMEMBERED = timedelta(days=100)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an anomaly of a series: its flagged days, and the largest impact of one of them.

    `from_on` and `until_on` (inclusive) are the days that were planned, None for those of the anomaly and for no end.
    """

    series: int
    state: AnomalyState
    direction: Direction
    days: tuple[date, ...]
    impact: float
    from_on: date | None = None
    until_on: date | None = None


def known_events(said: Sequence[Said]) -> list[KnownEvent]:
    """EXPECTED days are expected again; PLANNED ones begin a new level, and end it where an end was named."""
    found = []
    for one in said:
        if one.state is AnomalyState.EXPECTED:
            found += [KnownEvent(one.series, day, KnownKind.MARKED_EXPECTED) for day in one.days]
        if one.state is AnomalyState.PLANNED:
            changes = [one.from_on or one.days[0], *([one.until_on + _DAY] if one.until_on else [])]
            found += [KnownEvent(one.series, day, KnownKind.PLANNED_CHANGE) for day in changes]
    return found


def is_quiet(flag: Flag, said: Sequence[Said]) -> bool:
    """Whether the like was called not relevant: the same series and direction, not more money, in 100 days."""
    return any(
        one.state is AnomalyState.NOT_RELEVANT
        and (one.series, one.direction) == (flag.series, flag.direction)
        and abs(flag.impact) <= one.impact
        and one.days[-1] < flag.on <= one.days[-1] + REMEMBERED
        for one in said
    )
