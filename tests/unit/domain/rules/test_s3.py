import pytest

from domain.rules.aws import s3
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, bucket

CONTEXT = RuleContext(now=NOW)
ALL_ON = dict.fromkeys(s3.BLOCK_SETTINGS, True)


def grant(uri: str) -> dict:
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": "WRITE"}


EVERYONE = grant("http://acs.amazonaws.com/groups/global/AllUsers")
ANY_ACCOUNT = grant("http://acs.amazonaws.com/groups/global/AuthenticatedUsers")
LOG_DELIVERY = grant("http://acs.amazonaws.com/groups/s3/LogDelivery")
OWNER = {"Grantee": {"Type": "CanonicalUser", "ID": "75aa57f0"}, "Permission": "FULL_CONTROL"}


@pytest.mark.parametrize("setting", s3.BLOCK_SETTINGS)
def test_bucket_with_one_block_setting_off_is_not_protected(setting):
    observation = s3.is_public(
        bucket(PolicyStatus={"IsPublic": True}, PublicAccessBlockConfiguration={**ALL_ON, setting: False}), CONTEXT
    )

    assert observation is not None
    assert observation.observed["block_settings_off"] == [setting]


def test_all_four_block_settings_protect_a_public_bucket():
    opened = bucket(PolicyStatus={"IsPublic": True}, Grants=[EVERYONE], PublicAccessBlockConfiguration=ALL_ON)

    assert s3.is_public(opened, CONTEXT) is None


@pytest.mark.parametrize("public", [EVERYONE, ANY_ACCOUNT])
def test_access_list_that_names_everybody_opens_a_bucket(public):
    observation = s3.is_public(bucket(Grants=[OWNER, public]), CONTEXT)

    assert observation is not None
    assert observation.observed["public_grants"] == ["WRITE"]


@pytest.mark.parametrize("private", [OWNER, LOG_DELIVERY, {"Permission": "READ"}])
def test_other_grants_open_nothing(private):
    assert s3.is_public(bucket(Grants=[private]), CONTEXT) is None


@pytest.mark.parametrize("status", [None, {}, {"IsPublic": False}])
def test_policy_that_is_not_public_opens_nothing(status):
    assert s3.is_public(bucket(PolicyStatus=status), CONTEXT) is None


def test_both_ways_in_are_named():
    observation = s3.is_public(bucket(PolicyStatus={"IsPublic": True}, Grants=[EVERYONE, ANY_ACCOUNT]), CONTEXT)

    assert "its policy is public" in observation.reason
    assert "anyone on the internet" in observation.reason
    assert "anyone with any AWS account" in observation.reason


def test_bucket_whose_block_settings_could_not_be_read_is_not_accused():
    unread = bucket(PolicyStatus={"IsPublic": True})
    del unread.config["PublicAccessBlockConfiguration"]

    assert s3.is_public(unread, CONTEXT) is None
