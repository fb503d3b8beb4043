"""Access follows an approved request."""

from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_08 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
LOG, ISSUES = "GET /api/v1/logs", "POST /rest/api/3/search/jql"
CHANGES = "GET /rest/api/3/issue/{issueIdOrKey}/changelog"
GRANTED = NOW - timedelta(days=2)


def at(hours: float) -> str:
    return (GRANTED + timedelta(hours=hours)).isoformat()


def grant(
    id: str = "e1", *, hours: float = 0, kind: str = "application.user_membership.add", **own: Any
) -> dict[str, Any]:
    """Ann was given Salesforce."""
    ann = {"id": "00u1", "type": "User", "alternateId": "Ann@acme.com", "displayName": "Ann Smith"}
    app = {"id": "0oa1", "type": "AppInstance", "alternateId": "Salesforce", "displayName": "Salesforce"}
    member = {"id": "0ua1", "type": "AppUser", "alternateId": "ann", "displayName": "Ann Smith"}
    made = {"uuid": id, "eventType": kind, "published": at(hours), "outcome": {"result": "SUCCESS"}}
    return {**made, "target": [member, app, ann], **own}


def okta(*events: dict[str, Any], days: float = 30, **made: Any) -> Answers:
    spans = {"since": (NOW - timedelta(days=days)).isoformat(), "until": NOW.isoformat()}
    return answers(Integration.OKTA, call(LOG, list(events), **spans), account="org", **made)


def request(key: str = "ACC-1", *, summary: str = "Salesforce for ann@acme.com", **own: Any) -> dict[str, Any]:
    fields = {"summary": summary, "labels": ["access-request"], "updated": at(0), "reporter": {"accountId": "ann"}}
    return {"key": key, "fields": {**fields, **own}}


def moved(to: str, hours: float, by: str = "boss", field: str = "status") -> dict[str, Any]:
    return {"created": at(hours), "author": {"accountId": by}, "items": [{"field": field, "toString": to}]}


def jira(*issues: dict[str, Any], moves: Any = (), **made: Any) -> Answers:
    changes = call(CHANGES, {"values": list(moves)}, issueIdOrKey="ACC-1")
    return answers(Integration.JIRA, (ISSUES, {"issues": list(issues)}), changes, account="site", **made)


EMERGENCY = request(labels=["access-request", "Emergency"])
BEFORE = [moved("Approved", -1)]


@pytest.mark.parametrize(
    ("site", "status", "faulty"),
    [
        (jira(request(), moves=BEFORE), PASS, []),
        (jira(request(), moves=[moved("Approved", 0), moved("approved", 9)]), PASS, []),
        (jira(request(summary="Please give Ann Smith Salesforce"), moves=BEFORE), PASS, []),
        (jira(request(summary="For ann@acme.com", labels=["access-request", "salesforce"]), moves=BEFORE), PASS, []),
        (jira(EMERGENCY, moves=[moved("Done", 24)]), WARNING, ["ACC-1"]),
        (jira(EMERGENCY, moves=[moved("Done", 24.1)]), FAIL, ["ACC-1"]),
        (jira(request(), moves=[moved("Approved", 1)]), FAIL, ["ACC-1"]),
        (jira(request(), moves=[moved("Approved", -1, by="ann")]), FAIL, ["ACC-1"]),
        (jira(request(reporter=None), moves=BEFORE), FAIL, ["ACC-1"]),
        (jira(request(), moves=[{**moved("Approved", -1), "author": None}]), FAIL, ["ACC-1"]),
        (jira(request(), moves=[moved("Rejected", -1), moved("Approved", -1, field="resolution")]), FAIL, ["ACC-1"]),
        # Of two requests that fit the better one counts.
        (jira(request("ACC-2"), request(), moves=BEFORE), PASS, []),
        # Nobody asked for this person, for this app, or at all.
        (jira(request(summary="Salesforce for joann@acme.com"), moves=BEFORE), FAIL, ["e1"]),
        (jira(request(summary="Workday for ann@acme.com"), moves=BEFORE), FAIL, ["e1"]),
        (jira(request(labels=["bug"]), moves=BEFORE), FAIL, ["e1"]),
        (jira(unread=[ISSUES]), ERROR, []),
        (jira(unread=[CHANGES]), ERROR, []),
    ],
)
def test_requests_are_approved_before_by_somebody_else(site: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, site, okta(grant()))

    assert (found.status, faults(found)) == (status, faulty)


def test_an_issue_counts_as_it_was_last_read() -> None:
    earlier, later = request(labels=["bug"], updated=at(-2)), request(updated=at(-1))

    assert judged(CONTROL, jira(later, earlier, moves=BEFORE), okta(grant())).status is PASS


PRIVILEGE = {"debugData": {"privilegeGranted": "Group administrator, Help desk administrator"}}
ANN = [{"id": "00u1", "type": "User", "alternateId": "ann@acme.com", "displayName": None}]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (grant(kind="user.account.privilege.grant", target=ANN, debugContext=PRIVILEGE), PASS),
        (grant(kind="user.account.privilege.grant", target=ANN), PASS),
        (grant(kind="group.user_membership.add"), FAIL),
        (grant(outcome={"result": "FAILURE"}), NOTHING),
        (grant(kind="user.lifecycle.deactivate"), NOTHING),
        (grant(published=(NOW - timedelta(days=31)).isoformat()), NOTHING),
        (grant(target=[]), ERROR),
    ],
)
def test_grants_are_paired_by_what_was_granted(event: dict[str, Any], status: CheckStatus) -> None:
    site = jira(request(summary="Help desk administrator: ann@acme.com"), moves=BEFORE)

    assert judged(CONTROL, site, okta(event)).status is status


def test_an_account_of_an_app_names_the_person_where_the_event_does_not() -> None:
    target = [one for one in grant()["target"] if one["type"] != "User"]

    assert (
        judged(CONTROL, jira(request(summary="Salesforce: ann"), moves=BEFORE), okta(grant(target=target))).status
        is PASS
    )


def unasked(number: int, kind: str = "group.user_membership.add") -> dict[str, Any]:
    target = [{**ANN[0], "alternateId": f"user{number}@acme.com"}]
    return grant(f"u{number}", kind=kind, target=target)


@pytest.mark.parametrize(
    ("organization", "status", "faulty"),
    [
        (okta(grant()), PASS, []),
        # 19 of 20 are 95 in a hundred, 18 of 19 are fewer.
        (okta(unasked(0), *(grant(f"e{number}") for number in range(19))), WARNING, ["u0"]),
        (okta(unasked(0), *(grant(f"e{number}") for number in range(18))), FAIL, ["u0"]),
        # An event that two looks have seen is one event.
        (okta(unasked(0), *(grant() for _ in range(19))), FAIL, ["u0"]),
        (okta(), NOTHING, []),
        (okta(grant(), days=29), ERROR, []),
        (okta(unread=[LOG]), ERROR, []),
    ],
)
def test_grants_answer_approved_requests(organization: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, organization, jira(request(), moves=BEFORE))

    assert (found.status, faults(found)) == (status, faulty)


def test_neither_is_judged_without_the_other() -> None:
    assert judged(CONTROL, okta(grant())).status is UNASSESSED
    assert judged(CONTROL, jira(request(), moves=BEFORE)).status is UNASSESSED
