"""How a check stands over time: since when, whether it goes to and fro, and when it is due again."""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.cadence import next_due
from domain.facts.compliance import CheckStatus, Frequency

# More changes than this within the window, and people hear of the next one only once it holds.
MOST_CHANGES = 3
FLAPPING_WINDOW = timedelta(hours=24)
HOLDS_AFTER = 2
# A provider that is away for an hour is no reason to wake somebody; one that is away for a day is.
ERROR_TOLD_AFTER = timedelta(hours=24)
_IS_VERIFIED = frozenset({CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.EXEMPT, CheckStatus.NOT_APPLICABLE})


class Standing(NamedTuple):
    """`streak` is how many judgements in a row have said so; `changes` are the moments of the last 24 hours at which
    the status became another.
    """

    status: CheckStatus
    changed_at: datetime
    streak: int
    changes: tuple[datetime, ...] = ()

    @property
    def is_flapping(self) -> bool:
        return len(self.changes) > MOST_CHANGES

    @property
    def holds(self) -> bool:
        """Whether people may be told of the status."""
        return not self.is_flapping or self.streak >= HOLDS_AFTER


def stand(before: Standing | None, status: CheckStatus, now: datetime) -> Standing:
    """How a check stands after a judgement. `before` is None for its first one, which is no change."""
    if before is None:
        return Standing(status, now, 1)
    recent = tuple(at for at in before.changes if at > now - FLAPPING_WINDOW)
    if status is before.status:
        return Standing(status, before.changed_at, before.streak + 1, recent)
    return Standing(status, now, 1, (*recent, now))


def told(before: CheckStatus | None, standing: Standing, now: datetime) -> CheckStatus | None:
    """What people are to know of a check, None for nothing, when `before` is what they know.

    They hear of a failure at once and of an error after a day. Only a judgement that found nothing failing ends it:
    what cannot be read may still fail.
    """
    if not standing.holds:
        return before
    if standing.status is CheckStatus.FAIL:
        return CheckStatus.FAIL
    if standing.status in _IS_VERIFIED:
        return None
    is_long = standing.status is CheckStatus.ERROR and now - standing.changed_at >= ERROR_TOLD_AFTER
    return CheckStatus.ERROR if before is None and is_long else before


def next_check(key: str, frequency: Frequency, now: datetime) -> datetime:
    """When a check is due again: never further away than its frequency, whatever clocks have said before."""
    return next_due(key, timedelta(minutes=frequency.minutes), now)


def is_due(next_at: datetime, frequency: Frequency, now: datetime) -> bool:
    """Whether it is time; also when the clock was ahead as the time was set."""
    return next_at <= now or next_at > now + timedelta(minutes=frequency.minutes, seconds=1)
