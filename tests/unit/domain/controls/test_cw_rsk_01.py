"""The risk register is live and thinks about fraud."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.tickets import SEARCH
from domain.controls.cw_rsk_01 import CONTROL, LINKS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
ASKED = 'updated >= "2026-05-31 00:00" OR labels = risk ORDER BY updated ASC'
NOTHING = CheckStatus.NOT_APPLICABLE


def risk(
    *labels: str,
    key: str = "RISK-1",
    days: float = 10,
    owner: Any = "ann",
    priority: str | None = "Medium",
    category: str = "indeterminate",
) -> dict[str, Any]:
    fields = {
        "labels": ["Risk", *labels],
        "assignee": owner and {"accountId": owner},
        "priority": priority and {"name": priority},
        "updated": (NOW - timedelta(days=days)).isoformat(),
        "status": {"statusCategory": {"key": category}},
    }
    return {"key": key, "fields": fields}


FRAUD = risk("fraud", "accept", key="RISK-2")
CONTINUITY = risk("continuity", "transfer", key="RISK-3")


def jira(*risks: Any, others: Any = (FRAUD, CONTINUITY), asked: str = ASKED, **more: Any) -> Answers:
    story = {"key": "SHOP-1", "fields": {"labels": []}}
    return answers(Integration.JIRA, call(SEARCH, {"issues": [*risks, *others, story]}, jql=asked), **more)


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (jira(risk("mitigate")), PASS, []),
        (jira(risk("avoid", "risk-high", days=92, priority=None)), PASS, []),
        (jira(risk("avoid", "high", days=92.1)), FAIL, ["RISK-1"]),
        # The worst of two labels counts, and a label more than the priority.
        (jira(risk("avoid", "low", "high", days=93)), FAIL, ["RISK-1"]),
        (jira(risk("avoid", "low", days=93, priority="Highest")), PASS, []),
        (jira(risk("avoid", days=93, priority="Highest")), FAIL, ["RISK-1"]),
        (jira(risk("avoid", days=183)), PASS, []),
        (jira(risk("avoid", days=213)), WARNING, ["RISK-1"]),
        (jira(risk("avoid", days=213.1)), FAIL, ["RISK-1"]),
        (jira(risk("avoid", days=365, priority="Lowest")), PASS, []),
        (jira(risk("avoid", days=366, priority="Low")), WARNING, ["RISK-1"]),
        (jira(risk("avoid", owner=None)), FAIL, ["RISK-1"]),
        (jira(risk()), FAIL, ["RISK-1"]),
        (jira(risk("avoid", priority=None)), FAIL, ["RISK-1"]),
        (jira(risk("avoid", priority="Someday")), FAIL, ["RISK-1"]),
        (jira(risk(category="done")), PASS, []),
        (jira(others=[CONTINUITY]), FAIL, ["fraud"]),
        (jira(others=[FRAUD]), WARNING, ["continuity"]),
        # A risk that is settled was thought of, for a year.
        (jira(others=[FRAUD, risk("continuity", days=365, category="done")]), PASS, []),
        (jira(others=[FRAUD, risk("continuity", days=366, category="done")]), WARNING, ["continuity"]),
        (jira(others=[FRAUD, risk("continuity", days=396, category="done")]), FAIL, ["continuity"]),
        (jira(others=[]), FAIL, ["register"]),
        (jira(risk(category="done"), others=[]), FAIL, ["register"]),
        (jira(unread=[SEARCH]), ERROR, []),
        (jira(risk("mitigate"), asked='updated >= "2026-01-01 00:00" ORDER BY updated ASC'), ERROR, []),
    ],
)
def test_register_is_owned_treated_and_looked_at(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def platform(worst: str | None, level: str = "high", controls: Any = ("CW-IAM-01",)) -> Answers:
    row = {"risk_id": "RISK-1", "level": level, "control_ids": list(controls), "worst_status": worst}
    return answers(Integration.PLATFORM, (LINKS, [row]))


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (platform("PASS"), PASS),
        (platform("EXEMPT"), PASS),
        (platform("WARNING"), WARNING),
        (platform("ERROR"), WARNING),
        (platform(None), WARNING),
        (platform("FAIL"), FAIL),
        (platform(None, controls=[]), FAIL),
        (platform("FAIL", "medium"), NOTHING),
        (answers(Integration.PLATFORM, unread=[LINKS]), ERROR),
    ],
)
def test_high_risk_is_treated_by_controls_that_pass(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status
