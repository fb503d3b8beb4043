"""Failures become tickets and tickets close on time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.compliance.own_rows import own_rows
from domain.compliance.tickets import SEARCH, check_reach, issues_of
from domain.facts.compliance import CheckStatus, EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

OPENED, MOVED = "POST /rest/api/3/issue", "POST /rest/api/3/issue/{issueIdOrKey}/transitions"
CHANGES, POSTED = "GET /rest/api/3/issue/{issueIdOrKey}/changelog", "chat.postMessage"
RESULTS = "platform:control_results"
SERIOUS = frozenset({Severity.CRITICAL, Severity.HIGH})
# Of the tickets that may be overdue before it is more than a slip.
SLIPS = 0.02

Row = Mapping[str, Any]


def _failures(rows: Sequence[Row], severities: frozenset[Severity] = SERIOUS) -> list[Row]:
    return [row for row in rows if row["status"] == CheckStatus.FAIL and Severity(row["severity"]) in severities]


def _jira(case: Case) -> Iterator[Item]:
    """Every critical or high failure, by our record of the ticket and by what Jira says of it. What we did before this
    failure began belongs to an earlier one.
    """
    opened = list(case.answers.items(OPENED))
    issues = {issue["key"]: issue["fields"] for issue in issues_of(case.answers)}
    moves = list(case.answers.items(MOVED))
    case.answers.calls(CHANGES)
    tracked: list[tuple[Row, Row]] = []
    for failure in _failures(own_rows(case, RESULTS)):
        own = [
            row
            for row in opened
            if row["control_id"] == failure["control_id"] and row["created_at"] >= failure["first_failed_at"]
        ]
        if own:
            tracked.append((failure, max(own, key=lambda row: row["created_at"])))
        else:
            yield _untracked(case, failure)
    late = [ticket["key"] for failure, ticket in tracked if case.now > _deadline(case, failure, ticket)]
    say = warned if late and len(late) <= SLIPS * len(tracked) else failed
    for failure, ticket in tracked:
        if ticket["key"] in late:
            yield say(failure["control_id"], f"{ticket['key']} is overdue", "closed within its days")
        else:
            yield _ticket(case, failure, ticket, issues.get(ticket["key"]), moves)


def _untracked(case: Case, failure: Row, what: str = "ticket") -> Item:
    name, since = failure["control_id"], failure["first_failed_at"]
    said = f"fails since {since:%Y-%m-%d %H:%M} without {what}"
    if age(since, case.now) <= _time_for_ticket(case):
        return passed(name, f"{said}, still in time")
    return failed(name, said, f"a {what} within {case.parameters['ticket_minutes']} minutes")


def _deadline(case: Case, failure: Row, ticket: Row) -> datetime:
    """The earlier of what the ticket says and of what its severity allows."""
    days = case.parameters["deadline_days"][failure["severity"].lower()]
    allowed: datetime = ticket["created_at"] + timedelta(days=days)
    return min(allowed, ticket["due_at"] or allowed)


def _ticket(case: Case, failure: Row, ticket: Row, fields: Row | None, moves: Sequence[Row]) -> Item:
    name, key, created = failure["control_id"], ticket["key"], ticket["created_at"]
    if created - failure["first_failed_at"] > _time_for_ticket(case):
        return warned(name, f"{key} was opened late, at {created:%Y-%m-%d %H:%M}", "a ticket in time")
    if fields is None:
        if created > case.answers.read_at:
            return passed(name, f"{key}, opened since Jira was read")
        check_reach(case.answers, created)
        return failed(name, f"{key} is not among the issues that were read", "an open ticket")
    if fields["status"]["statusCategory"]["key"] != "done":
        return passed(name, f"{key}, {fields['status']['name']}")
    closed = _closed_at(case, key, fields)
    if any(move["key"] == key and move["is_reopening"] and move["moved_at"] >= closed for move in moves):
        return passed(name, f"{key} was closed by hand and reopened")
    if age(closed, case.now) <= _time_for_ticket(case):
        return passed(name, f"{key} was closed by hand just now")
    return failed(name, f"{key} was closed by hand while the check fails", "reopened")


def _closed_at(case: Case, key: str, fields: Row) -> datetime:
    """The last change of its status, else what the issue says itself; some workflows set no resolution."""
    changes = [
        instant(change["created"])
        for change in case.answers.under(CHANGES, "values", issueIdOrKey=key)
        if any(item["field"] == "status" for item in change["items"])
    ]
    return max(changes, default=instant(fields["resolutiondate"] or fields["updated"]))


def _slack(case: Case) -> Iterator[Item]:
    """Every critical failure; a message is due as soon as a ticket is."""
    posted = [row for row in case.answers.items(POSTED) if row["purpose"] == "failure"]
    for failure in _failures(own_rows(case, RESULTS), frozenset({Severity.CRITICAL})):
        name = failure["control_id"]
        own = [
            row
            for row in posted
            if row["control_id"] == name and row["ok"] and row["posted_at"] >= failure["first_failed_at"]
        ]
        if not own:
            yield _untracked(case, failure, "message")
            continue
        best = min(own, key=lambda row: row["attempts"])
        said = f"{best['ts']} in {best['channel']}, attempts: {best['attempts']}"
        yield passed(name, said) if best["attempts"] == 1 else warned(name, said, "posted at the first attempt")


def _platform(case: Case) -> Iterator[Item]:
    for failure in _failures(list(case.answers.items(RESULTS))):
        if failure["ticket_key"]:
            yield passed(failure["control_id"], failure["ticket_key"])
        else:
            yield _untracked(case, failure)


def _time_for_ticket(case: Case) -> timedelta:
    return timedelta(minutes=case.parameters["ticket_minutes"])


CONTROL = Control(
    id="CW-INC-01",
    name="Failures become tickets and tickets close on time",
    category="incident",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.WORKFLOW_RECORD,
    criteria=("CC4.2", "CC7.3", "CC7.4"),
    objective=(
        "A failed control or serious finding has an owner and a deadline within the hour, and the platform "
        "checks the fix itself."
    ),
    owner_role="security",
    parameters={"ticket_minutes": 60, "deadline_days": {"critical": 3, "high": 14, "medium": 45, "low": 90}},
    procedures=(
        Procedure(
            integration=Integration.JIRA,
            scope="event",
            operations=(
                OPENED,
                SEARCH,
                CHANGES,
                MOVED,
            ),
            passes=(
                "Each critical or high failure has an issue that was opened within ticket_minutes and is not past "
                "its deadline; one that was closed by hand is reopened while the check fails."
            ),
            warns="At most 2 % of the issues are overdue, or one was opened late.",
            fails=(
                "A failure older than ticket_minutes has no issue, more than 2 % are overdue, or one stays closed "
                "while the check fails."
            ),
            judge=_jira,
            version=2,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="event",
            operations=(POSTED,),
            passes="Each critical failure was posted, and Slack took the message at the first attempt.",
            warns="Slack took it only at another attempt.",
            fails="A critical failure older than ticket_minutes was not posted.",
            judge=_slack,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="event",
            operations=(RESULTS,),
            passes="Each critical or high failure names its ticket.",
            fails="A critical or high failure older than ticket_minutes names none.",
            judge=_platform,
        ),
    ),
)
