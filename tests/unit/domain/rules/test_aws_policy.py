import pytest

from domain.rules.aws_policy import document_of, is_restricted, lets_in_anyone, statements, without_anyone

OWN = {"Sid": "own", "Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sqs:*", "Resource": "*"}
ANYONE = {"Sid": "anyone", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}


def condition(operator: str, key: str, *values: str) -> dict:
    return {**ANYONE, "Condition": {operator: {key: list(values)}}}


@pytest.mark.parametrize(
    "narrowed",
    [
        condition("StringEquals", "aws:SourceAccount", "123456789012"),
        condition("stringequals", "AWS:SourceOwner", "123456789012"),
        condition("ArnLike", "aws:SourceArn", "arn:aws:s3:::uploads"),
        condition("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        condition("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*"),
    ],
)
def test_conditions_on_known_callers_narrow_everybody(narrowed):
    assert is_restricted(narrowed)


@pytest.mark.parametrize(
    "open_to_all",
    [
        ANYONE,
        condition("StringNotEquals", "aws:SourceAccount", "123456789012"),
        condition("StringEqualsIfExists", "aws:SourceAccount", "123456789012"),
        condition("StringLike", "aws:SourceAccount", "*"),
        condition("IpAddress", "aws:SourceIp", "203.0.113.0/24", "0.0.0.0/0"),
        condition("Bool", "aws:SecureTransport", "true"),
        condition("StringEquals", "lambda:FunctionUrlAuthType", "NONE"),
        {**ANYONE, "Condition": {"StringEquals": {"aws:SourceAccount": []}}},
    ],
)
def test_other_conditions_let_in_everybody(open_to_all):
    assert lets_in_anyone(open_to_all)


def test_what_is_denied_or_for_somebody_lets_in_nobody():
    assert not lets_in_anyone({**ANYONE, "Effect": "Deny"})
    assert not lets_in_anyone(OWN)
    assert not lets_in_anyone({**ANYONE, "Principal": {"Service": "s3.amazonaws.com"}})


def test_only_what_lets_in_everybody_is_taken_out():
    policy = {"Version": "2012-10-17", "Id": "kept", "Statement": [OWN, ANYONE]}

    assert without_anyone(policy) == {"Version": "2012-10-17", "Id": "kept", "Statement": [OWN]}


def test_others_named_beside_everybody_stay_with_all_else_of_the_statement():
    both = {**ANYONE, "Principal": {"AWS": ["*", "123456789012"], "Service": "s3.amazonaws.com"}}

    left = without_anyone({"Statement": both})["Statement"]

    assert left == [{**ANYONE, "Principal": {"AWS": ["123456789012"], "Service": "s3.amazonaws.com"}}]


def test_service_named_beside_everybody_stays_alone():
    both = {**ANYONE, "Principal": {"AWS": "*", "Service": "s3.amazonaws.com"}}

    left = without_anyone({"Statement": [both]})["Statement"]

    assert left == [{**ANYONE, "Principal": {"Service": "s3.amazonaws.com"}}]


@pytest.mark.parametrize("odd", [None, "", "no JSON", "[]", 7, {"Statement": ["odd"]}, {}])
def test_what_is_no_policy_has_no_statements(odd):
    assert statements(odd) == []


def test_policy_is_read_from_text():
    assert document_of('{"Version": "2012-10-17"}') == {"Version": "2012-10-17"}
