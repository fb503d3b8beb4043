"""Policies that stand on a thing itself in AWS."""

import json

import pytest

from domain.compliance.resource_policy import denies_plain_text, lets_in_anyone, statements

ANYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def test_one_statement_may_stand_without_a_list():
    assert statements(json.dumps({"Statement": ANYONE})) == [ANYONE]
    assert statements(json.dumps({"Statement": [ANYONE, ANYONE]})) == [ANYONE, ANYONE]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (ANYONE, True),
        ({**ANYONE, "Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}, True),
        ({**ANYONE, "Principal": {"Service": "sns.amazonaws.com"}}, False),
        ({**ANYONE, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({**ANYONE, "Effect": "Deny"}, False),
    ],
)
def test_a_statement_lets_in_everybody_or_not(statement, expected):
    assert lets_in_anyone(statement) is expected


def test_a_denial_of_everything_but_some_actions_is_none_of_plain_text():
    denied = {"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*"}

    assert not denies_plain_text({**denied, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
