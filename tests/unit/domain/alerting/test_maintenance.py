"""What a maintenance window covers, and until when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.alerting.hours import WeeklyHours
from domain.alerting.maintenance import Window, covers, open_until
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
