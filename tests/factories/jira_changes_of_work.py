"""What is changed in how work is done by tickets of Jira, and what the controls must then say of it."""

from datetime import timedelta
from typing import Any

from domain.compliance.own_records import ControlResult
from domain.controls.cw_inc_01 import MOVED, OPENED, RESULTS
from domain.facts.compliance import CheckStatus, Integration
from tests.factories import github_changes_of_code as code
from tests.factories.jira_stage import (
    JiraStage,
    Make,
    attached,
    connected,
    done,
    moved,
    opened,
    recorded,
    refused,
)
from tests.factories.judged_change import Changed, both, nothing
from tests.fakes.collecting import NOW

PASS, WARNING, FAIL, ERROR = CheckStatus.PASS, CheckStatus.WARNING, CheckStatus.FAIL, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
TEAM, CODE, DIRECTORY = Integration.DIGITALOCEAN, Integration.GITHUB, Integration.OKTA
RESTORE, REFERENCE = "restore-test", "SHOP-12 of octo-org/shop#12"
GRANT, REQUEST = "00000000-0000-0000-0000-000000000001", "access-request"


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def read_before(days: float) -> Make:
    """The site was read so many days ago, and again now."""
    return lambda stage: setattr(stage, "first_read", timedelta(days=days))


def restored(days: float) -> Make:
    """A restore was tried out."""
    return both(connected(TEAM), opened("OPS-1", days + 1, RESTORE), attached("OPS-1", days), done("OPS-1", days))


def merged(*named: Make) -> Make:
    """A merge two days ago that names SHOP-12, and these issues beside another one of the project."""
    return both(connected(CODE), lambda stage: code.merged()(stage.code), opened("SHOP-1", 30), *named)


def granted(stage: JiraStage) -> None:
    """Ann was given Salesforce two days ago."""
    stage.connected.add(DIRECTORY)
    ann = {"id": "00u1", "type": "User", "alternateId": "ann@example.com", "displayName": "Ann Smith"}
    app = {"id": "0oa1", "type": "AppInstance", "alternateId": "Salesforce", "displayName": "Salesforce"}
    event: dict[str, Any] = {"uuid": GRANT, "eventType": "application.user_membership.add"}
    when = {"published": (NOW - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "outcome": {"result": "SUCCESS"}}
    stage.directory.log.append({**event, **when, "target": [app, ann]})


def asked(days: float, *labels: str, by: str = "boss") -> Make:
    """Somebody has asked for it, and it was approved so many days ago."""
    request = opened("ACC-1", 4, REQUEST, *labels, summary="Salesforce for ann@example.com")
    return both(granted, request, moved("ACC-1", days, "Approved", by=by))


def failing(*names: str, ago: float = 3) -> Make:
    """Controls that fail, so many hours since."""
    rows = [
        ControlResult(
            control_id=name,
            severity="HIGH",
            status="FAIL",
            first_failed_at=NOW - hours(ago),
            changed_at=NOW,
            ticket_key=None,
        )
        for name in names
    ]
    return recorded(RESULTS, *rows)


def ticket(stage: JiraStage, control: str, number: int, ago: float, due: float | None = None) -> str:
    """A ticket of ours, opened so many hours ago and due in so many."""
    key = stage.site.open(f"SEC-{number}", ago / 24, "cloudwatcher")
    at = NOW - hours(ago)
    row = {"key": key, "control_id": control, "severity": "HIGH", "failed_at": at, "created_at": at}
    stage.written.setdefault(OPENED, []).append({**row, "due_at": None if due is None else NOW + hours(due)})
    stage.written.setdefault(MOVED, [])
    return key


def tracked(ago: float = 2.5, due: float | None = None) -> Make:
    """A control fails for three hours, and its ticket was opened so many hours ago."""
    return both(failing("CW-IAM-01"), lambda stage: ticket(stage, "CW-IAM-01", 1, ago, due))


def untracked(ago: float) -> Make:
    return both(failing("CW-IAM-01", ago=ago), lambda stage: stage.written.update({OPENED: [], MOVED: []}))


def reopened(stage: JiraStage) -> None:
    row = {"key": "SEC-1", "control_id": "CW-IAM-01", "to_status": "To Do", "is_reopening": True}
    stage.written[MOVED].append({**row, "moved_at": NOW - hours(0.5)})


def many(stage: JiraStage) -> None:
    """Fifty controls fail, and one of their tickets is overdue."""
    names = [f"CW-AAA-{number:02}" for number in range(50)]
    failing(*names)(stage)
    for number, name in enumerate(names):
        ticket(stage, name, number + 1, 2.5, due=-1 if number == 0 else None)


def well(stage: JiraStage) -> None:
    """No control fails."""
    failing()(stage)
    stage.written = {OPENED: [], MOVED: []}


RESTORES = (
    Changed("CW-AVL-02", PASS, RESTORE, "last restore", restored(10)),
    Changed("CW-AVL-02", WARNING, RESTORE, "last restore", both(read_before(40), restored(100))),
    Changed(
        "CW-AVL-02", FAIL, RESTORE, "last restore: none", both(read_before(40), connected(TEAM), opened("OPS-1", 1))
    ),
    Changed(
        "CW-AVL-02",
        FAIL,
        RESTORE,
        "without an attachment",
        both(read_before(40), connected(TEAM), opened("OPS-1", 50, RESTORE), done("OPS-1", 45)),
    ),
    Changed("CW-AVL-02", NOTHING, "", "", opened("OPS-1", 1, RESTORE)),
    # The first look goes back ninety days, and what is older may have been there.
    Changed("CW-AVL-02", ERROR, "", "", connected(TEAM)),
)
TICKETS = (
    Changed(
        "CW-CHG-04",
        PASS,
        REFERENCE,
        "Task, In Progress",
        merged(opened("SHOP-12", 5), moved("SHOP-12", 4, "In Progress")),
    ),
    Changed("CW-CHG-04", WARNING, REFERENCE, "never started", merged(opened("SHOP-12", 5))),
    Changed(
        "CW-CHG-04",
        WARNING,
        REFERENCE,
        "after the merge",
        merged(opened("SHOP-12", 1), moved("SHOP-12", 0.5, "In Progress")),
    ),
    Changed("CW-CHG-04", FAIL, REFERENCE, "not among the issues", merged()),
    Changed("CW-CHG-04", NOTHING, "", "", both(connected(CODE), opened("SHOP-1", 30))),
    Changed("CW-CHG-04", UNASSESSED, "", "", opened("SHOP-1", 30)),
    Changed("CW-CHG-04", ERROR, "", "", both(merged(), refused)),
)
REQUESTS = (
    Changed("CW-IAM-08", PASS, "ACC-1", "approved before", asked(3)),
    Changed("CW-IAM-08", WARNING, "ACC-1", "an emergency, approved within a day", asked(1.5, "emergency")),
    Changed("CW-IAM-08", FAIL, "ACC-1", "not approved before", asked(1.5)),
    Changed("CW-IAM-08", FAIL, "ACC-1", "not approved before by somebody else", asked(3, by="asker")),
    Changed("CW-IAM-08", FAIL, GRANT, "no request for salesforce to ann@example.com", granted),
    Changed("CW-IAM-08", NOTHING, "", "", connected(DIRECTORY)),
    Changed("CW-IAM-08", UNASSESSED, "", "", nothing),
    Changed("CW-IAM-08", ERROR, "", "", both(granted, refused)),
)
FAILURES = (
    Changed("CW-INC-01", PASS, "CW-IAM-01", "SEC-1, To Do", tracked()),
    Changed("CW-INC-01", PASS, "CW-IAM-01", "without ticket, still in time", untracked(0.5)),
    Changed(
        "CW-INC-01", PASS, "CW-IAM-01", "closed by hand and reopened", both(tracked(), done("SEC-1", 2 / 24), reopened)
    ),
    Changed("CW-INC-01", WARNING, "CW-IAM-01", "SEC-1 was opened late", tracked(ago=1.5)),
    Changed("CW-INC-01", WARNING, "CW-AAA-00", "SEC-1 is overdue", many),
    Changed("CW-INC-01", FAIL, "CW-IAM-01", "SEC-1 is overdue", tracked(due=-1)),
    Changed("CW-INC-01", FAIL, "CW-IAM-01", "without ticket", untracked(2)),
    Changed(
        "CW-INC-01", FAIL, "CW-IAM-01", "closed by hand while the check fails", both(tracked(), done("SEC-1", 2 / 24))
    ),
    Changed("CW-INC-01", NOTHING, "", "", well),
    Changed("CW-INC-01", ERROR, "", "", both(tracked(), refused)),
)
ROWS = (*RESTORES, *TICKETS, *REQUESTS, *FAILURES)
