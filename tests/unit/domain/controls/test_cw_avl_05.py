"""Continuity and disaster recovery are exercised."""

from datetime import timedelta
from typing import Any

import pytest

from domain.controls.cw_avl_05 import CONTROL, REPORTS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, judged

FAIL, WARNING, PASS = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS


def exercise(days: float = 100, **more: Any) -> dict[str, Any]:
    return {
        "held_at": NOW - timedelta(days=days),
        "scenario": "Region lost",
        "rto_target_minutes": 60.0,
        "rto_measured_minutes": 60.0,
        "rpo_target_minutes": 15.0,
        "rpo_measured_minutes": 15.0,
        "actions_open": 0,
        "retest_met_at": None,
        **more,
    }


@pytest.mark.parametrize(
    ("exercises", "status"),
    [
        ([exercise()], PASS),
        ([exercise(365)], PASS),
        ([exercise(365.1)], FAIL),
        ([exercise(-1)], FAIL),
        ([], FAIL),
        ([exercise(rto_measured_minutes=60.1)], FAIL),
        ([exercise(rpo_measured_minutes=15.1)], FAIL),
        ([exercise(rto_measured_minutes=90, retest_met_at=NOW)], PASS),
        ([exercise(30, actions_open=2)], PASS),
        ([exercise(30.1, actions_open=2)], WARNING),
        ([exercise(), exercise(20, rpo_measured_minutes=16)], FAIL),
    ],
)
def test_recovery_was_tried_and_met_its_targets(exercises: list[Any], status: CheckStatus) -> None:
    assert judged(CONTROL, answers(Integration.MANUAL, (REPORTS, exercises))).status is status


def test_half_a_year_can_be_wanted() -> None:
    filed = answers(Integration.MANUAL, (REPORTS, [exercise(200)]))

    assert judged(CONTROL, filed, period_days=183).status is FAIL


def test_reports_that_were_not_read_are_no_exercise_missed() -> None:
    assert judged(CONTROL, answers(Integration.MANUAL, unread=[REPORTS])).status is CheckStatus.ERROR
