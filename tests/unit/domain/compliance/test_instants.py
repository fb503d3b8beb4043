"""The moments that providers send."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.compliance.instants import age, instant

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "sent",
    [
        "2026-06-01T12:00:00Z",
        "2026-06-01T12:00:00+00:00",
        "2026-06-01T14:00:00.000+0200",
        "2026-06-01T12:00:00.000000000Z",
        "2026-06-01T12:00:00",
        "2026-06-01 12:00:00",
        # 20,605 whole days since 1970 (56 years with 14 leap days, then 151 days), and half a day.
        20_605 * 86_400 + 43_200,
        (20_605 * 86_400 + 43_200) * 1.0,
        datetime(2026, 6, 1, 12, tzinfo=UTC),
        datetime(2026, 6, 1, 12),  # noqa: DTZ001 - without a zone
    ],
)
def test_same_moment_is_read_however_it_is_sent(sent: str | float | datetime) -> None:
    assert instant(sent) == NOON
    assert instant(sent).tzinfo is UTC


def test_a_date_alone_is_its_midnight() -> None:
    assert instant("2026-06-01") == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "error"), [("N/A", ValueError), ("", ValueError), (None, TypeError), (True, TypeError)]
)
def test_what_is_no_moment_is_refused(sent: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        instant(sent)


def test_age_counts_back_from_now() -> None:
    assert age("2026-05-31T12:00:00Z", NOON) == timedelta(days=1)
    assert age("2026-06-01T13:00:00Z", NOON) == timedelta(hours=-1)
