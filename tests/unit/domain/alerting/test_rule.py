"""Which alerts a rule is about, and what it says of the others."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from domain.alerting.hours import WEEK, WeeklyHours
from domain.alerting.rule import AlertFacts, EscalationStep, Rule, mismatch
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity

# A Thursday, 18:30 in Berlin.
ALERT = AlertFacts(
    severity=Severity.HIGH,
    source=AlertSource.FINDING,
    category=AlertCategory.SECOPS,
    at=datetime(2026, 11, 26, 17, 30, tzinfo=UTC),
    account_id="a1",
    tags={"env": "live", "team": "shop"},
)
OFFICE = WeeklyHours(zone="Europe/Berlin", days=WEEK[:5], begins="08:00", ends="18:00")
EVENING = WeeklyHours(zone="Europe/Berlin", days=WEEK[:5], begins="18:00", ends="08:00")


def rule(**conditions: Any) -> Rule:
    return Rule(id="r", name="rule", **conditions)


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"severities": (Severity.LOW, Severity.HIGH)},
        {"at_least": Severity.HIGH},
        {"at_least": Severity.MEDIUM},
        {"sources": (AlertSource.FINDING,)},
        {"categories": (AlertCategory.SECOPS, AlertCategory.FINOPS)},
        {"account_ids": ("a2", "a1")},
        {"tags": ("env=live",)},
        {"tags": ("env=live", "env=test", "team=shop")},
        {"hours": (OFFICE, EVENING)},
        {"severities": (Severity.HIGH,), "tags": ("team=shop",), "hours": (EVENING,)},
    ],
)
def test_a_rule_is_about_an_alert_that_meets_every_condition(conditions: dict[str, Any]) -> None:
    assert mismatch(rule(**conditions), ALERT) is None


@pytest.mark.parametrize(
    ("conditions", "reason"),
    [
        ({"is_enabled": False}, "The rule is switched off."),
        ({"severities": (Severity.LOW, Severity.MEDIUM)}, "HIGH is none of LOW, MEDIUM."),
        ({"at_least": Severity.CRITICAL}, "HIGH is less than CRITICAL."),
        ({"sources": (AlertSource.BUDGET,)}, "FINDING is none of BUDGET."),
        ({"categories": (AlertCategory.FINOPS,)}, "SECOPS is none of FINOPS."),
        ({"account_ids": ("a2",)}, "It is of none of the accounts."),
        ({"tags": ("env=test", "env=dev")}, "It lacks the tag env=test or dev."),
        ({"tags": ("env=live", "owner=ann")}, "It lacks the tag owner=ann."),
        ({"hours": (OFFICE,)}, "It was raised outside of the hours."),
        ({"at_least": Severity.HIGH, "account_ids": ("a2",)}, "It is of none of the accounts."),
    ],
)
def test_a_rule_says_which_condition_does_not_hold(conditions: dict[str, Any], reason: str) -> None:
    assert mismatch(rule(**conditions), ALERT) == reason


def test_a_value_of_a_tag_may_hold_an_equals_sign() -> None:
    alert = AlertFacts(ALERT.severity, ALERT.source, ALERT.category, ALERT.at, tags={"query": "a=b"})

    assert mismatch(rule(tags=("query=a=b",)), alert) is None


@pytest.mark.parametrize(
    "wrong", [{"tags": ("env",)}, {"tags": ("=live",)}, {"delay_minutes": 1441}, {"zone": "Mars"}, {"digest_at": "8"}]
)
def test_a_rule_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)


def test_an_escalation_tells_somebody() -> None:
    with pytest.raises(ValidationError):
        EscalationStep(after_minutes=5, channel_ids=())
