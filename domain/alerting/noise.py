"""How much is too much: limits of a channel, and which repeats are worth a message."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.alerting.quiet import NoiseLimit


def recent(told_at: Sequence[datetime], limit: NoiseLimit, now: datetime) -> tuple[datetime, ...]:
    """Those of the instants a channel was told at that still count, oldest first."""
    begin = now - timedelta(minutes=limit.minutes)
    return tuple(sorted(at for at in told_at if at > begin))


def full_until(told_at: Sequence[datetime], limit: NoiseLimit, now: datetime) -> datetime | None:
    """When the channel may be told again; None when it may be told now."""
    counted = recent(told_at, limit, now)
    if len(counted) < limit.messages:
        return None
    return counted[-limit.messages] + timedelta(minutes=limit.minutes)


def telling_count(occurrences: int) -> int | None:
    """The power of ten that so many occurrences have reached, from 10 on; None below. Each is told of once."""
    return int("1" + "0" * (len(str(occurrences)) - 1)) if occurrences >= 10 else None
