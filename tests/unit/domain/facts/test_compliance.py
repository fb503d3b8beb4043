"""The words of compliance."""

import pytest

from domain.facts.compliance import WEIGHTS, CheckStatus, Frequency, Verdict
from domain.facts.severity import Severity

DAY = 24 * 60


@pytest.mark.parametrize(
    ("frequency", "minutes"),
    [
        (Frequency.HALF_HOURLY, 30),
        (Frequency.DAILY, DAY),
        (Frequency.WEEKLY, 7 * DAY),
        (Frequency.MONTHLY, 30 * DAY),
        (Frequency.QUARTERLY, 92 * DAY),
        (Frequency.ANNUAL, 365 * DAY),
    ],
)
def test_a_frequency_is_so_many_minutes(frequency: Frequency, minutes: int) -> None:
    assert frequency.minutes == minutes


def test_every_frequency_is_longer_than_the_one_before() -> None:
    minutes = [frequency.minutes for frequency in Frequency]

    assert minutes == sorted(set(minutes))


def test_a_graver_control_weighs_more() -> None:
    # No control is for information alone.
    assert set(WEIGHTS) == set(Severity) - {Severity.INFORMATIONAL}
    assert [WEIGHTS[one] for one in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)] == [10, 6, 3, 1]


def test_every_verdict_is_a_status_too() -> None:
    assert {verdict.value for verdict in Verdict} < {status.value for status in CheckStatus}
