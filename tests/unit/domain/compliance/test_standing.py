"""How checks stand over time."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.compliance.naming import control_of, fingerprint_of
from domain.compliance.standing import Standing, is_due, next_check, stand, told
from domain.facts.compliance import CheckStatus, Frequency

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAIL, PASS, ERROR = CheckStatus.FAIL, CheckStatus.PASS, CheckStatus.ERROR


def after(*statuses: CheckStatus, every: timedelta = HOUR) -> Standing:
    """How a check stands after these judgements, the last of them now."""
    standing = None
    for number, status in enumerate(statuses):
        standing = stand(standing, status, NOW - (len(statuses) - 1 - number) * every)
    assert standing is not None
    return standing


def test_the_first_judgement_is_no_change() -> None:
    assert after(FAIL) == Standing(FAIL, NOW, 1)


def test_the_same_again_counts_and_keeps_since_when() -> None:
    assert after(PASS, PASS, PASS) == Standing(PASS, NOW - 2 * HOUR, 3)


def test_a_change_begins_anew_and_is_remembered_for_a_day() -> None:
    assert after(FAIL, PASS) == Standing(PASS, NOW, 1, (NOW,))
    assert after(FAIL, PASS, PASS, every=DAY) == Standing(PASS, NOW - DAY, 2, ())


@pytest.mark.parametrize(
    ("statuses", "is_flapping", "holds"),
    [
        ((FAIL, PASS, FAIL, PASS), False, True),
        ((FAIL, PASS, FAIL, PASS, FAIL), True, False),
        ((FAIL, PASS, FAIL, PASS, FAIL, FAIL), True, True),
    ],
)
def test_more_than_three_changes_in_a_day_are_flapping(
    statuses: tuple[CheckStatus, ...], is_flapping: bool, holds: bool
) -> None:
    standing = after(*statuses)

    assert (standing.is_flapping, standing.holds) == (is_flapping, holds)


@pytest.mark.parametrize(
    ("before", "statuses", "expected"),
    [
        (None, (FAIL,), FAIL),
        (FAIL, (FAIL, PASS), None),
        (FAIL, (FAIL, CheckStatus.WARNING), None),
        (FAIL, (FAIL, CheckStatus.EXEMPT), None),
        (FAIL, (FAIL, CheckStatus.NOT_APPLICABLE), None),
        # What cannot be looked at may still fail.
        (FAIL, (FAIL, ERROR), FAIL),
        (FAIL, (FAIL, CheckStatus.NOT_ASSESSED), FAIL),
        (None, (PASS, ERROR), None),
        (None, (PASS, CheckStatus.NOT_ASSESSED), None),
        (ERROR, (ERROR, PASS), None),
        (ERROR, (ERROR, FAIL), FAIL),
        (ERROR, (ERROR, ERROR), ERROR),
        # Flapping: what people know stays until it holds.
        (None, (FAIL, PASS, FAIL, PASS, FAIL), None),
        (None, (FAIL, PASS, FAIL, PASS, FAIL, FAIL), FAIL),
    ],
)
def test_people_hear_of_failures_until_something_was_seen_to_pass(
    before: CheckStatus | None, statuses: tuple[CheckStatus, ...], expected: CheckStatus | None
) -> None:
    assert told(before, after(*statuses), NOW) is expected


def test_an_error_is_told_of_once_it_has_lasted_a_day() -> None:
    assert told(None, Standing(ERROR, NOW - DAY + HOUR, 9), NOW) is None
    assert told(None, Standing(ERROR, NOW - DAY, 9), NOW) is ERROR


@pytest.mark.parametrize("frequency", list(Frequency))
def test_the_next_check_is_never_further_away_than_its_frequency(frequency: Frequency) -> None:
    every = timedelta(minutes=frequency.minutes)

    assert NOW < next_check("a check", frequency, NOW) <= NOW + every + timedelta(milliseconds=1)


def test_a_check_is_due_at_its_time_and_when_its_time_came_from_a_clock_that_was_ahead() -> None:
    assert is_due(NOW, Frequency.DAILY, NOW)
    assert not is_due(NOW + HOUR, Frequency.DAILY, NOW)
    assert is_due(NOW + 2 * DAY, Frequency.DAILY, NOW)


def test_the_alert_of_a_control_is_known_by_its_cause() -> None:
    assert control_of(fingerprint_of("CW-IAM-01", "AWS", "5f0")) == "CW-IAM-01"
    assert fingerprint_of("CW-GOV-01", "PLATFORM", None) == "check:CW-GOV-01:PLATFORM:own"
    assert control_of("finding:5f0:aws-s3:bucket") is None
    assert control_of("check:x") is None
