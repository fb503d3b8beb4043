"""Priority: urgency, saving and ease in one number, worked out by hand."""

from decimal import Decimal

import pytest

from domain.facts.finding import Risk
from domain.facts.severity import Severity
from domain.findings_priority import BY_HAND, effort, priority, priority_of
from domain.remediation.remedy import Reversible
from domain.rules.registry import all_rules, get_rule


@pytest.mark.parametrize(
    ("severity", "saving", "hard", "expected"),
    [
        # Urgency 60, and no effort leaves all 10 for ease.
        (Severity.CRITICAL, None, 0, 70),
        # By hand, no ease is left.
        (Severity.INFORMATIONAL, None, BY_HAND, 0),
        # Urgency 30, a hundred is two tenfolds at 7.5 each, and an effort of 4 leaves 6.
        (Severity.MEDIUM, Decimal(99), 4, 51),
        # Urgency 45, one tenfold at 7.5, ease 10: halves go to the even number.
        (Severity.HIGH, Decimal(9), 0, 62),
        # Urgency 15, five tenfolds at 7.5 of which 30 points count, ease 10.
        (Severity.LOW, Decimal(99_999), 0, 55),
        (Severity.LOW, Decimal(-5), 0, 25),
    ],
)
def test_the_formula(severity: Severity, saving: Decimal | None, hard: int, expected: int) -> None:
    assert priority(severity, saving, hard) == expected


def test_effort_rises_with_risk_and_with_what_cannot_be_taken_back_and_a_hand_costs_most() -> None:
    efforts = [effort(risk, back) for risk in Risk for back in (Reversible.YES, Reversible.PARTLY, Reversible.NO)]

    assert efforts == [0, 1, 3, 2, 3, 5, 5, 6, 8]
    assert max(efforts) < effort(Risk.LOW, None) == BY_HAND


def test_a_rule_says_how_hard_its_remedy_is() -> None:
    rule = get_rule("aws-ebs-unattached")
    assert rule.remedy is not None
    by_hand = rule.model_copy(update={"remedy": None, "manual": "Look at it."})

    eased = priority_of(rule, Decimal(9)) - priority_of(by_hand, Decimal(9))

    assert eased == pytest.approx(BY_HAND - effort(rule.risk, rule.remedy.reversible), abs=1)


def test_every_rule_has_a_priority_between_0_and_100() -> None:
    for rule in all_rules():
        assert 0 <= priority_of(rule, None) <= priority_of(rule, Decimal(10) ** 9) <= 100
