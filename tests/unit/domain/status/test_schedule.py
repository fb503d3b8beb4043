"""A summary is due at a time of the clock on the wall."""

from datetime import UTC, datetime

import pytest

from domain.errors import Invalid
from domain.facts.status import ReportEvery, Weekday
from domain.status.schedule import next_due, period_of, time_of, zone_of

DAY, WEEK = ReportEvery.DAY, ReportEvery.WEEK


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year, month and so on


@pytest.mark.parametrize(
    ("zone", "after", "due"),
    [
        ("UTC", at(2026, 11, 26, 7, 59), at(2026, 11, 26, 8, 0)),
        ("UTC", at(2026, 11, 26, 8, 0), at(2026, 11, 27, 8, 0)),
        # An hour ahead of UTC in winter, two in summer.
        ("Europe/Berlin", at(2026, 11, 26, 6, 0), at(2026, 11, 26, 7, 0)),
        ("Europe/Berlin", at(2026, 7, 1, 0, 0), at(2026, 7, 1, 6, 0)),
        # Already the next day there.
        ("Pacific/Auckland", at(2026, 11, 26, 20, 0), at(2026, 11, 27, 19, 0)),
        # Still the day before there: 8 h behind.
        ("America/Los_Angeles", at(2026, 11, 27, 1, 0), at(2026, 11, 27, 16, 0)),
        # The clocks go forward in the night of the 29th of March: 8:00 comes 23 hours after the last one.
        ("Europe/Berlin", at(2026, 3, 28, 7, 0), at(2026, 3, 29, 6, 0)),
    ],
)
def test_every_day_at_eight(zone: str, after: datetime, due: datetime) -> None:
    assert next_due(DAY, Weekday.MONDAY, "08:00", zone, after) == due


def test_a_time_that_spring_leaves_out_is_due_an_hour_later() -> None:
    # 2:30 does not exist on that day; an hour later by the clock is 3:30, which is 1:30 UTC.
    assert next_due(DAY, Weekday.MONDAY, "02:30", "Europe/Berlin", at(2026, 3, 28, 12)) == at(2026, 3, 29, 1, 30)


def test_a_time_that_autumn_has_twice_is_due_once() -> None:
    first = next_due(DAY, Weekday.MONDAY, "02:30", "Europe/Berlin", at(2026, 10, 24, 12))

    assert first == at(2026, 10, 25, 0, 30)
    assert next_due(DAY, Weekday.MONDAY, "02:30", "Europe/Berlin", first) == at(2026, 10, 26, 1, 30)


def test_every_week_on_its_day() -> None:
    # The 26th of November 2026 is a Thursday.
    assert next_due(WEEK, Weekday.MONDAY, "08:00", "UTC", at(2026, 11, 26)) == at(2026, 11, 30, 8)
    assert next_due(WEEK, Weekday.THURSDAY, "08:00", "UTC", at(2026, 11, 26)) == at(2026, 11, 26, 8)
    assert next_due(WEEK, Weekday.THURSDAY, "08:00", "UTC", at(2026, 11, 26, 8)) == at(2026, 12, 3, 8)


def test_the_period_is_the_day_there() -> None:
    assert period_of(at(2026, 11, 26, 19), "Pacific/Auckland") == "2026-11-27"


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "x" * 100])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="no time zone") as error:
        zone_of(name, ("input", "zone"))

    assert error.value.path == ("input", "zone")


@pytest.mark.parametrize("text", ["24:00", "8", "08:61", "morning"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Write the time"):
        time_of(text)
