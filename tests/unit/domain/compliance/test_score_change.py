"""What becomes of controls and scores once a fault is gone, against sums worked out by hand."""

from typing import Any

import pytest

from domain.compliance.control import Item, failed, passed, warned
from domain.compliance.framework import Framework, Requirement
from domain.compliance.judging import status_of
from domain.compliance.mending import Named
from domain.compliance.score_change import (
    NOT_FAR_ENOUGH,
    CheckNow,
    Fault,
    Outlook,
    Present,
    outlook_of,
)
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.framework import Fit
from domain.facts.severity import Severity
from tests.factories.controls import a_control

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
ACCOUNT = "123456789012"
# They count 6 and 3.
PASSWORDS = a_control("CW-IAM-04", Severity.HIGH, parameters={"min_length": 14, "history": 24})
KEYS = a_control("CW-IAM-05", Severity.MEDIUM)
WEAK = failed(ACCOUNT, "no password policy", "14 characters")
OLD, OTHER = failed("KEY-1", "100 days old", "90 days"), failed("KEY-2", "200 days old", "90 days")
YOUNG, GOOD = warned("KEY-1", "80 days old", "replaced"), passed("KEY-3", "3 days old")


def check(control_id: str, *items: Item, is_here: bool = True, **fields: Any) -> CheckNow:
    counts = {verdict: sum(item.verdict is verdict for item in items) for verdict in Verdict}
    usual = {"integration": Integration.AWS, "status": status_of({item.verdict for item in items}), "counts": counts}
    return CheckNow(control_id=control_id, is_here=is_here, items=items if is_here else (), **{**usual, **fields})


def fault(rule_id: str, native_id: str, name: str = "", **fields: Any) -> Fault:
    return Fault(rule_id=rule_id, resource=Named(native_id, name or native_id, ACCOUNT), **fields)


def stands(*checks: CheckNow, frameworks: tuple[Framework, ...] = (), **statuses: CheckStatus) -> Present:
    """An organization with two controls; what they say besides `checks` is named with underscores."""
    said = {name.replace("_", "-"): status for name, status in statuses.items()}
    return Present(controls=(PASSWORDS, KEYS), frameworks=frameworks, statuses=said, checks=checks)


def framework(*requirements: Requirement) -> Framework:
    return Framework(id="ours", name="Ours", version="1", requirements=requirements)


def requirement(id: str, *controls: str, findings: tuple[str, ...] = ()) -> Requirement:
    return Requirement(id=id, name=f"Name of {id}", group="G", controls=controls, findings=findings, fit=Fit.DIRECT)


def test_the_only_failing_thing_mended_makes_the_control_pass_and_the_score_rise() -> None:
    present = stands(check("CW-IAM-04", WEAK), CW_IAM_04=FAIL, CW_IAM_05=PASS)

    outlook = outlook_of(present, fault("aws-iam-password-policy", ACCOUNT))

    (change,) = outlook.controls
    assert (change.control_id, change.name, change.before, change.after) == ("CW-IAM-04", PASSWORDS.name, FAIL, PASS)
    assert (change.left, change.unforeseen) == (0, None)
    (score,) = outlook.scores
    assert (score.framework, score.before, score.after) == (None, 3 / 9, 9 / 9)
    assert (score.assessed_before, score.assessed_after, score.changed) == (1.0, 1.0, ("CW-IAM-04",))


def test_a_control_with_other_failing_things_fails_on_and_tells_how_many_are_left() -> None:
    elsewhere = check("CW-IAM-05", OTHER, OTHER, is_here=False)
    present = stands(check("CW-IAM-05", OLD, OTHER, GOOD), elsewhere, CW_IAM_05=FAIL)

    outlook = outlook_of(present, fault("aws-iam-key-rotation", "KEY-1"))

    (change,) = outlook.controls
    assert (change.before, change.after, change.left) == (FAIL, FAIL, 3)
    (score,) = outlook.scores
    assert (score.before, score.after, score.changed) == (0.0, 0.0, ())


def test_a_failing_check_of_another_account_or_system_keeps_the_control_failing() -> None:
    github = check("CW-IAM-05", failed("key/7", "400 days old", "90"), integration=Integration.GITHUB)
    present = stands(check("CW-IAM-05", OLD), github, CW_IAM_05=FAIL)

    (change,) = outlook_of(present, fault("aws-iam-key-unused", "KEY-1")).controls

    assert (change.after, change.left) == (FAIL, 1)


def test_what_cannot_be_read_elsewhere_is_what_is_said_once_nothing_fails() -> None:
    elsewhere = check("CW-IAM-05", is_here=False, status=ERROR)
    present = stands(check("CW-IAM-05", OLD), elsewhere, CW_IAM_05=FAIL)

    (change,) = outlook_of(present, fault("aws-iam-key-rotation", "KEY-1")).controls

    assert (change.after, change.left) == (ERROR, 0)


def test_a_warning_is_mended_too_and_counted_by_half_before() -> None:
    present = stands(check("CW-IAM-05", YOUNG, GOOD), CW_IAM_05=WARNING, CW_IAM_04=FAIL)

    outlook = outlook_of(present, fault("aws-iam-key-unused", "KEY-1"))

    assert [(one.before, one.after) for one in outlook.controls] == [(WARNING, PASS)]
    assert [(one.before, one.after) for one in outlook.scores] == [(1.5 / 9, 3 / 9)]


def test_a_remedy_that_goes_half_the_way_leaves_a_warning() -> None:
    unrecorded = failed("vpc-1", "no flow log", "flow log of all traffic")
    control = a_control("CW-LOG-03", Severity.MEDIUM)
    checks = (check(control.id, unrecorded),)
    present = Present(controls=(control,), frameworks=(), statuses={control.id: FAIL}, checks=checks)

    (change,) = outlook_of(present, fault("aws-vpc-flow-logs", "vpc-1")).controls

    assert (change.after, change.left) == (WARNING, 0)


def test_what_is_deleted_leaves_nothing_to_judge() -> None:
    token = failed("00T1", "ci: 200 days old, used 90 days ago", "used")
    present = stands(check("CW-IAM-05", token, integration=Integration.OKTA), CW_IAM_05=FAIL, CW_IAM_04=PASS)

    outlook = outlook_of(present, fault("okta-api-token-unused", "00T1", "ci"))

    assert [one.after for one in outlook.controls] == [CheckStatus.NOT_APPLICABLE]
    # The one control that still counts holds.
    assert [(one.before, one.after) for one in outlook.scores] == [(6 / 9, 6 / 6)]


def test_what_hangs_on_more_than_is_known_is_not_foreseen_but_told() -> None:
    dormant = failed("arn:aws:iam::123456789012:user/ops", "a credential of ops was not used for 200 days", "closed")
    control = a_control("CW-IAM-06", Severity.LOW)
    present = Present(
        controls=(control,), frameworks=(), statuses={control.id: FAIL}, checks=(check(control.id, dormant),)
    )

    outlook = outlook_of(present, fault("aws-iam-console-unused", dormant.resource, "ops"))

    (change,) = outlook.controls
    assert (change.before, change.after, change.left) == (FAIL, FAIL, 1)
    assert change.unforeseen == "The user may have access keys that nobody uses either."
    assert [one.changed for one in outlook.scores] == [()]


@pytest.mark.parametrize(("asked", "after", "why"), [(14, PASS, None), (16, FAIL, NOT_FAR_ENOUGH)])
def test_nothing_is_foreseen_where_more_is_asked_than_the_remedy_sets(asked: int, after: CheckStatus, why: Any) -> None:
    present = stands(check("CW-IAM-04", WEAK, parameters={"min_length": asked, "history": 24}), CW_IAM_04=FAIL)

    (change,) = outlook_of(present, fault("aws-iam-password-policy", ACCOUNT)).controls

    assert (change.after, change.unforeseen) == (after, why)


@pytest.mark.parametrize(
    "there",
    [
        (),
        (check("CW-IAM-05", OTHER),),
        (check("CW-IAM-05", OLD, is_here=False),),
        (check("CW-IAM-05", OLD, integration=Integration.GITHUB),),
        (check("CW-IAM-05", GOOD),),
        (check("CW-IAM-05", status=ERROR),),
        (check("CW-IAM-05", OTHER, OLD._replace(verdict=Verdict.EXEMPT)),),
    ],
    ids=["no check", "another thing", "another account", "another system", "holds", "not read", "exempt"],
)
def test_a_control_that_does_not_fail_because_of_the_resource_does_not_change(there: tuple[CheckNow, ...]) -> None:
    present = stands(*there, CW_IAM_05=FAIL)

    assert outlook_of(present, fault("aws-iam-key-rotation", "KEY-1")).controls == ()


def test_a_check_of_a_bundle_that_is_off_is_left_out() -> None:
    present = stands(check("CW-NET-02", failed("db", "publicly accessible", "")), CW_NET_02=FAIL)

    assert outlook_of(present, fault("aws-rds-public", "db")).controls == ()


def test_each_framework_tells_its_own_score_and_which_requirements_change() -> None:
    ours = framework(
        requirement("A", "CW-IAM-04"), requirement("B", "CW-IAM-04", "CW-IAM-05"), requirement("C", "CW-IAM-05")
    )
    present = stands(check("CW-IAM-04", WEAK), frameworks=(ours,), CW_IAM_04=FAIL, CW_IAM_05=WARNING)

    _, score = outlook_of(present, fault("aws-iam-password-policy", ACCOUNT)).scores

    assert (score.framework, score.name, score.before, score.after) == ("ours", "Ours", 1.5 / 9, 7.5 / 9)
    changes = [(one.id, one.name, one.before, one.after) for one in score.requirements]
    assert changes == [("A", "Name of A", FAIL, PASS), ("B", "Name of B", FAIL, WARNING)]


@pytest.mark.parametrize(("after", "left", "ratio"), [(PASS, 0, 4 / 4), (WARNING, 2, 3.5 / 4)])
def test_a_rule_that_a_framework_names_counts_by_the_findings_that_are_left(
    after: CheckStatus, left: int, ratio: float
) -> None:
    rule = "aws-ebs-gp2-to-gp3"
    ours = framework(requirement("A", "CW-IAM-05"), requirement("B", findings=(rule,)))
    said = {"CW-IAM-05": PASS, rule: WARNING}
    present = Present(controls=(KEYS,), frameworks=(ours,), statuses=said, checks=())

    outlook = outlook_of(present, fault(rule, "vol-1", rule_after=after, findings_left=left))

    # The rule is of severity LOW and counts 1 beside the 3 of the control.
    assert (outlook.controls, outlook.findings_left) == ((), left)
    assert (outlook.scores[1].before, outlook.scores[1].after) == (3.5 / 4, ratio)
    assert [one.id for one in outlook.scores[1].requirements] == (["B"] if after is PASS else [])
    assert outlook.scores[1].changed == ((rule,) if after is PASS else ())


def test_an_outlook_survives_being_stored() -> None:
    present = stands(check("CW-IAM-04", WEAK), frameworks=(framework(requirement("A", "CW-IAM-04")),), CW_IAM_04=FAIL)
    outlook = outlook_of(present, fault("aws-iam-password-policy", ACCOUNT))

    assert Outlook.model_validate(outlook.model_dump(mode="json")) == outlook
