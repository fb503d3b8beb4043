"""Outsiders test the defences every year."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_vul_05 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers
from tests.factories.judged import judged

RETESTED: datetime = NOW - timedelta(days=3)


def report(days: int, **more: Any) -> dict[str, Any]:
    return {
        "report_dated_at": NOW - timedelta(days=days),
        "tester": "Outsiders Ltd",
        "independence_statement": "We have no stake in it.",
        "critical_open": 0,
        "high_open": 0,
        "retest_dated_at": None,
        **more,
    }


def filed(*reports: dict[str, Any]) -> Answers:
    return answers(Integration.MANUAL, ("manual:pen_test_report", list(reports)))


@pytest.mark.parametrize(
    ("read", "status"),
    [
        (filed(report(335)), CheckStatus.PASS),
        (filed(report(400), report(10)), CheckStatus.PASS),
        (filed(report(336)), CheckStatus.WARNING),
        (filed(report(365)), CheckStatus.WARNING),
        (filed(report(366)), CheckStatus.FAIL),
        (filed(report(10, critical_open=1)), CheckStatus.FAIL),
        (filed(report(10, high_open=1, retest_dated_at=RETESTED)), CheckStatus.FAIL),
        (filed(report(10, independence_statement=None)), CheckStatus.FAIL),
        (filed(report(10, tester="")), CheckStatus.FAIL),
        (filed(), CheckStatus.FAIL),
        (answers(Integration.MANUAL), CheckStatus.ERROR),
    ],
)
def test_newest_report_is_of_the_last_year_with_nothing_serious_open(read: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, read).status is status


def test_a_bundle_may_ask_for_a_test_twice_a_year() -> None:
    assert judged(CONTROL, filed(report(150)), max_age_days=183).status is CheckStatus.PASS
    assert judged(CONTROL, filed(report(184)), max_age_days=183).status is CheckStatus.FAIL
