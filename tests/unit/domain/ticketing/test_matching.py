"""A rule takes the alerts that have everything it names."""

from typing import Any

import pytest

from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity
from domain.ticketing.matching import TicketMatch

ALERT = {
    "severity": "HIGH",
    "source": "CHECK",
    "category": "COMPLIANCE",
    "account_id": "a1",
    "tags": {"team": "red", "stage": "live"},
}


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"severities": (Severity.HIGH, Severity.LOW)},
        {"sources": (AlertSource.CHECK,), "categories": (AlertCategory.COMPLIANCE,)},
        {"account_ids": ("a0", "a1")},
        {"tags": {"team": "red"}},
        {"tags": {"team": "red", "stage": "live"}},
    ],
)
def test_an_alert_that_has_all_of_it_is_taken(named: dict[str, Any]) -> None:
    assert TicketMatch(**named).takes(ALERT)


@pytest.mark.parametrize(
    "named",
    [
        {"severities": (Severity.LOW,)},
        {"sources": (AlertSource.FINDING,)},
        {"severities": (Severity.HIGH,), "categories": (AlertCategory.FINOPS,)},
        {"account_ids": ("a2",)},
        {"tags": {"team": "blue"}},
        {"tags": {"team": "red", "owner": "x"}},
    ],
)
def test_an_alert_that_lacks_some_of_it_is_not(named: dict[str, Any]) -> None:
    assert not TicketMatch(**named).takes(ALERT)


def test_an_alert_without_tags_bears_none() -> None:
    assert not TicketMatch(tags={"team": "red"}).takes({"severity": "HIGH", "tags": None})
