"""When what is planned by the day and the hour ran last. 2026-06-01 is a Monday."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.compliance.schedules import parse_cron
from domain.compliance.windows_zones import IANA


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "until", "ran"),
    [
        ("30 9 * * *", at(3, 9, 30), at(3, 9, 30)),
        ("30 9 * * *", at(3, 9, 29), at(2, 9, 30)),
        ("*/20 8-9 * * *", at(3, 9, 50), at(3, 9, 40)),
        ("5/25 8 * * *", at(3, 12), at(3, 8, 55)),
        ("0 8,18 * * *", at(3, 12), at(3, 8)),
        ("0 18 * * MON", at(3), at(1, 18)),
        ("0 18 * jun 5-7", at(16), at(14, 18)),
        # Sunday is 0 and 7.
        ("0 0 * * 7", at(9), at(7)),
        ("0 0 * * 0", at(9), at(7)),
        ("0 0 5 * *", at(9), at(5)),
        # Both days are limited: either is enough.
        ("0 0 5 * MON", at(9), at(8)),
        ("0 0 5 * MON", at(7), at(5)),
        # Not in the week before.
        ("0 0 1 * *", at(20), None),
        ("0 0 * dec *", at(9), None),
    ],
)
def test_a_line_of_cron_has_run_when_it_says(cron: str, until: datetime, ran: datetime | None) -> None:
    assert parse_cron(cron, "Etc/UTC").last_run(until) == ran


def test_it_runs_by_the_clock_of_its_zone() -> None:
    # In summer Berlin is two hours before UTC.
    assert parse_cron("0 9 * * *", "Europe/Berlin").last_run(at(3, 8)) == at(3, 7)


@pytest.mark.parametrize("cron", ["0 9 * *", "60 9 * * *", "0 9 * * 5-4", "x 9 * * *", "*/0 9 * * *", "0 9 0 * *"])
def test_anything_else_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_cron(cron, "Etc/UTC")


def test_every_zone_that_windows_names_is_one() -> None:
    assert all(ZoneInfo(zone) for zone in IANA.values())
