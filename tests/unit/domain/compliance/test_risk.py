"""How grave a risk is, and how well the controls that treat it hold."""

import pytest

from domain.compliance.risk import level_of, worst_of
from domain.facts.compliance import CheckStatus
from domain.facts.register import RiskLevel

FAIL, WARNING, PASS, UNKNOWN = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize(
    ("likelihood", "impact", "level"),
    [
        (1, 5, RiskLevel.LOW),
        (2, 3, RiskLevel.MEDIUM),
        (3, 4, RiskLevel.MEDIUM),
        (3, 5, RiskLevel.HIGH),
        (5, 5, RiskLevel.HIGH),
    ],
)
def test_a_risk_is_as_grave_as_likelihood_times_impact(likelihood: int, impact: int, level: RiskLevel) -> None:
    assert level_of(likelihood, impact) is level


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ([PASS, FAIL, UNKNOWN], FAIL),
        ([PASS, UNKNOWN, WARNING], UNKNOWN),
        ([PASS, WARNING], WARNING),
        ([PASS], PASS),
        ([], None),
    ],
)
def test_what_is_not_known_of_a_control_is_no_comfort(statuses: list[CheckStatus], worst: CheckStatus | None) -> None:
    assert worst_of(statuses) is worst
