"""When things are due: at moments of their own, a cadence apart."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import check_cadence, next_due
from domain.errors import Invalid

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@given(
    st.text(max_size=30),
    st.timedeltas(timedelta(minutes=5), timedelta(days=7)),
    st.timedeltas(timedelta(0), timedelta(days=2000)).map(lambda later: NOW + later),
)
def test_the_next_time_is_after_now_and_within_one_cadence(key, every, now):
    due = next_due(key, every, now)

    assert now < due <= now + every + timedelta(milliseconds=1)


def test_two_times_of_one_key_lie_a_cadence_apart():
    first = next_due("account", QUARTER, NOW)

    assert abs(next_due("account", QUARTER, first) - first - QUARTER) <= timedelta(milliseconds=1)


def test_a_thousand_keys_are_spread_over_the_whole_cadence():
    minutes = {int((next_due(f"account {n}", QUARTER, NOW) - NOW).total_seconds() // 60) for n in range(1000)}

    assert minutes == set(range(15))


@pytest.mark.parametrize("every", [timedelta(minutes=5), timedelta(days=7)])
def test_the_ends_of_the_range_are_allowed(every):
    assert check_cadence(every, ("input",)) == every


@pytest.mark.parametrize("every", [timedelta(minutes=5, microseconds=-1), timedelta(days=7, microseconds=1)])
def test_beyond_them_the_field_is_named(every):
    with pytest.raises(Invalid) as refused:
        check_cadence(every, ("input", "sync_every"))

    assert refused.value.path == ("input", "sync_every")
