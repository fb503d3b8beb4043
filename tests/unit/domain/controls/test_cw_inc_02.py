"""Incidents run to a written end."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.tickets import SEARCH
from domain.controls.cw_inc_02 import CHANGES, CLOCKS, CONTROL, EXERCISES
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
AGO = 20 * DAY


def change(ago: timedelta, field: str, to: str | None = "x", before: str | None = None) -> dict[str, Any]:
    item = {"field": field, "fromString": before, "toString": to}
    return {"created": (NOW - ago).isoformat(), "items": [item]}


def written(reviewed: timedelta = 12 * DAY, recovered: timedelta = 19 * DAY) -> list[dict[str, Any]]:
    """Out of order, as nobody promises one."""
    return [
        change(reviewed, "labels", "incident reviewed"),
        change(20 * DAY, "Root cause"),
        change(recovered, "Recovery time"),
        change(19.5 * DAY, "status", "Contained"),
    ]


def jira(
    *changes: Any,
    priority: str | None = "Highest",
    created: timedelta = AGO,
    closed: timedelta | None = 19 * DAY,
    labels: Any = ("Incident",),
    kind: str = "Bug",
    category: str = "done",
    since: str = 'updated >= "2026-01-01 00:00"',
    unread: Any = (),
) -> Answers:
    fields = {
        "labels": list(labels),
        "issuetype": {"name": kind},
        "priority": priority and {"name": priority},
        "created": (NOW - created).isoformat(),
        "resolutiondate": closed and (NOW - closed).isoformat(),
        "status": {"name": category, "statusCategory": {"key": category}},
    }
    return answers(
        Integration.JIRA,
        call(SEARCH, {"issues": [{"key": "INC-1", "fields": fields}]}, jql=since),
        call(CHANGES, {"values": list(changes)}, issueIdOrKey="INC-1"),
        unread=unread,
    )


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (jira(*written()), PASS),
        (jira(*written(), labels=[], kind="Incident"), PASS),
        # The end is 19 days ago: ten days for the review end 9 days ago, five more 4 days ago.
        (jira(*written(9 * DAY)), PASS),
        (jira(*written(9 * DAY - SECOND)), WARNING),
        (jira(*written(4 * DAY)), WARNING),
        (jira(*written(4 * DAY - SECOND)), FAIL),
        (jira(*written()[1:]), FAIL),
        (jira(*written(recovered=9 * DAY)[1:]), PASS),
        (jira(*written(recovered=11 * DAY)[1:]), WARNING),
        # Resolving the issue tells of the recovery as well.
        (jira(*written()[:2], *written()[3:]), PASS),
        (jira(*written()[:2], *written()[3:], closed=None), FAIL),
        (jira(*written()[:1], *written()[2:]), FAIL),
        (jira(*written()[:3]), FAIL),
        # A cause that was written and taken out again was never there if nothing was written first.
        (jira(*written()[:1], *written()[2:], change(DAY, "Root cause", None)), FAIL),
        (jira(priority="Medium"), PASS),
        (jira(category="indeterminate"), PASS),
        (jira(priority=None), FAIL),
        (jira(priority=None, created=HOUR), PASS),
        (jira(change(AGO - HOUR, "priority", "Low"), priority="Low"), PASS),
        (jira(change(AGO - HOUR - SECOND, "priority", "Low"), priority="Low"), FAIL),
        (jira(change(AGO - DAY, "priority", "Low", "High"), priority="Low"), PASS),
        (jira(labels=["other"]), NOTHING),
        # 80 days before NOW, 2026-06-01 12:00, is 2026-03-13 12:00.
        (jira(*written(), since='updated >= "2026-03-13 12:00"'), PASS),
        (jira(*written(), since='updated >= "2026-03-13 12:01"'), ERROR),
        *((jira(unread=[missing]), ERROR) for missing in (SEARCH, CHANGES)),
    ],
)
def test_incident_has_a_severity_and_a_written_end(looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at)

    assert found.status is status
    assert faults(found) == (["INC-1"] if status in (FAIL, WARNING) else [])


def platform(*clocks: Any, held: Any = DAY, unread: Any = ()) -> Answers:
    rows = [{"last_tabletop_at": held and NOW - held}]
    return answers(Integration.PLATFORM, (CLOCKS, list(clocks)), (EXERCISES, rows), unread=unread)


def clock(
    started: timedelta, sent: timedelta | None = None, regime: str = "gdpr", due: timedelta = 72 * HOUR
) -> dict[str, Any]:
    begun = NOW - started
    moments = {"started_at": begun, "due_at": begun + due, "sent_at": None if sent is None else begun + sent}
    return {"incident": "INC-1", "regime": regime, **moments}


CLOCK = ["INC-1: gdpr"]


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (platform(), PASS, []),
        (platform(clock(100 * HOUR, 72 * HOUR)), PASS, []),
        (platform(clock(100 * HOUR, 72 * HOUR + SECOND)), FAIL, CLOCK),
        (platform(clock(72 * HOUR)), PASS, []),
        (platform(clock(72 * HOUR + SECOND)), FAIL, CLOCK),
        # Whatever was said to be due, the regime allows no more than 72 hours.
        (platform(clock(100 * HOUR, 80 * HOUR, due=96 * HOUR)), FAIL, CLOCK),
        (platform(clock(100 * HOUR, 80 * HOUR, "dora", 96 * HOUR)), PASS, []),
        (platform(held=335 * DAY - SECOND), PASS, []),
        (platform(held=335 * DAY), WARNING, ["tabletop exercise"]),
        (platform(held=365 * DAY), WARNING, ["tabletop exercise"]),
        (platform(held=365 * DAY + SECOND), FAIL, ["tabletop exercise"]),
        (platform(held=None), FAIL, ["tabletop exercise"]),
        *((platform(unread=[missing]), ERROR, []) for missing in (CLOCKS, EXERCISES)),
    ],
)
def test_notices_went_out_and_the_table_was_met_at(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)
