"""Hours that come back every week: over midnight, in any zone, and where clocks are put forward or back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.alerting.hours import WEEK, Weekday, WeeklyHours, end_of_hours, next_time

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut")
CLOCKS = st.times().map(lambda clock: f"{clock:%H:%M}")
START = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(lambda later: START + later)
HOURS = st.builds(
    WeeklyHours,
    zone=st.sampled_from(ZONES),
    days=st.sets(st.sampled_from(WEEK), min_size=1).map(lambda days: tuple(sorted(days))),
    begins=CLOCKS,
    ends=CLOCKS,
)
NIGHT = WeeklyHours(zone="Europe/Berlin", begins="22:00", ends="07:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(HOURS, INSTANTS)
def test_an_instant_lies_in_the_span_it_is_given(hours: WeeklyHours, now: datetime) -> None:
    span = hours.span_at(now)

    if span is None:
        assert end_of_hours((hours,), now) is None
    else:
        begin, end = span
        assert begin <= now < end <= begin + timedelta(hours=26)
        assert hours.span_at(begin) is not None


@given(HOURS, INSTANTS)
def test_hours_end_at_an_instant_that_lies_in_none_or_after_a_week(hours: WeeklyHours, now: datetime) -> None:
    end = end_of_hours((hours,), now)

    if end is not None:
        assert end > now
        assert hours.span_at(end) is None or end - now >= timedelta(days=8)


@given(CLOCKS, st.sampled_from(ZONES), INSTANTS)
def test_the_next_time_is_after_now_and_within_two_days(clock: str, zone: str, now: datetime) -> None:
    assert now < next_time(clock, zone, now) <= now + timedelta(hours=49)


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    # 27 November 2026 is a Friday; Berlin is an hour ahead of UTC then.
    friday = NIGHT.model_copy(update={"days": (Weekday.FRIDAY,)})

    assert friday.span_at(at("2026-11-28T05:59")) == (at("2026-11-27T21:00"), at("2026-11-28T06:00"))
    assert friday.span_at(at("2026-11-27T05:00")) is None
    assert friday.span_at(at("2026-11-28T22:00")) is None


@pytest.mark.parametrize(
    ("evening", "begin", "end"),
    [
        # Clocks go forward in the night to 29 March 2026, and back in the night to 25 October.
        (date(2026, 3, 28), "2026-03-28T21:00", "2026-03-29T05:00"),
        (date(2026, 10, 24), "2026-10-24T20:00", "2026-10-25T06:00"),
    ],
)
def test_a_night_is_as_long_as_the_clock_makes_it(evening: date, begin: str, end: str) -> None:
    assert NIGHT.span_on(evening) == (at(begin), at(end))


def test_hours_that_clocks_are_put_forward_over_are_not_lost() -> None:
    # 02:30 to 02:45 does not come on 29 March 2026; both readings of it together last from 00:30 to 01:45.
    hours = WeeklyHours(zone="Europe/Berlin", begins="02:30", ends="02:45")

    assert hours.span_on(date(2026, 3, 29)) == (at("2026-03-29T00:30"), at("2026-03-29T01:45"))


def test_hours_that_come_twice_count_from_the_first_to_the_second() -> None:
    hours = WeeklyHours(zone="Europe/Berlin", begins="02:15", ends="02:45")

    assert hours.span_on(date(2026, 10, 25)) == (at("2026-10-25T00:15"), at("2026-10-25T01:45"))


def test_a_begin_and_an_end_that_are_equal_are_a_day() -> None:
    assert WeeklyHours(begins="00:00", ends="00:00").span_on(date(2026, 11, 26)) == (
        at("2026-11-26T00:00"),
        at("2026-11-27T00:00"),
    )


def test_hours_that_touch_are_followed_to_their_end() -> None:
    # Friday night, then the weekend, then Monday's early hours.
    nights = WeeklyHours(begins="20:00", ends="08:00")
    weekend = WeeklyHours(days=(Weekday.SATURDAY, Weekday.SUNDAY), begins="00:00", ends="00:00")

    assert end_of_hours((nights, weekend), at("2026-11-27T21:00")) == at("2026-11-30T08:00")


def test_a_digest_time_that_is_skipped_is_as_much_later() -> None:
    assert next_time("02:30", "Europe/Berlin", at("2026-03-28T12:00")) == at("2026-03-29T01:30")
    assert next_time("08:00", "Europe/Berlin", at("2026-11-26T07:00")) == at("2026-11-27T07:00")


@pytest.mark.parametrize("wrong", [{"zone": "Berlin"}, {"begins": "24:00"}, {"ends": "7:00"}, {"days": ["FUNDAY"]}])
def test_what_no_clock_shows_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WeeklyHours.model_validate({"begins": "22:00", "ends": "07:00", **wrong})
