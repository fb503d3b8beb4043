"""A summary says what stands in plain words, and what it does not know."""

from decimal import Decimal

import pytest

from domain.facts.severity import Severity
from domain.facts.status import StatusKind
from domain.status.summary import StatusNumbers, alerts_text, costs_text, integrations_text, plain, status_lines


def test_alerts_are_counted_by_severity_the_worst_first() -> None:
    counts = {Severity.LOW: 3, Severity.CRITICAL: 1, Severity.HIGH: 0}

    assert alerts_text(StatusNumbers(open_alerts=counts)) == "4 open: 1 critical, 3 low."
    assert alerts_text(StatusNumbers()) == "None open."


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        ("1100", "1000", "1,100.00 EUR this month so far, +10 % against 1,000.00 in the same days of last month"),
        ("500", "1000", "500.00 EUR this month so far, -50 % against 1,000.00 in the same days of last month"),
        ("5", "0", "5.00 EUR this month so far"),
    ],
)
def test_costs_are_held_against_the_same_days_of_last_month(now: str, before: str, text: str) -> None:
    numbers = StatusNumbers(
        currency="EUR",
        month_to_date=Decimal(now),
        same_days_last_month=Decimal(before),
        last_month=Decimal(2000),
    )

    assert costs_text(numbers) == f"{text}; last month was 2,000.00 in all."


def test_costs_that_do_not_add_up_or_are_not_there_are_said_so() -> None:
    assert costs_text(StatusNumbers()) == "Nothing billed yet."
    assert costs_text(StatusNumbers(is_mixed=True)).startswith("Amounts are in several currencies")


def test_failing_integrations_are_named_and_many_are_counted() -> None:
    names = [f"account {number}" for number in range(7)]

    assert integrations_text(StatusNumbers()) == "No account is connected."
    assert integrations_text(StatusNumbers(connected=3)) == "All 3 work."
    assert integrations_text(StatusNumbers(connected=3, failing=["a"])) == "1 of 3 fail: a."
    assert integrations_text(StatusNumbers(connected=9, failing=names)) == (
        "7 of 9 fail: account 0, account 1, account 2, account 3, account 4 and 2 more."
    )


def test_only_what_was_asked_for_is_told_and_compliance_is_not_made_up() -> None:
    lines = status_lines([StatusKind.COMPLIANCE, StatusKind.ALERTS], StatusNumbers())

    assert plain(lines) == "Open alerts: None open.\nCompliance: Not judged yet: no controls are evaluated so far."
