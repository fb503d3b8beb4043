import pytest

from domain.rules.aws_rights import allow_everything, allowed

PUT, PASS = "iam:PutRolePolicy", "iam:PassRole"


def document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str | list[str], resource: str | list[str] = "*", **more: object) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize("action", ["*", "iam:*", "IAM:put*", ["s3:*", "iam:PutRolePolicy"], "iam:PutRolePolic?"])
def test_actions_are_allowed_in_any_case_and_by_wild_cards(action):
    assert allowed([document(allow(action))], [PUT, "s3x:Get"]) >= {PUT}


@pytest.mark.parametrize(
    ("resource", "is_wide"),
    [
        ("*", True),
        ("arn:aws:iam::123456789012:role/*", True),
        ("arn:aws:iam::*:*", True),
        ("arn:aws:lambda:*:*:function:*", True),
        (["arn:aws:iam::123456789012:role/app", "arn:aws:iam::123456789012:role/*"], True),
        ("arn:aws:iam::123456789012:role/app", False),
        ("arn:aws:iam::123456789012:role/app/*", False),
        ("arn:aws:s3:::uploads/*", True),
    ],
)
def test_single_things_are_not_everything_of_a_kind(resource, is_wide):
    assert (allowed([document(allow("iam:*", resource))], [PUT]) == {PUT}) is is_wide


def test_what_is_denied_on_everything_is_not_allowed():
    denied = {"Effect": "Deny", "Action": "iam:Put*", "Resource": "*"}

    assert allowed([document(allow("iam:*")), document(denied)], [PUT, PASS]) == {PASS}


def test_what_is_denied_on_one_thing_stays_allowed():
    denied = {"Effect": "Deny", "Action": "iam:Put*", "Resource": "arn:aws:iam::123456789012:role/app"}

    assert allowed([document(allow("iam:*"), denied)], [PUT]) == {PUT}


def test_all_but_some_actions_are_allowed():
    others = {"Effect": "Allow", "NotAction": ["iam:Put*", "sts:*"], "Resource": "*"}

    assert allowed([document(others)], [PUT, PASS]) == {PASS}


def test_conditions_allow_nothing_for_certain():
    assert allowed([document(allow("iam:*", Condition={"Bool": {"aws:SecureTransport": "true"}}))], [PUT]) == set()


@pytest.mark.parametrize(
    ("statement", "is_everything"),
    [(allow("*"), True), (allow("*:*"), True), (allow("iam:*"), False), (allow("*", "arn:aws:s3:::uploads"), False)],
)
def test_everything_is_every_action_on_everything(statement, is_everything):
    assert allow_everything([document(statement)]) is is_everything
