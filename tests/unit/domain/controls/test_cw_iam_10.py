"""Access is reviewed every quarter."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.controls.cw_iam_10 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, call, faults, judged

FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR
NOTHING, UNASSESSED = CheckStatus.NOT_APPLICABLE, CheckStatus.NOT_ASSESSED
CAMPAIGNS, ITEMS = "platform:access_review_campaigns", "platform:access_review_items"
ASSIGNED, REPOSITORIES = "GET /api/v1/apps/{appId}/users", "GET /orgs/{org}/repos"
MEMBERS, COLLABORATORS = "GET /orgs/{org}/members", "GET /repos/{owner}/{repo}/collaborators"


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def campaign(name: str = "Q1", done: float | None = 10, **own: Any) -> dict[str, Any]:
    completed = None if done is None else ago(done)
    counts = {"items_total": 9, "items_decided": 9, "revocations_requested": 2, "revocations_confirmed": 2}
    row = {"campaign": name, "due_at": ago(-60), "completed_at": completed, "revocations_late": 0}
    return {**row, **counts, "oldest_unconfirmed_at": None, **own}


def platform(*campaigns: dict[str, Any], **made: Any) -> Answers:
    return answers(Integration.PLATFORM, (CAMPAIGNS, list(campaigns)), account="us", **made)


def waiting(days: float) -> dict[str, Any]:
    return campaign(revocations_confirmed=1, oldest_unconfirmed_at=ago(days))


@pytest.mark.parametrize(
    ("looked_at", "status", "faulty"),
    [
        (platform(campaign(done=92)), PASS, []),
        (platform(campaign(), campaign("Q2", None, due_at=ago(-15))), PASS, []),
        (platform(campaign(), campaign("Q2", None, due_at=ago(-14))), WARNING, ["Q2"]),
        (platform(campaign(), campaign("Q2", None, due_at=ago(1))), WARNING, ["Q2"]),
        (platform(waiting(7)), WARNING, ["Q1"]),
        (platform(campaign(revocations_late=1)), WARNING, ["Q1"]),
        (platform(campaign(done=92.1)), FAIL, ["us"]),
        (platform(campaign(items_decided=8)), FAIL, ["us"]),
        (platform(campaign("Q2", None)), FAIL, ["us"]),
        (platform(), FAIL, ["us"]),
        (platform(waiting(7.1)), FAIL, ["Q1"]),
        (platform(campaign(revocations_confirmed=1)), FAIL, ["Q1"]),
        (platform(unread=[CAMPAIGNS]), ERROR, []),
    ],
)
def test_a_review_is_completed_every_quarter(looked_at: Answers, status: CheckStatus, faulty: list[str]) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, faults(found)) == (status, faulty)


def row(decision: str, thing: str, person: str, integration: str, account: str) -> dict[str, Any]:
    made = {
        "campaign": "Q1",
        "integration": integration,
        "account": account,
        "decided_at": ago(9),
        "listed_at": ago(20),
    }
    return {**made, "thing": thing, "person": person, "decision": decision}


def decided(decision: str, person: str = "ann", thing: str = "app1", account: str = "org") -> dict[str, Any]:
    return row(decision, thing, person, "OKTA", account)


def review(*rows: dict[str, Any], **made: Any) -> Answers:
    return answers(Integration.PLATFORM, (ITEMS, list(rows)), **made)


def okta(*people: tuple[str, float], **made: Any) -> Answers:
    users = [{"id": name, "created": ago(days).isoformat(), "status": "ACTIVE"} for name, days in people]
    return answers(Integration.OKTA, call(ASSIGNED, users, appId="app1", limit=500), account="org", **made)


@pytest.mark.parametrize(
    ("looked_at", "known", "status", "faulty"),
    [
        (okta(("ann", 400)), review(decided("KEEP")), PASS, []),
        (okta(), review(decided("REVOKE")), PASS, []),
        (okta(("ann", 8)), review(decided("REVOKE")), WARNING, ["app1/ann"]),
        (okta(("ann", 400), ("bob", 1)), review(decided("KEEP")), WARNING, ["app1/bob"]),
        (okta(("ann", 400), ("bob", 400)), review(decided("KEEP")), WARNING, ["app1/bob"]),
        (okta(("ann", 400)), review(decided("REVOKE")), FAIL, ["app1/ann"]),
        (okta(("ann", 9)), review(decided("REVOKE")), FAIL, ["app1/ann"]),
        (okta(("ann", 400)), review(decided("REVOKE", account="another")), UNASSESSED, []),
        (okta(("ann", 400)), review(off=[ITEMS]), UNASSESSED, []),
        (okta(("ann", 400)), review(unread=[ITEMS]), ERROR, []),
        (okta(unread=[ASSIGNED]), review(decided("KEEP")), ERROR, []),
    ],
)
def test_revoked_assignments_are_gone(
    looked_at: Answers, known: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at, known)

    assert (found.status, faults(found)) == (status, faulty)


def test_okta_is_not_judged_without_our_own_records() -> None:
    assert judged(CONTROL, okta(("ann", 400))).status is UNASSESSED


def github(*members: str, collaborators: tuple[str, ...] = (), **made: Any) -> Answers:
    return answers(
        Integration.GITHUB,
        call(MEMBERS, [{"login": name} for name in members], role="member"),
        (REPOSITORIES, [{"full_name": "acme/app"}, {"full_name": "acme/archive"}]),
        call(COLLABORATORS, [{"login": name} for name in collaborators], owner="acme", repo="app"),
        account="9",
        **made,
    )


def github_row(decision: str, thing: str = "") -> Answers:
    return review(row(decision, thing, "ann", "GITHUB", "9"))


@pytest.mark.parametrize(
    ("looked_at", "known", "status", "faulty"),
    [
        (github("bob"), github_row("REVOKE"), PASS, []),
        (github("ann"), github_row("REVOKE", "acme/app"), PASS, []),
        (github("ann"), github_row("REVOKE", "acme/gone"), PASS, []),
        (github("ann"), github_row("REVOKE"), FAIL, ["organization/ann"]),
        (github(collaborators=("ann",)), github_row("REVOKE", "acme/app"), FAIL, ["acme/app/ann"]),
        (github("ann"), github_row("KEEP"), NOTHING, []),
        # An archived repository is not asked who works on it.
        (github(), github_row("REVOKE", "acme/archive"), ERROR, []),
        (github(unread=[MEMBERS]), github_row("REVOKE"), ERROR, []),
        (github(unread=[COLLABORATORS]), github_row("REVOKE", "acme/app"), ERROR, []),
        (github(), review(), UNASSESSED, []),
    ],
)
def test_revoked_people_of_github_are_gone(
    looked_at: Answers, known: Answers, status: CheckStatus, faulty: list[str]
) -> None:
    found = judged(CONTROL, looked_at, known)

    assert (found.status, faults(found)) == (status, faulty)
