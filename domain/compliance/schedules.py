"""When something runs that is planned by the day and the hour, in a zone of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# What runs at least once a week is found by looking back so far.
LOOKED_BACK = 7
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Runs on the days that `on_day` tells, at each of these minutes of each of these hours."""

    zone: ZoneInfo
    on_day: Callable[[date], bool]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]

    def last_run(self, until: datetime) -> datetime | None:
        """When it ran last, `until` included; None where it did not in the week before."""
        today = until.astimezone(self.zone).date()
        for back in range(LOOKED_BACK + 1):
            day = today - timedelta(days=back)
            runs = [one for one in self._runs(day) if one <= until] if self.on_day(day) else []
            if runs:
                return max(runs)
        return None

    def _runs(self, day: date) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)


def parse_cron(text: str, zone: str) -> Schedule:
    """A line of cron: minute, hour, day of the month, month, day of the week. Raises ValueError for anything else.

    Where both days are limited, either is enough. Source: crontab(5), and the Auto Scaling user guide, "Recurring
    schedules".
    """
    minute, hour, day, month, weekday = text.lower().split()
    days, months = _numbers(day, 1, 31), _numbers(month, 1, 12, _MONTHS)
    # 7 is Sunday, too.
    weekdays = {number % 7 for number in _numbers(weekday, 0, 7, _WEEKDAYS)}
    is_either = not day.startswith("*") and not weekday.startswith("*")

    def on_day(on: date) -> bool:
        in_month, in_week = on.day in days, on.isoweekday() % 7 in weekdays
        return on.month in months and (in_month or in_week if is_either else in_month and in_week)

    hours, minutes = _numbers(hour, 0, 23), _numbers(minute, 0, 59)
    return Schedule(zone=ZoneInfo(zone), on_day=on_day, hours=tuple(sorted(hours)), minutes=tuple(sorted(minutes)))


def _numbers(field: str, lowest: int, highest: int, names: tuple[str, ...] = ()) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, has_step, step = part.partition("/")
        first, is_range, last = span.partition("-")
        if span == "*":
            start, end = lowest, highest
        else:
            start = _number(first, names)
            end = _number(last, names) if is_range else highest if has_step else start
        if not lowest <= start <= end <= highest:
            raise ValueError(f"{part} is outside {lowest} to {highest}")
        found.update(range(start, end + 1, int(step) if has_step else 1))
    return found


def _number(text: str, names: tuple[str, ...]) -> int:
    return names.index(text) if text in names else int(text)
