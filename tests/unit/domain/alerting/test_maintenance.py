"""What a maintenance window covers, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.alerting.hours import Weekday, WeeklyHours
from domain.alerting.maintenance import Window, covers, open_until, was_open
from domain.alerting.rule import AlertFacts
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALERT = AlertFacts(
    severity=Severity.HIGH,
    source=AlertSource.FINDING,
    category=AlertCategory.SECOPS,
    at=NOON,
    account_id="a1",
    resources=frozenset({"arn:bucket", "5f"}),
    tags={"env": "live"},
)
LUNCH = WeeklyHours(begins="11:30", ends="13:00")


def window(**fields: Any) -> Window:
    return Window(id="w", name="move", **fields)


@pytest.mark.parametrize(
    ("named", "is_covered"),
    [
        ({}, True),
        ({"account_ids": ("a2", "a1")}, True),
        ({"resources": ("arn:bucket",)}, True),
        ({"tags": ("env=live",)}, True),
        ({"account_ids": ("a2",), "tags": ("env=live",)}, True),
        ({"account_ids": ("a2",)}, False),
        ({"resources": ("arn:other",)}, False),
        ({"tags": ("env=test", "live=env")}, False),
    ],
)
def test_a_window_covers_what_it_names_in_any_way_and_everything_when_it_names_nothing(
    named: dict[str, Any], is_covered: bool
) -> None:
    assert covers(window(**named), ALERT) is is_covered


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"starts_at": NOON, "ends_at": NOON + HOUR}, NOON + HOUR),
        ({"starts_at": NOON + HOUR, "ends_at": NOON + 2 * HOUR}, None),
        ({"starts_at": NOON - HOUR, "ends_at": NOON}, None),
        ({"weekly": LUNCH}, NOON + HOUR),
        ({"weekly": LUNCH, "ends_at": NOON + HOUR / 2}, NOON + HOUR / 2),
        ({"weekly": LUNCH, "ends_at": NOON + 9 * HOUR}, NOON + HOUR),
        ({"weekly": LUNCH, "starts_at": NOON + HOUR / 2}, None),
        ({"weekly": WeeklyHours(begins="13:00", ends="14:00"), "ends_at": NOON + 9 * HOUR}, None),
    ],
)
def test_a_window_is_open_between_its_ends_and_every_week_in_its_hours(
    fields: dict[str, Any], until: datetime | None
) -> None:
    assert open_until(window(**fields), NOON) == until


@pytest.mark.parametrize(
    ("fields", "first", "until", "expected"),
    [
        ({}, 0, 1, True),
        ({"starts_at": NOON + HOUR}, 0, 2, True),
        ({"starts_at": NOON + HOUR}, 0, 1, False),
        ({"ends_at": NOON}, -1, 1, True),
        ({"ends_at": NOON}, 0, 1, False),
        ({"starts_at": NOON, "ends_at": NOON + HOUR / 2}, -1, 1, True),
        ({"weekly": LUNCH}, 0, 5, True),
        ({"weekly": LUNCH}, 1, 5, False),
        ({"weekly": LUNCH}, 1, 24, True),
        ({"weekly": LUNCH, "ends_at": NOON + 9 * HOUR}, 1, 24, False),
        # The 26th is a Thursday.
        ({"weekly": WeeklyHours(days=(Weekday.WEDNESDAY,), begins="23:00", ends="13:00")}, 0, 1, True),
        ({"weekly": WeeklyHours(days=(Weekday.FRIDAY,), begins="11:30", ends="13:00")}, 0, 5, False),
        ({"weekly": WeeklyHours(days=(Weekday.THURSDAY,), begins="11:00", ends="11:30")}, 0, 24 * 30, True),
    ],
)
def test_a_window_was_open_at_some_time_between_two_instants(
    fields: dict[str, Any], first: int, until: int, expected: bool
) -> None:
    assert was_open(window(**fields), NOON + first * HOUR, NOON + until * HOUR) is expected
