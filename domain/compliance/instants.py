"""Reads the moments that providers send, each in its own way."""

from datetime import UTC, datetime, timedelta


def instant(value: str | float | datetime) -> datetime:
    """The moment in UTC. Takes ISO 8601 text, seconds since 1970 and datetimes.

    What names no zone is in UTC, and a date alone is its midnight. Raises TypeError for anything else and ValueError
    for other text.
    """
    if isinstance(value, bool):
        raise TypeError("a moment, not a flag")
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def age(value: str | float | datetime, now: datetime) -> timedelta:
    """How long ago that was; negative for what is to come. Raises as `instant`."""
    return now - instant(value)
