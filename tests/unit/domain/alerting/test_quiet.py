"""When a channel stays quiet, and what breaks through."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from domain.alerting.hours import WeeklyHours
from domain.alerting.quiet import USUAL_LIMIT, NoiseLimit, QuietHours, limit_of, quiet_until
from domain.facts.severity import Severity

NIGHT = QuietHours(hours=(WeeklyHours(begins="22:00", ends="07:00"),))
EVENING = datetime(2026, 11, 26, 23, tzinfo=UTC)
MORNING = datetime(2026, 11, 27, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "until"), [(Severity.CRITICAL, None), (Severity.HIGH, MORNING), (Severity.LOW, MORNING)]
)
def test_what_is_as_bad_as_was_said_breaks_through(severity: Severity, until: datetime | None) -> None:
    assert quiet_until(NIGHT, EVENING, severity) == until


def test_a_digest_never_breaks_through() -> None:
    assert quiet_until(NIGHT, EVENING, None) == MORNING


def test_nothing_breaks_through_where_nothing_may() -> None:
    silent = NIGHT.model_copy(update={"breaks_through": None})

    assert quiet_until(silent, EVENING, Severity.CRITICAL) == MORNING


def test_a_channel_without_quiet_hours_is_told_at_once() -> None:
    assert quiet_until(None, EVENING, Severity.LOW) is None
    assert quiet_until(NIGHT, MORNING, Severity.LOW) is None


def test_a_channel_takes_the_usual_unless_it_says_otherwise() -> None:
    limit = NoiseLimit(messages=1, minutes=5)

    assert limit_of(None) == limit_of(NIGHT) == USUAL_LIMIT
    assert limit_of(NIGHT.model_copy(update={"limit": limit})) == limit


def test_hours_that_never_end_are_refused() -> None:
    day = WeeklyHours(begins="00:00", ends="00:00")

    with pytest.raises(ValidationError, match="never end"):
        QuietHours(hours=(day,))
