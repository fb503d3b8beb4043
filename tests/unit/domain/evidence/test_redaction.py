"""What is personal is taken out of raw answers, what procedures need stays."""

import json
import re

import pytest

from domain.evidence.redaction import KEPT, RULES, may_hold, redact

OKTA_USER = {
    "id": "00u1",
    "status": "ACTIVE",
    "lastLogin": "2026-01-01T00:00:00.000Z",
    "profile": {
        "login": "ada@example.com",
        "email": "ada@example.com",
        "firstName": "Ada",
        "secondEmail": "ada@home.example",
        "mobilePhone": "+44 20 7946 0000",
        "city": "London",
        "zipCode": None,
        "aboutMe": "",
    },
}


def test_a_person_stays_known_by_what_procedures_match():
    answer, counts = redact("GET /api/v1/users", [OKTA_USER])

    profile = answer[0]["profile"]
    assert {key: profile[key] for key in ("login", "email", "firstName")} == {
        "login": "ada@example.com",
        "email": "ada@example.com",
        "firstName": "Ada",
    }
    assert (answer[0]["status"], answer[0]["lastLogin"]) == ("ACTIVE", "2026-01-01T00:00:00.000Z")
    assert profile["secondEmail"] == "(redacted: private_mail)"
    assert profile["mobilePhone"] == "(redacted: telephone)"
    assert profile["city"] == "(redacted: home)"
    assert (profile["zipCode"], profile["aboutMe"]) == (None, "")
    assert counts == {"private_mail": 1, "telephone": 1, "home": 1}
    assert OKTA_USER["profile"]["city"] == "London"


@pytest.mark.parametrize(
    ("operation", "answer", "redacted"),
    [
        (
            "GET /api/v1/logs",
            {"client": {"ipAddress": "192.0.2.1"}},
            {"client": {"ipAddress": "(redacted: whereabouts)"}},
        ),
        ("GET /api/v1/logs", {"geo": {"lat": 1}}, {"geo": {"redacted": "whereabouts"}}),
        ("GRAPH GET /v1.0/users", {"otherMails": ["a@b", ""]}, {"otherMails": ["(redacted: private_mail)", ""]}),
        ("anything", {"phoneNumber": 7}, {"phoneNumber": "(redacted: telephone)"}),
        ("ec2.describe_addresses", {"ipAddress": "192.0.2.1", "city": "x"}, {"ipAddress": "192.0.2.1", "city": "x"}),
    ],
)
def test_rules_keep_the_shape_and_their_place(operation: str, answer: object, redacted: object):
    assert may_hold(json.dumps(answer, separators=(",", ":")).encode())
    assert redact(operation, answer)[0] == redacted


def test_an_answer_without_such_members_needs_no_look():
    assert not may_hold(b'{"volumes":[{"id":"vol-1"}]}')


def test_rules_are_named_once_and_take_nothing_that_is_needed():
    names = [name for rule in RULES for name in rule.names]

    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z_]+", rule.id) and rule.why for rule in RULES)
    assert not {"email", "login", "name", "userPrincipalName", "primaryEmail", "mail", "displayName", "emails"} & set(
        names
    )
    assert KEPT
