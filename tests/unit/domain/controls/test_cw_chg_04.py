"""Changes trace to a ticket."""

from typing import Any

import pytest

from domain.compliance.answers import Answers
from domain.compliance.pull_requests import PULLS
from domain.compliance.tickets import SEARCH
from domain.controls.cw_chg_04 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import answers, call, faults, judged

SINCE = 'updated >= "2026-01-01 00:00" ORDER BY updated ASC'
FAIL, WARNING, PASS, ERROR = CheckStatus.FAIL, CheckStatus.WARNING, CheckStatus.PASS, CheckStatus.ERROR


def pull(number: int, title: str = "Sell more", branch: str = "more", body: str | None = None) -> dict[str, Any]:
    at = "2026-05-28T12:00:00Z"
    texts = {"title": title, "head": {"ref": branch}, "body": body}
    return {"number": number, "merged_at": at, "updated_at": at, **texts}


def github(*pulls: Any, **more: Any) -> Answers:
    return answers(Integration.GITHUB, call(PULLS, list(pulls), owner="octo", repo="shop", per_page=100), **more)


def issue(key: str, category: str = "done", created: str = "2026-05-01T00:00:00.000+0000") -> dict[str, Any]:
    status = {"name": category, "statusCategory": {"key": category}}
    return {"key": key, "fields": {"status": status, "issuetype": {"name": "Story"}, "created": created}}


def jira(*issues: Any, since: str = SINCE, **more: Any) -> Answers:
    return answers(Integration.JIRA, call(SEARCH, {"issues": list(issues)}, jql=since), **more)


def shares(linked: int, others: int) -> Answers:
    named = [pull(number, f"SHOP-{number + 1} Sell") for number in range(linked)]
    return github(*named, *(pull(linked + number) for number in range(others)))


@pytest.mark.parametrize(
    ("looked_at", "status", "count"),
    [
        (shares(3, 0), PASS, 0),
        # 49 of 50 are 98 %, 48 of 49 are 97.96 %, 9 of 10 are 90 %, 8 of 9 are 88.9 %.
        (shares(49, 1), PASS, 0),
        (shares(48, 1), WARNING, 1),
        (shares(9, 1), WARNING, 1),
        (shares(8, 1), FAIL, 1),
        (github(), CheckStatus.NOT_APPLICABLE, 0),
        (github(unread=[PULLS]), ERROR, 0),
    ],
)
def test_share_of_merges_with_a_ticket_decides(looked_at: Answers, status: CheckStatus, count: int) -> None:
    found = judged(CONTROL, looked_at)

    assert (found.status, len(faults(found))) == (status, count)


@pytest.mark.parametrize(
    ("merge", "status"),
    [
        (pull(1, branch="feature/SHOP-7-sell"), PASS),
        (pull(1, body="For SHOP-7."), PASS),
        (pull(1, body="Fixes #8"), PASS),
        (pull(1, body="Resolves: octo/other#8"), PASS),
        (pull(1, body="See #8"), FAIL),
        (pull(1, "Read files as UTF-8"), FAIL),
        (pull(1, "XSHOP-7 and SHOP-0"), FAIL),
    ],
)
def test_only_keys_of_known_projects_and_closed_issues_are_tickets(merge: Any, status: CheckStatus) -> None:
    assert judged(CONTROL, github(merge), jira(issue("SHOP-7"))).status is status


@pytest.mark.parametrize(
    ("issues", "status"),
    [
        ([issue("SHOP-7")], PASS),
        ([issue("SHOP-7", "indeterminate")], PASS),
        ([issue("SHOP-7", "new")], WARNING),
        ([issue("SHOP-7", created="2026-05-28T14:00:00.001+0200")], WARNING),
        ([issue("SHOP-8")], FAIL),
        ([issue("OTHER-7")], CheckStatus.NOT_APPLICABLE),
    ],
)
def test_named_ticket_exists_and_was_worked_on(issues: list[Any], status: CheckStatus) -> None:
    found = judged(CONTROL, jira(*issues), github(pull(1, "SHOP-7 Sell")))

    assert found.status is status
    assert faults(found) == (["SHOP-7 of octo/shop#1"] if status in (FAIL, WARNING) else [])


def test_tickets_are_not_assessed_without_github() -> None:
    assert judged(CONTROL, jira(issue("SHOP-7"))).status is CheckStatus.NOT_ASSESSED


@pytest.mark.parametrize(
    ("since", "status"),
    # NOW is 2026-06-01 12:00; 30 days before is 2026-05-02 12:00.
    [
        ('updated >= "2026-05-02 12:00" ORDER BY updated ASC', FAIL),
        ('updated >= "2026-05-02 12:01" ORDER BY updated ASC', ERROR),
        ("ORDER BY updated ASC", ERROR),
    ],
)
def test_ticket_is_missing_only_where_jira_was_read_for_long_enough(since: str, status: CheckStatus) -> None:
    looked_at = jira(issue("SHOP-8"), since=since)

    assert judged(CONTROL, looked_at, github(pull(1, "SHOP-7 Sell"))).status is status


def test_tickets_are_not_judged_on_half_an_answer() -> None:
    merge = pull(1, "SHOP-7 Sell")

    assert judged(CONTROL, jira(unread=[SEARCH]), github(merge)).status is ERROR
    assert judged(CONTROL, jira(issue("SHOP-7")), github(merge, unread=[PULLS])).status is ERROR
