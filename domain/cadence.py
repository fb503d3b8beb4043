"""When what repeats is due: each thing at a moment of its own within the cadence, so that not all come at once."""

import hashlib
from datetime import UTC, datetime, timedelta

from domain.errors import Invalid

# Faster than this a provider's own figures do not change; slower than this nobody looks any more.
SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(days=7)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_due(key: str, every: timedelta, now: datetime) -> datetime:
    """The first moment after `now` that is this key's. Two moments of a key lie `every` apart."""
    digest = hashlib.sha256(key.encode()).digest()
    phase = every * (int.from_bytes(digest[:4], "big") / 2**32)
    passed = (now - EPOCH - phase) // every
    due = EPOCH + phase + (passed + 1) * every
    # MongoDB keeps milliseconds.
    return due.replace(microsecond=due.microsecond // 1000 * 1000) + timedelta(milliseconds=1)


def check_cadence(every: timedelta, path: tuple[str, ...]) -> timedelta:
    """The cadence itself. Raises Invalid, naming `path`, for one that is too fast or too slow."""
    if not SHORTEST <= every <= LONGEST:
        raise Invalid("Choose a cadence between 5 minutes and 7 days.", path=path)
    return every
