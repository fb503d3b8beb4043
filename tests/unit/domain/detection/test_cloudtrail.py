"""What is read out of records whose forms vary."""

import json
from urllib.parse import quote

import pytest

from domain.detection.cloudtrail import account_of, is_narrowed, listed, statements, trusted

ALLOW = {"Effect": "Allow", "Action": "*"}
POLICY = {"Statement": [ALLOW, {"Effect": "Deny"}, "nonsense"]}


@pytest.mark.parametrize("document", [POLICY, json.dumps(POLICY), quote(json.dumps(POLICY))])
def test_a_policy_is_read_in_each_of_its_forms(document):
    assert list(statements(document)) == [ALLOW]


@pytest.mark.parametrize("document", [None, "", "{", 7, {}, {"Statement": None}])
def test_what_is_no_policy_allows_nothing(document):
    assert list(statements(document)) == []


@pytest.mark.parametrize(
    ("value", "members"),
    [({"items": [1]}, [1]), ([1], [1]), ("a", ["a"]), (None, []), ({}, []), ({"items": None}, [])],
)
def test_a_list_is_read_in_each_of_its_forms(value, members):
    assert listed(value) == members


@pytest.mark.parametrize(
    ("principal", "named"),
    [("*", ["*"]), ({"AWS": "1"}, ["1"]), ({"AWS": ["1", 2]}, ["1"]), ({"Service": "ec2"}, []), (None, [])],
)
def test_principals_of_aws_are_named(principal, named):
    assert trusted({"Principal": principal}) == named


@pytest.mark.parametrize(
    ("principal", "account"),
    [
        ("arn:aws:iam::123456789012:root", "123456789012"),
        ("arn:aws-cn:sts::123456789012:assumed-role/a/b", "123456789012"),
        ("123456789012", "123456789012"),
        ("*", None),
        ("AROAEXAMPLE", None),
    ],
)
def test_an_account_is_found_in_a_principal(principal, account):
    assert account_of(principal) == account


def test_a_condition_narrows_only_when_it_is_about_whose_call_it_is():
    assert is_narrowed({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})
    assert not is_narrowed({"Condition": {"Bool": {"aws:SecureTransport": "true"}}})
    assert not is_narrowed({})
