"""When a summary is due: at a time of a clock on the wall, whatever that clock does in spring and autumn."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.errors import Invalid
from domain.facts.status import ReportEvery, Weekday

_DAY = timedelta(days=1)


def zone_of(name: str, path: tuple[str, ...] = ()) -> ZoneInfo:
    """The time zone of this name, such as Europe/Berlin. Raises Invalid when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"There is no time zone {name[:60]!r}: write it like Europe/Berlin or UTC.", path=path) from error


def time_of(text: str, path: tuple[str, ...] = ()) -> time:
    """The time written as HH:MM. Raises Invalid for anything else."""
    try:
        return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError as error:
        raise Invalid("Write the time like 08:30.", path=path) from error


def next_due(every: ReportEvery, weekday: Weekday, at: str, zone: str, after: datetime) -> datetime:
    """The first due moment later than `after`, in UTC. A time that spring leaves out is due an hour later."""
    place, clock = zone_of(zone), time_of(at)
    day = after.astimezone(place).date() - _DAY
    while True:
        due = datetime.combine(day, clock, tzinfo=place).astimezone(UTC)
        is_day = every is ReportEvery.DAY or day.weekday() == list(Weekday).index(weekday)
        if is_day and due > after:
            return due
        day += _DAY


def period_of(due: datetime, zone: str) -> str:
    """The day, there, that a due moment belongs to: no summary is sent twice for it."""
    return f"{due.astimezone(zone_of(zone)):%Y-%m-%d}"
