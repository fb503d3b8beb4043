"""Scores, standings, gaps and changes, against sums worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.compliance.framework import Framework, Requirement
from domain.compliance.gap import EFFORTS, changes_of, effort_of, gaps_of
from domain.compliance.score import answering, gain_of, rolled_up, score_of, standing_of, weights_of
from domain.facts.compliance import CheckStatus, EvidenceKind
from domain.facts.framework import Effort, Fit
from domain.facts.severity import Severity
from tests.factories.controls import a_control

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
UNKNOWN, NONE, EXEMPT = CheckStatus.NOT_ASSESSED, CheckStatus.NOT_APPLICABLE, CheckStatus.EXEMPT
# One of each severity: 10, 6, 3 and 1.
FOUR = (
    a_control("CW-IAM-01", Severity.CRITICAL),
    a_control("CW-IAM-02", Severity.HIGH),
    a_control("CW-IAM-03", Severity.MEDIUM),
    a_control("CW-IAM-04", Severity.LOW),
)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def requirement(id: str, controls: tuple[str, ...], findings: tuple[str, ...] = ()) -> Requirement:
    return Requirement(id=id, name="N", group="G", controls=controls, findings=findings, fit=Fit.DIRECT)


def framework(*requirements: Requirement) -> Framework:
    return Framework(id="ours", name="Ours", version="1", requirements=requirements)


def statuses(*four: CheckStatus) -> dict[str, CheckStatus]:
    return {control.id: status for control, status in zip(FOUR, four, strict=True)}


@pytest.mark.parametrize(
    ("four", "ratio", "assessed"),
    [
        ((PASS, PASS, PASS, PASS), 1.0, 4),
        ((PASS, WARNING, FAIL, ERROR), (10 + 3) / 20, 3),
        ((FAIL, FAIL, FAIL, PASS), 1 / 20, 4),
        ((PASS, NONE, EXEMPT, UNKNOWN), 10 / 10, 3),
        ((UNKNOWN, NONE, EXEMPT, WARNING), 0.5, 3),
        ((UNKNOWN, UNKNOWN, NONE, EXEMPT), None, 2),
        ((ERROR, UNKNOWN, UNKNOWN, UNKNOWN), 0.0, 0),
    ],
)
def test_a_score_is_the_weight_that_holds_over_the_weight_that_counts(four, ratio, assessed) -> None:
    score = score_of(weights_of(FOUR), statuses(*four))

    assert score.ratio == ratio
    assert (score.assessed, score.total, score.assessed_ratio) == (assessed, 4, assessed / 4)
    assert sum(score.counts.values()) == 4


def test_nothing_at_all_has_no_score() -> None:
    score = score_of({}, {})

    assert (score.ratio, score.assessed_ratio) == (None, 0.0)


def test_the_score_of_a_framework_counts_each_of_its_controls_once_and_its_rules() -> None:
    ours = framework(
        requirement("1", ("CW-IAM-02", "CW-IAM-04")), requirement("2", ("CW-IAM-02",), ("aws-ebs-unattached",))
    )

    weights = weights_of(FOUR, ours)

    # The rule is of medium severity.
    assert weights == {"CW-IAM-02": 6, "CW-IAM-04": 1, "aws-ebs-unattached": 3}
    found = {"CW-IAM-02": PASS, "CW-IAM-04": FAIL, "aws-ebs-unattached": WARNING, "CW-IAM-01": FAIL}
    assert score_of(weights, found).ratio == (6 + 1.5) / 10


@pytest.mark.parametrize(
    ("found", "status", "assessed"),
    [((PASS, PASS), PASS, 2), ((PASS, UNKNOWN), PASS, 1), ((ERROR, FAIL), FAIL, 1), ((WARNING, ERROR), ERROR, 1)],
)
def test_a_requirement_stands_as_the_worst_of_what_answers_it(found, status, assessed) -> None:
    asked = requirement("1", ("CW-IAM-01",), ("aws-ebs-unattached",))

    standing = standing_of(asked, dict(zip(("CW-IAM-01", "aws-ebs-unattached"), found, strict=True)))

    assert (standing.status, standing.assessed, standing.total) == (status, assessed, 2)


def test_a_requirement_that_nothing_answers_is_not_assessed() -> None:
    standing = standing_of(requirement("1", ()), {})

    assert (standing.status, standing.total) == (UNKNOWN, 0)


def test_a_control_stands_as_the_worst_of_its_checks() -> None:
    assert rolled_up([("a", PASS), ("b", WARNING), ("a", FAIL)]) == {"a": FAIL, "b": WARNING}


def test_the_gain_is_what_the_score_rises_by() -> None:
    weights = weights_of(FOUR)

    assert gain_of("CW-IAM-02", weights, statuses(PASS, FAIL, PASS, PASS)) == pytest.approx(6 / 20)
    # What was not assessed begins to count: 13 of 14, and then 19 of 20.
    before = statuses(PASS, UNKNOWN, PASS, FAIL)
    assert gain_of("CW-IAM-02", weights, before) == pytest.approx(19 / 20 - 13 / 14)
    assert gain_of("CW-IAM-02", weights, {}) == 1.0


def test_a_control_is_traced_to_what_it_answers() -> None:
    ours = framework(requirement("1", ("CW-IAM-01",)), requirement("2", ("CW-IAM-02",)))

    assert [(one.id, asked.id) for one, asked in answering("CW-IAM-02", [ours])] == [("ours", "2")]


def test_gaps_are_told_by_weight_then_by_effort() -> None:
    easy = a_control("CW-IAM-05", Severity.HIGH, remediations=("aws.iam.rotate",))
    hard = a_control("CW-GOV-03", Severity.HIGH, evidence_kind=EvidenceKind.HUMAN_ATTESTATION)
    found = statuses(WARNING, FAIL, PASS, UNKNOWN) | {easy.id: ERROR, hard.id: FAIL}

    gaps = gaps_of((*FOUR, hard, easy), found)

    assert [(gap.control.id, gap.weight, gap.effort) for gap in gaps] == [
        ("CW-IAM-01", 10, Effort.MEDIUM),
        ("CW-IAM-05", 6, Effort.LOW),
        ("CW-IAM-02", 6, Effort.MEDIUM),
        ("CW-GOV-03", 6, Effort.HIGH),
        ("CW-IAM-04", 1, Effort.MEDIUM),
    ]
    # 5 of a weight of 10 are lost to the warning, of 31 that count.
    assert gaps[0].gain == pytest.approx(5 / 31)


def test_every_kind_of_evidence_has_an_effort_and_a_reason() -> None:
    assert set(EFFORTS) == {(kind, mended) for kind in EvidenceKind for mended in (True, False)}
    assert effort_of(FOUR[0]) == EFFORTS[EvidenceKind.MACHINE_STATE, False]


def test_changes_are_what_stands_otherwise_since_then() -> None:
    later, earlier = NOON + timedelta(hours=2), NOON - timedelta(hours=2)
    now = {
        "a": (FAIL, later),
        "b": (PASS, later + timedelta(hours=1)),
        "same": (PASS, later),
        "old": (FAIL, earlier),
    }

    changes = changes_of({"a": PASS, "same": PASS}, now, NOON)

    assert [(one.control_id, one.before, one.after) for one in changes] == [("b", None, PASS), ("a", PASS, FAIL)]
