"""Puts flagged days together: days of one series to an anomaly, anomalies of one cause to an alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.anomalies.flag import Direction, Flag

# Two quiet days between flagged ones do not make it another anomaly. Source: the anomaly recipe, "Alert volume".
LONGEST_GAP = timedelta(days=3)
# Bills of two services of an account tell of the same change on the same day or the next.
SAME_TIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Flagged days of one series and direction that belong together, oldest first."""

    flags: tuple[Flag, ...]

    @property
    def series(self) -> int:
        return self.flags[0].series

    @property
    def direction(self) -> Direction:
        return self.flags[0].direction

    @property
    def first_on(self) -> date:
        return self.flags[0].on

    @property
    def last_on(self) -> date:
        return self.flags[-1].on

    @property
    def worst(self) -> Flag:
        """The day with the largest impact, the earlier one of equal days."""
        return max(self.flags, key=lambda flag: (abs(flag.impact), flag.on.toordinal() * -1))


def runs_of(flags: Sequence[Flag]) -> list[Run]:
    """The flags put together, in the order of series, direction and day."""
    runs: list[list[Flag]] = []
    for flag in sorted(flags, key=lambda flag: (flag.series, flag.direction, flag.on)):
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and (last.series, last.direction) == (flag.series, flag.direction)
            and flag.on - last.on <= LONGEST_GAP
        ):
            runs[-1].append(flag)
        else:
            runs.append([flag])
    return [Run(tuple(run)) for run in runs]


@dataclass(frozen=True, slots=True)
class Member:
    """An anomaly as far as its cause is concerned. `cause` is None as long as it has none."""

    key: str
    direction: str
    account: str
    service: str
    first_on: date
    cause: str | None = None


def causes_of(members: Sequence[Member]) -> Mapping[str, str]:
    """The cause of every member by its key. Those that have one keep it.

    Anomalies that begin within a day of each other and move the same way share a cause when they are of one account
    or of one service. A cause is named after its first anomaly.
    """
    causes: dict[str, str] = {}
    settled: list[Member] = []
    # Those with a cause first, so that newcomers find it.
    for member in sorted(members, key=lambda one: (one.cause is None, one.first_on, one.key)):
        cause = member.cause or next(
            (causes[other.key] for other in settled if _belong_together(member, other)), f"anomaly:{member.key}"
        )
        causes[member.key] = cause
        settled.append(member)
    return causes


def _belong_together(one: Member, other: Member) -> bool:
    return (
        one.direction == other.direction
        and abs(one.first_on - other.first_on) <= SAME_TIME
        and (one.account == other.account or one.service == other.service)
    )
