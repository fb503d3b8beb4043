"""What is said of policies, owners, the board, our own monitoring and our public pages."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.compliance.judging import judge
from domain.controls import cw_gov_01, cw_gov_02, cw_gov_03, cw_gov_04, cw_gov_05
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import NOW, answers, case
from tests.factories.judged_module import failing, said

PASS, WARNING, FAIL, ERROR, NONE = (
    CheckStatus.PASS,
    CheckStatus.WARNING,
    CheckStatus.FAIL,
    CheckStatus.ERROR,
    CheckStatus.NOT_APPLICABLE,
)
OURS, OKTA, SLACK, MANUAL = Integration.PLATFORM, Integration.OKTA, Integration.SLACK, Integration.MANUAL
POLICIES, READERS = "platform:policies", "platform:policy_acknowledgements"
OWNERS, RESULTS = "platform:control_owners", "platform:control_results"
PEOPLE, PERSON = "GET /api/v1/users", "GET /api/v1/users/{id}"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def ahead(**span: float) -> datetime:
    return NOW + timedelta(**span)


def policy(approved: datetime | None, review: datetime | None, **other: Any) -> dict[str, Any]:
    row = {"policy": "access", "is_required": True, "version": "2", "approved_by": "anna"}
    return {**row, "approved_at": approved, "next_review_at": review, **other}


def readers(acknowledged: int, required: int, *emails: str) -> dict[str, Any]:
    asked = {"acknowledged": acknowledged, "required": required, "required_emails": list(emails)}
    return {"policy": "access", "version": "2", **asked}


@pytest.mark.parametrize(
    ("row", "read", "status"),
    [
        (policy(ago(days=365), ahead(days=31)), readers(98, 100), PASS),
        (policy(ago(days=365), ahead(days=30)), readers(98, 100), WARNING),
        (policy(ago(days=366), ahead(days=31)), readers(98, 100), FAIL),
        (policy(ago(days=9), ago(days=1)), readers(98, 100), FAIL),
        (policy(None, ahead(days=90)), readers(98, 100), FAIL),
        (policy(ago(days=9), None), readers(98, 100), FAIL),
        (policy(ago(days=9), ahead(days=90), approved_by=None), readers(98, 100), FAIL),
        (policy(ago(days=9), ahead(days=90)), readers(97, 100), WARNING),
        (policy(ago(days=9), ahead(days=90)), readers(89, 100), FAIL),
        (policy(ago(days=9), ahead(days=90)), readers(0, 0), FAIL),
        (policy(ago(days=9), ahead(days=90)), {**readers(9, 9), "policy": "other"}, FAIL),
        (policy(None, None, is_required=False), readers(0, 9), NONE),
    ],
)
def test_a_required_policy_is_approved_within_a_year_and_acknowledged(
    row: dict[str, Any], read: dict[str, Any], status: CheckStatus
) -> None:
    assert said(cw_gov_01, answers(OURS, (POLICIES, [row]), (READERS, [read]))) is status


def person(email: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"status": status, "profile": {"email": email}}


def test_active_people_are_those_who_are_asked_to_read_every_policy() -> None:
    people = [person("Anna@x.example"), person("ben@x.example"), person("gone@x.example", "DEPROVISIONED")]
    okta = answers(OKTA, (PEOPLE, people))
    both = readers(2, 2, "anna@x.example", "ben@x.example")
    ours = answers(OURS, (READERS, [both]))
    partly = answers(OURS, (READERS, [both, readers(1, 2, "anna@x.example", "gone@x.example")]))

    assert said(cw_gov_01, okta, ours) is PASS
    assert failing(cw_gov_01, okta, partly) == {"ben@x.example", "gone@x.example"}
    assert failing(cw_gov_01, okta, answers(OURS, (READERS, []))) == {"anna@x.example", "ben@x.example"}
    assert said(cw_gov_01, answers(OKTA, (PEOPLE, [])), answers(OURS, (READERS, []))) is NONE
    assert said(cw_gov_01, okta) is ERROR


def owner(control_id: str = "CW-IAM-01", **other: Any) -> dict[str, Any]:
    row = {"control_id": control_id, "owner_user_id": "anna", "owner_email": "anna@x.example", "owner_is_active": True}
    return {**row, "backup_user_id": "ben", "tester_user_id": "carl", "overdue_actions": 0, **other}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (owner(), PASS),
        (owner(tester_user_id=None), PASS),
        (owner(backup_user_id=None), WARNING),
        (owner(backup_user_id="anna"), WARNING),
        (owner(owner_user_id=None), FAIL),
        (owner(owner_is_active=False), FAIL),
        (owner(tester_user_id="anna"), FAIL),
        (owner(tester_user_id="ben"), FAIL),
        (owner(overdue_actions=1), FAIL),
        (owner("CW-IAM-02"), FAIL),
    ],
)
def test_a_control_has_an_owner_and_a_backup_who_do_not_test_it(row: dict[str, Any], status: CheckStatus) -> None:
    results = [{"control_id": row["control_id"]}, {"control_id": "CW-IAM-01"}]

    assert said(cw_gov_02, answers(OURS, (OWNERS, [row]), (RESULTS, results))) is status


def test_where_no_control_is_judged_nobody_need_own_one() -> None:
    assert said(cw_gov_02, answers(OURS, (OWNERS, []), (RESULTS, []))) is NONE


@pytest.mark.parametrize(
    ("listed", "asked", "status"),
    [
        ([person("anna@x.example")], (), PASS),
        ([person("anna@x.example")], (person("Anna@x.example", "SUSPENDED"),), FAIL),
        ([person("anna@x.example", "DEPROVISIONED")], (), FAIL),
        ([person("ben@x.example")], (), FAIL),
    ],
)
def test_an_owner_of_a_control_is_active_in_the_directory(
    listed: list[Any], asked: tuple[Any, ...], status: CheckStatus
) -> None:
    okta = answers(OKTA, (PEOPLE, listed), (PERSON, *asked))

    assert said(cw_gov_02, okta, answers(OURS, (OWNERS, [owner(), owner(owner_email=None)]))) is status


def minutes(days: int, **other: Any) -> dict[str, Any]:
    topics = ["Information Security", "Risk register", "Control results"]
    return {"held_at": ago(days=days), "independent_members": ["Dana"], "topics": topics, **other}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([minutes(92), minutes(400)], PASS),
        ([minutes(93)], WARNING),
        ([minutes(120)], WARNING),
        ([minutes(121)], FAIL),
        ([minutes(5, independent_members=[])], FAIL),
        ([minutes(5, topics=["Security", "Risk"])], FAIL),
        ([], FAIL),
    ],
)
def test_the_board_meets_each_quarter_with_somebody_independent(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_gov_03, answers(MANUAL, ("manual:board_minutes", rows))) is status


def runs(completed: int, scheduled: int = 100) -> dict[str, int]:
    return {"scheduled": scheduled, "completed": completed, "late": 1, "error": 0}


def chain(sealed: datetime | None, broken_at: int | None = None) -> dict[str, Any]:
    return {"first_sequence": 1, "last_sequence": 9, "broken_at": broken_at, "anchored_until": sealed}


def health(status: str, hours: int) -> dict[str, Any]:
    return {"integration": "AWS", "account_id": "a", "status": status, "since": ago(hours=hours)}


GOOD = (runs(99), chain(ago(hours=24)), health("healthy", 900))


@pytest.mark.parametrize(
    ("ran", "sealed", "healthy", "status"),
    [
        (*GOOD, PASS),
        (runs(95), *GOOD[1:], WARNING),
        (runs(94), *GOOD[1:], FAIL),
        (runs(0, 0), *GOOD[1:], FAIL),
        (GOOD[0], chain(ago(hours=25)), GOOD[2], WARNING),
        (GOOD[0], chain(ago(hours=49)), GOOD[2], FAIL),
        (GOOD[0], chain(None), GOOD[2], FAIL),
        (GOOD[0], chain(ago(hours=1), 4), GOOD[2], FAIL),
        (*GOOD[:2], health("degraded", 900), WARNING),
        (*GOOD[:2], health("down", 4), WARNING),
        (*GOOD[:2], health("down", 5), FAIL),
    ],
)
def test_monitoring_runs_and_its_evidence_is_sealed(ran: Any, sealed: Any, healthy: Any, status: CheckStatus) -> None:
    ours = answers(
        OURS,
        ("platform:check_runs", [ran]),
        ("platform:evidence_chain.verify", [sealed]),
        ("platform:integrations.health", [healthy]),
    )

    assert said(cw_gov_04, ours) is status


def test_monitoring_without_a_chain_of_evidence_fails() -> None:
    ours = answers(
        OURS,
        ("platform:check_runs", [GOOD[0]]),
        ("platform:evidence_chain.verify", []),
        ("platform:integrations.health", []),
    )

    assert failing(cw_gov_04, ours) == {"evidence chain"}


@pytest.mark.parametrize(("purpose", "ok", "status"), [("status_change", True, PASS), ("status_change", False, FAIL)])
def test_changes_of_status_are_announced(purpose: str, ok: bool, status: CheckStatus) -> None:
    row = {"purpose": purpose, "control_id": "CW-IAM-01", "posted_at": NOW, "ok": ok, "error": None if ok else "gone"}

    assert said(cw_gov_04, answers(SLACK, ("chat.postMessage", [row]))) is status
    assert said(cw_gov_04, answers(SLACK, ("chat.postMessage", [{**row, "purpose": "heartbeat"}]))) is NONE


def page(purpose: str, **other: Any) -> dict[str, Any]:
    row = {"url": f"https://x.example/{purpose}", "purpose": purpose, "status_code": 200, "is_tls": True}
    return {**row, "last_reviewed_at": ago(days=365), "security_txt_expires": ahead(days=31), **other}


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([page("security"), page("security_txt")], PASS),
        ([page("security"), page("security_txt", security_txt_expires=ahead(days=30))], WARNING),
        ([page("security"), page("security_txt", security_txt_expires=NOW)], FAIL),
        ([page("security"), page("security_txt", security_txt_expires=None)], FAIL),
        ([page("security"), page("security_txt", status_code=404)], FAIL),
        ([page("security"), page("privacy")], FAIL),
        ([page("security_txt")], FAIL),
        ([page("status", status_code=None), page("security_txt")], FAIL),
        ([page("terms", is_tls=False), page("security_txt")], FAIL),
        ([page("contact", last_reviewed_at=None), page("security_txt")], FAIL),
        ([page("contact", last_reviewed_at=ago(days=366)), page("security_txt")], FAIL),
    ],
)
def test_public_pages_answer_and_are_reviewed(rows: list[Any], status: CheckStatus) -> None:
    assert said(cw_gov_05, answers(OURS, ("platform:http_probe", rows))) is status


@pytest.mark.parametrize("module", [cw_gov_01, cw_gov_02, cw_gov_03, cw_gov_04, cw_gov_05])
def test_nothing_is_said_of_what_was_not_read(module: Any) -> None:
    for one in module.CONTROL.procedures:
        unread = answers(one.integration, unread=one.operations)

        assert judge(one, case(unread, module.CONTROL)).status is ERROR
