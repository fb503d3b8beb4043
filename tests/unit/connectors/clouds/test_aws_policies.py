"""Which policies are taken to give everything, also of those that nobody would write by accident."""

from typing import Any

import pytest

from connectors.clouds.aws import iam_policy
from connectors.reading.listing import Place
from tests.fakes.collecting import NOW

HERE = Place(account_id="123456789012", region=None, now=NOW)
OWN, OF_AWS = "arn:aws:iam::123456789012:policy/own", "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: Any, **changes: Any) -> dict[str, Any]:
    version = {"Document": {"Statement": list(statements)}, "IsDefaultVersion": True}
    return {"Arn": OWN, "AttachmentCount": 1, "PolicyVersionList": [version], **changes}


@pytest.mark.parametrize(
    "given",
    [
        policy(ALL),
        policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, ALL),
        policy({**ALL, "Action": ["s3:GetObject", "*:*"], "Resource": ["arn:aws:s3:::a", "*"]}),
        policy(PolicyVersionList=[{"Document": {"Statement": ALL}, "IsDefaultVersion": True}]),
        policy(Arn="arn:aws-cn:iam::aws:policy/AdministratorAccess", PolicyVersionList=[]),
    ],
)
def test_every_action_on_everything_is_everything(given):
    assert iam_policy.gives_everything(given) is True


@pytest.mark.parametrize(
    "given",
    [
        policy({**ALL, "Effect": "Deny"}),
        policy({**ALL, "Action": "s3:*"}),
        policy({**ALL, "Resource": "arn:aws:s3:::a/*"}),
        policy(PolicyVersionList=[{"Document": {"Statement": [ALL]}, "IsDefaultVersion": False}]),
        policy(Arn="arn:aws:iam::123456789012:policy/AdministratorAccess-of-nobody", PolicyVersionList=None),
    ],
)
def test_less_than_that_is_not(given):
    assert iam_policy.gives_everything(given) is False


@pytest.mark.parametrize(
    "document",
    ["%7B%22Statement", None, [], {}, {"Statement": None}, {"Statement": ["*"]}, {"Statement": [{"Effect": "Allow"}]}],
)
def test_document_of_no_sense_gives_nothing(document):
    odd = policy(PolicyVersionList=[{"Document": document, "IsDefaultVersion": True}])

    assert iam_policy.gives_everything(odd) is False


@pytest.mark.parametrize("value", [{"a": "*"}, ["*", 7], 0, [["*"]]])
def test_action_of_no_sense_is_passed_over(value):
    expected = value == ["*", 7]

    assert iam_policy.gives_everything(policy({**ALL, "Action": value})) is expected


def test_policies_of_aws_are_kept_only_where_they_are_in_use():
    page = {
        "RoleDetailList": [{"Arn": "arn:aws:iam::123456789012:role/a"}],
        "Policies": [{"Arn": OWN}, {"Arn": OF_AWS, "AttachmentCount": 0}, {"Arn": OF_AWS, "AttachmentCount": 2}],
    }

    kept = [(one.kind, one.said["Arn"]) for one in iam_policy.entities(page) if iam_policy.is_kept(one, HERE)]

    assert kept == [
        (iam_policy.ROLE, "arn:aws:iam::123456789012:role/a"),
        (iam_policy.POLICY, OWN),
        (iam_policy.POLICY, OF_AWS),
    ]


def test_list_that_is_none_is_refused():
    with pytest.raises(TypeError):
        iam_policy.entities({"Policies": {"Arn": OWN}})
