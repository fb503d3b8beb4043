"""How much a channel takes, which repeats are told, and what a summary says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.alerting.gathering import MOST_LINES, Gathered, counted, named, shown
from domain.alerting.noise import full_until, recent, telling_count
from domain.alerting.quiet import NoiseLimit
from domain.facts.severity import Severity

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_channel_is_full_until_the_oldest_of_its_messages_no_longer_counts() -> None:
    limit = NoiseLimit(messages=2, minutes=10)
    told = [NOW - 4 * MINUTE, NOW - 9 * MINUTE, NOW - 10 * MINUTE]

    assert recent(told, limit, NOW) == (NOW - 9 * MINUTE, NOW - 4 * MINUTE)
    assert full_until(told, limit, NOW) == NOW + MINUTE
    assert full_until(told[:1], limit, NOW) is None


@given(
    st.lists(st.integers(0, 3600), max_size=80).map(sorted),
    st.builds(NoiseLimit, messages=st.integers(1, 8), minutes=st.integers(1, 20)),
)
def test_no_window_ever_holds_more_than_the_limit(seconds: list[int], limit: NoiseLimit) -> None:
    told: list[datetime] = []
    for second in seconds:
        at = NOW + timedelta(seconds=second)
        if full_until(told, limit, at) is None:
            told.append(at)
        else:
            assert len(recent(told, limit, at)) == limit.messages

    for at in told:
        assert len([other for other in told if at <= other < at + limit.minutes * MINUTE]) <= limit.messages


@pytest.mark.parametrize(
    ("occurrences", "count"), [(1, None), (9, None), (10, 10), (99, 10), (100, 100), (123_456, 100_000)]
)
def test_repeats_are_told_at_powers_of_ten(occurrences: int, count: int | None) -> None:
    assert telling_count(occurrences) == count


def test_a_summary_counts_by_severity_and_shows_the_worst() -> None:
    alerts = [Gathered(Severity.LOW, f"low {number}", "") for number in range(MOST_LINES)]
    alerts += [Gathered(Severity.CRITICAL, "worst", ""), Gathered(Severity.LOW, "last", "")]

    listed, more = shown(alerts)

    assert counted(alerts) == f"1 CRITICAL, {MOST_LINES + 1} LOW"
    assert [one.title for one in listed[:2]] == ["worst", "low 0"]
    assert (len(listed), more) == (MOST_LINES, 2)
    assert shown(alerts[:3]) == (alerts[:3], 0)


def test_a_summary_names_plans_apart_and_behind_alerts() -> None:
    plan, low = Gathered(None, "plan", ""), Gathered(Severity.LOW, "low", "")

    assert [named(things) for things in ([plan], [low, low], [plan, low])] == [
        "1 plan",
        "2 alerts",
        "1 alert and 1 plan",
    ]
    assert shown([plan, low]) == ([low, plan], 0)
    assert (counted([plan]), counted([plan, low])) == ("", "1 LOW")
