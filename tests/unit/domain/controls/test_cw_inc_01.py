"""Failures become tickets and tickets close on time."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.tickets import SEARCH
from domain.controls.cw_inc_01 import CHANGES, CONTROL, MOVED, OPENED, POSTED, RESULTS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING = CheckStatus.NOT_APPLICABLE
SINCE = 'updated >= "2026-01-01 00:00" ORDER BY updated ASC'
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SOON = timedelta(seconds=1)


def failure(
    since: timedelta = DAY, severity: str = "CRITICAL", status: str = "FAIL", name: str = "CW-X", ticket: Any = None
) -> dict[str, Any]:
    at = NOW - since
    return {
        "control_id": name,
        "severity": severity,
        "status": status,
        "first_failed_at": at,
        "changed_at": at,
        "ticket_key": ticket,
    }


def platform(*rows: Any, **more: Any) -> Answers:
    return answers(Integration.PLATFORM, (RESULTS, list(rows)), **more)


def opened(ago: timedelta = DAY, key: str = "OPS-1", name: str = "CW-X", due: datetime | None = None) -> dict[str, Any]:
    return {"key": key, "control_id": name, "created_at": NOW - ago, "due_at": due}


def issue(key: str = "OPS-1", category: str = "new", closed: timedelta | None = None) -> dict[str, Any]:
    at = (NOW - closed).isoformat() if closed else None
    status = {"name": category, "statusCategory": {"key": category}}
    return {"key": key, "fields": {"status": status, "resolutiondate": at, "updated": (NOW - 2 * DAY).isoformat()}}


def moved(ago: timedelta, key: str = "OPS-1", is_reopening: bool = True) -> dict[str, Any]:
    return {"key": key, "is_reopening": is_reopening, "moved_at": NOW - ago}


def jira(
    tickets: Any = (), issues: Any = (), moves: Any = (), changes: Any = (), unread: Any = (), since: str = SINCE
) -> Answers:
    entries = [
        {"created": (NOW - ago).isoformat(), "items": [{"field": field, "toString": "Done"}]} for field, ago in changes
    ]
    return answers(
        Integration.JIRA,
        (OPENED, list(tickets)),
        call(SEARCH, {"issues": list(issues)}, jql=since),
        (MOVED, list(moves)),
        call(CHANGES, {"values": entries}, issueIdOrKey="OPS-1"),
        unread=unread,
    )


DONE = issue(category="done", closed=2 * HOUR)


@pytest.mark.parametrize(
    ("failing", "looked_at", "status"),
    [
        (failure(), jira([opened()], [issue()]), PASS),
        (failure(DAY, "HIGH"), jira([opened(DAY - HOUR)], [issue()]), PASS),
        (failure(), jira([opened(DAY - HOUR - SOON)], [issue()]), WARNING),
        (failure(HOUR), jira(), PASS),
        (failure(HOUR + SOON), jira(), FAIL),
        # A ticket of an earlier failure, and one of another control.
        (failure(), jira([opened(2 * DAY), opened(key="OPS-2", name="CW-Y")], [issue()]), FAIL),
        # Three days for a critical failure.
        (failure(3 * DAY), jira([opened(3 * DAY)], [issue()]), PASS),
        (failure(3 * DAY + SOON), jira([opened(3 * DAY + SOON)], [issue()]), FAIL),
        (failure(3 * DAY + SOON, "HIGH"), jira([opened(3 * DAY + SOON)], [issue()]), PASS),
        (failure(), jira([opened(due=NOW - SOON)], [issue()]), FAIL),
        (failure(), jira([opened()]), FAIL),
        # NOW is 2026-06-01 12:00, and the ticket a day old.
        (failure(), jira([opened()], since='updated >= "2026-05-31 12:00"'), FAIL),
        (failure(), jira([opened()], since='updated >= "2026-05-31 12:01"'), ERROR),
        # Opened after Jira was read, which was at NOW.
        (failure(timedelta()), jira([opened(-SOON)]), PASS),
        (failure(), jira([opened()], [DONE]), FAIL),
        (failure(), jira([opened()], [DONE], [moved(2 * HOUR)]), PASS),
        (failure(), jira([opened()], [DONE], [moved(3 * HOUR), moved(HOUR, "OPS-2")]), FAIL),
        (failure(), jira([opened()], [DONE], [moved(HOUR, is_reopening=False)]), FAIL),
        (failure(), jira([opened()], [issue(category="done", closed=HOUR)]), PASS),
        # Without a resolution the log of changes tells, else when the issue was changed last.
        (failure(), jira([opened()], [issue(category="done")]), FAIL),
        (failure(), jira([opened()], [issue(category="done")], changes=[("status", HOUR), ("status", DAY)]), PASS),
        (failure(), jira([opened()], [issue(category="done")], changes=[("labels", HOUR)]), FAIL),
        (failure(severity="MEDIUM"), jira(), NOTHING),
        (failure(status="WARNING"), jira(), NOTHING),
        *((failure(), jira(unread=[missing]), ERROR) for missing in (OPENED, SEARCH, MOVED, CHANGES)),
    ],
)
def test_failure_has_a_ticket_in_time(failing: Any, looked_at: Answers, status: CheckStatus) -> None:
    found = judged(CONTROL, looked_at, platform(failing))

    assert found.status is status
    assert faults(found) == (["CW-X"] if status in (FAIL, WARNING) else [])


@pytest.mark.parametrize(("others", "status"), [(49, WARNING), (48, FAIL)])
def test_one_ticket_of_fifty_may_be_overdue(others: int, status: CheckStatus) -> None:
    names = [f"CW-{number}" for number in range(others)]
    tickets = [opened(key=name, name=name) for name in names]
    late = opened(4 * DAY, "LATE-1", "CW-LATE")
    issues = [issue(name) for name in (*names, "LATE-1")]
    ours = platform(failure(4 * DAY, name="CW-LATE"), *(failure(name=name) for name in names))

    found = judged(CONTROL, jira([late, *tickets], issues), ours)

    assert (found.status, faults(found)) == (status, ["CW-LATE"])


def test_tickets_are_not_judged_without_what_fails() -> None:
    assert judged(CONTROL, jira()).status is ERROR


def posted(
    ago: timedelta = DAY, ok: bool = True, attempts: int = 1, purpose: str = "failure", name: str = "CW-X"
) -> dict[str, Any]:
    said = {"purpose": purpose, "control_id": name, "channel": "C1", "ts": "1.2"}
    return {**said, "ok": ok, "attempts": attempts, "posted_at": NOW - ago}


@pytest.mark.parametrize(
    ("failing", "messages", "status"),
    [
        (failure(), [posted()], PASS),
        (failure(), [posted(attempts=2), posted()], PASS),
        (failure(), [posted(attempts=2)], WARNING),
        (failure(), [posted(ok=False)], FAIL),
        (failure(), [posted(DAY + SOON)], FAIL),
        (failure(), [posted(name="CW-Y")], FAIL),
        (failure(), [posted(purpose="status_change")], FAIL),
        (failure(HOUR), [], PASS),
        (failure(severity="HIGH"), [], NOTHING),
    ],
)
def test_critical_failure_was_posted(failing: Any, messages: list[Any], status: CheckStatus) -> None:
    found = judged(CONTROL, answers(Integration.SLACK, (POSTED, messages)), platform(failing))

    assert found.status is status


def test_messages_that_were_not_read_are_none_missed() -> None:
    assert judged(CONTROL, answers(Integration.SLACK, unread=[POSTED]), platform(failure())).status is ERROR
    assert judged(CONTROL, answers(Integration.SLACK, (POSTED, []))).status is ERROR


@pytest.mark.parametrize(
    ("looked_at", "status"),
    [
        (platform(failure(ticket="OPS-1"), failure(severity="LOW")), PASS),
        (platform(failure(HOUR)), PASS),
        (platform(failure(HOUR + SOON)), FAIL),
        (platform(), NOTHING),
        (answers(Integration.PLATFORM, unread=[RESULTS]), ERROR),
    ],
)
def test_failure_names_its_ticket(looked_at: Answers, status: CheckStatus) -> None:
    assert judged(CONTROL, looked_at).status is status
