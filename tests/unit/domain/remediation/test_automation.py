"""What a policy approves by itself, and what it says where it does not."""

from dataclasses import replace

import pytest

from domain.facts.finding import Risk
from domain.facts.remediation import Left, PolicyMode, RemediationState
from domain.remediation.automation import SAYS, Situation, decide, left_before_planning

FREE = Situation(risk=Risk.LOW, is_production=True, mode=PolicyMode.RUN, is_dry=False, has_credentials=True, missing=[])


@pytest.mark.parametrize(
    ("risk", "is_production", "reasons"),
    [
        (Risk.LOW, True, ()),
        (Risk.LOW, False, ()),
        (Risk.MEDIUM, False, ()),
        (Risk.MEDIUM, True, (Left.PRODUCTION,)),
        (Risk.HIGH, False, (Left.HIGH_RISK,)),
        (Risk.HIGH, True, (Left.HIGH_RISK,)),
    ],
)
def test_risk_decides_what_runs_without_asking(risk: Risk, is_production: bool, reasons: tuple[Left, ...]) -> None:
    decision = decide(replace(FREE, risk=risk, is_production=is_production))

    assert decision.reasons == reasons
    assert decision.is_approved is (reasons == ())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"is_on": False}, Left.POLICY_OFF),
        ({"is_allowed": False}, Left.NOT_ALLOWED),
        ({"is_stopped": True}, Left.STOPPED),
        ({"mode": PolicyMode.PROPOSE}, Left.PROPOSED),
        ({"is_dry": True}, Left.DRY),
        ({"has_credentials": False, "missing": ["ec2:ModifyVolume"]}, Left.NO_CREDENTIALS),
        ({"missing": ["ec2:ModifyVolume"]}, Left.MISSING_PERMISSION),
        ({"full": Left.CAP_OF_DAY}, Left.CAP_OF_DAY),
        ({"full": Left.CAP_OF_RUN}, Left.CAP_OF_RUN),
    ],
)
def test_what_hinders_a_policy_leaves_the_plan_to_people_and_says_so(changed: dict[str, object], reason: Left) -> None:
    decision = decide(replace(FREE, **changed))  # type: ignore[arg-type]  # of parameters

    assert decision.reasons == (reason,)
    assert decision.says == SAYS[reason]


def test_provider_that_tells_no_permissions_hinders_nothing() -> None:
    assert decide(replace(FREE, missing=None)).is_approved


def test_policy_that_is_gone_is_the_only_reason_then() -> None:
    gone = replace(FREE, is_on=False, is_dry=True, mode=PolicyMode.PROPOSE, risk=Risk.HIGH)

    assert decide(gone).reasons == (Left.POLICY_OFF,)


def test_every_reason_is_told() -> None:
    decision = decide(replace(FREE, risk=Risk.HIGH, is_dry=True))

    assert decision.reasons == (Left.DRY, Left.HIGH_RISK)
    assert decision.says == f"{SAYS[Left.DRY]} {SAYS[Left.HIGH_RISK]}"


def test_approval_says_why_it_was_given() -> None:
    outside = replace(FREE, risk=Risk.MEDIUM, is_production=False)

    assert decide(FREE).says == "Its risk is low."
    assert decide(outside).says == "Its risk is medium and the resource is outside production."


def test_every_reason_has_a_sentence() -> None:
    assert set(SAYS) == set(Left)


@pytest.mark.parametrize("state", ["DONE", "UNVERIFIED", "UNDONE", "STOPPED", "ROLLED_BACK", "CANCELLED"])
def test_what_was_tried_or_ended_by_people_is_not_tried_again(state: str) -> None:
    assert left_before_planning(RemediationState(state), is_exempt=False) is Left.TRIED_BEFORE


@pytest.mark.parametrize(
    "state", ["PLANNING", "PLANNED", "APPROVED", "RUNNING", "VERIFYING", "UNDOING", "ROLLING_BACK"]
)
def test_open_remediation_is_waited_for(state: str) -> None:
    assert left_before_planning(RemediationState(state), is_exempt=False) is Left.OPEN_ALREADY


@pytest.mark.parametrize("state", [None, "REFUSED", "VOID", "EXPIRED"])
def test_finding_of_which_nothing_was_changed_is_planned_unless_it_is_exempt(state: str | None) -> None:
    last = None if state is None else RemediationState(state)

    assert left_before_planning(last, is_exempt=False) is None
    assert left_before_planning(last, is_exempt=True) is Left.EXEMPT
