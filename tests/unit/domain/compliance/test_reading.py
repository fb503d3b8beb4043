"""The small things that controls read answers with."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.compliance.answers import Unread
from domain.compliance.credential_report import credentials
from domain.compliance.directory import leavers, people, short_names_of
from domain.compliance.policy_document import allows_everything, statements, texts
from domain.compliance.slack_people import live_people
from domain.compliance.spans import check_seen
from domain.facts.compliance import Integration
from tests.factories.answers import NOW, answers, call
from tests.factories.okta import directory, person

LOG = "GET /api/v1/logs"


def allowing(action: Any, resource: Any = "*", effect: str = "Allow") -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (allowing("*"), True),
        (allowing(["s3:*", "*:*"], ["arn:aws:s3:::a", "*"]), True),
        ({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, True),
        (allowing("s3:*"), False),
        (allowing("*", "arn:aws:s3:::a"), False),
        (allowing("*", effect="Deny"), False),
        ({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}, False),
        ({"Statement": []}, False),
    ],
)
def test_a_document_allows_everything_by_one_statement(document: Any, expected: bool) -> None:
    assert allows_everything(document) is expected


def test_a_document_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        statements("no JSON")


def test_an_element_is_one_text_or_several_or_none() -> None:
    assert (texts("a"), texts(["a", "b"]), texts(None)) == (["a"], ["a", "b"], [])


def test_credentials_are_found_by_user() -> None:
    report = {"Content": 'user,arn\r\n<root_account>,arn:1\r\n"ann, b",arn:2\r\n'}
    found = credentials(answers(Integration.AWS, ("iam.get_credential_report", report)))

    assert found == {
        "<root_account>": {"user": "<root_account>", "arn": "arn:1"},
        "ann, b": {"user": "ann, b", "arn": "arn:2"},
    }


def test_no_report_is_not_read() -> None:
    with pytest.raises(Unread, match="no report was made"):
        credentials(answers(Integration.AWS, ("iam.get_credential_report",)))


def test_a_person_whom_two_lists_show_is_one_person() -> None:
    gone = person("old", status="DEPROVISIONED")
    twice = directory(person("ann"), more=(call("GET /api/v1/users", [gone, person("ann")], search="x"),))

    assert [user["id"] for user in people(twice)] == ["ann", "old"]


def test_leavers_are_known_by_names_that_nobody_else_has() -> None:
    left = NOW - timedelta(hours=3)
    elsewhere = {"login": "sam@old.com", "email": None}
    users = [person("Old", status="DEPROVISIONED", left=left), person("ann"), person("sam")]
    users.append(person("x", status="DEPROVISIONED", left=left, profile=elsewhere))

    assert leavers(users) == {"old@acme.com": left, "sam@old.com": left}
    # There is another Sam.
    assert leavers(users, short_names_of) == {"old@acme.com": left, "old": left, "sam@old.com": left}


def test_bots_and_those_removed_are_no_people() -> None:
    gone, bot = {"id": "U1", "deleted": True}, {"id": "U2", "deleted": False, "is_bot": True}
    helper, ann = ({"id": id, "deleted": False, "is_bot": False} for id in ("USLACKBOT", "U3"))
    found = answers(Integration.SLACK, ("users.list", {"members": [gone, bot, helper]}, {"members": [ann]}))

    assert [one["id"] for one in live_people(found)] == ["U3"]


def look(since: int, until: int) -> Any:
    """Into the log, from and to so many hours after the period began."""
    start = NOW - timedelta(hours=10)
    return call(
        LOG, [], since=(start + timedelta(hours=since)).isoformat(), until=(start + timedelta(hours=until)).isoformat()
    )


@pytest.mark.parametrize("looks", [((0, 9),), ((4, 9), (-5, 4)), ((-1, 5), (0, 2), (3, 9))])
def test_looks_that_follow_each_other_have_seen_all(looks: tuple[tuple[int, int], ...]) -> None:
    check_seen(answers(Integration.OKTA, *(look(*one) for one in looks)), LOG, NOW - timedelta(hours=10))


@pytest.mark.parametrize(
    ("looks", "problem"),
    [
        (((1, 9),), "was not read from 2026-06-01 02:00 to 2026-06-01 03:00"),
        (((0, 4), (5, 9)), "was not read from 2026-06-01 06:00 to 2026-06-01 07:00"),
        (((-9, -1),), "was not read since 2026-06-01 02:00"),
    ],
)
def test_a_gap_between_looks_is_told(looks: tuple[tuple[int, int], ...], problem: str) -> None:
    with pytest.raises(Unread, match=problem):
        check_seen(answers(Integration.OKTA, *(look(*one) for one in looks)), LOG, NOW - timedelta(hours=10))


def test_looks_that_are_joined_have_nothing_missing_between_them() -> None:
    looks = [look(*one) for one in ((-9, -1), (5, 9))]

    check_seen(replace(answers(Integration.OKTA, *looks), joined={LOG}), LOG, NOW - timedelta(hours=10))
    with pytest.raises(Unread, match="was not read from 2026-06-01 02:00 to 2026-06-01 07:00"):
        check_seen(replace(answers(Integration.OKTA, looks[1]), joined={LOG}), LOG, NOW - timedelta(hours=10))


def test_no_look_at_all_has_seen_nothing() -> None:
    with pytest.raises(Unread, match="was not read since 2026-06-01 02:00"):
        check_seen(answers(Integration.OKTA, needless=[LOG]), LOG, NOW - timedelta(hours=10))
