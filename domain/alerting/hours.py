"""Hours that come back every week on a wall clock, and what instants they are."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.facts.weekday import Weekday as Weekday

WEEK = tuple(Weekday)
# Hours that touch each other are followed for this long; what is quiet for longer is looked at again then.
FOLLOWED_FOR = timedelta(days=8)


def known_zone(name: str) -> str:
    """`name`, if it is a time zone of the IANA database, e.g. Europe/Berlin. Raises ValueError when it is not."""
    if name not in available_timezones():
        raise ValueError(f"{name} is not a time zone of the IANA database: write it like Europe/Berlin, or UTC.")
    return name


ZoneName = Annotated[str, AfterValidator(known_zone)]
# 24 hours and minutes; the end of a day is the 00:00 of the next.
ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WeeklyHours(BaseModel):
    """From `begins` to `ends` (HH:MM) on these days; an end that is not later is on the next day.

    Where clocks are put back the earlier reading of `begins` and the later one of `ends` counts, and where they are put
    forward over one of them, too: hours are never shorter than they say.
    """

    model_config = ConfigDict(frozen=True)

    zone: ZoneName = Field(default="UTC", description="Time zone of the IANA database, e.g. Europe/Berlin.")
    days: tuple[Weekday, ...] = Field(
        default=WEEK, min_length=1, max_length=7, description="On which days of the week they begin."
    )
    begins: ClockTime = Field(description="When they begin, as HH:MM.")
    ends: ClockTime = Field(description="When they end, as HH:MM; on the next day, when that is not later.")

    def span_on(self, day: date) -> tuple[datetime, datetime]:
        """[begin, end) in UTC of the hours that begin on this day of the zone, whatever day of the week it is."""
        begins, ends = time.fromisoformat(self.begins), time.fromisoformat(self.ends)
        last = day if ends > begins else day + timedelta(days=1)
        return min(_readings(day, begins, self.zone)), max(_readings(last, ends, self.zone))

    def span_at(self, at: datetime) -> tuple[datetime, datetime] | None:
        """[begin, end) in UTC of the hours this instant lies in; None when it lies in none."""
        today = at.astimezone(ZoneInfo(self.zone)).date()
        # Tomorrow, too: where clocks are put forward at midnight, its first hours begin early.
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            if WEEK[day.weekday()] in self.days:
                begin, end = self.span_on(day)
                if begin <= at < end:
                    return begin, end
        return None

    def meet(self, first: datetime, until: datetime) -> bool:
        """Whether some of these hours lie between the two instants, up to before `until`."""
        zone = ZoneInfo(self.zone)
        day, last = first.astimezone(zone).date() - timedelta(days=1), until.astimezone(zone).date() + timedelta(days=1)
        # After a week they come again.
        for ahead in range(min((last - day).days + 1, FOLLOWED_FOR.days + 2)):
            on = day + timedelta(days=ahead)
            begin, end = self.span_on(on)
            if WEEK[on.weekday()] in self.days and begin < until and end > first:
                return True
        return False


def _readings(day: date, clock: time, zone: str) -> tuple[datetime, datetime]:
    """The instants that a clock of the zone may mean: two where it is put back or forward over it."""
    local = datetime.combine(day, clock, ZoneInfo(zone))
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def end_of_hours(hours: tuple[WeeklyHours, ...], at: datetime) -> datetime | None:
    """When the hours that this instant lies in are over, those that follow without a break included; None outside."""
    end = at
    while end - at < FOLLOWED_FOR:
        spans = [span for one in hours if (span := one.span_at(end)) is not None]
        if not spans:
            break
        end = max(until for _, until in spans)
    return end if end > at else None


def next_time(clock: str, zone: str, after: datetime) -> datetime:
    """The first instant after `after` at which a clock of the zone shows `clock`, in UTC.

    A time that clocks are put forward over is as much later that day; of one that comes twice, the first counts.
    """
    day = after.astimezone(ZoneInfo(zone)).date()
    while (found := _readings(day, time.fromisoformat(clock), zone)[0]) <= after:
        day += timedelta(days=1)
    return found
