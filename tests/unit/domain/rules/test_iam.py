import pytest

from domain.rules.aws import iam, iam_key
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, access_key, user

CONTEXT = RuleContext(now=NOW, parameters={"max_age_days": 90})
SECOND = 1 / 86400


def test_password_without_mfa_fires():
    assert iam.lacks_mfa(user(MFADevices=[]), CONTEXT) is not None


@pytest.mark.parametrize(
    "config",
    [{}, {"LoginProfile": None}, {"LoginProfile": None, "MFADevices": []}],
    ids=["password and MFA", "no password", "neither"],
)
def test_other_users_are_left_alone(config):
    assert iam.lacks_mfa(user(**config), CONTEXT) is None


def test_user_whose_devices_could_not_be_read_is_not_accused():
    unread = user()
    del unread.config["MFADevices"]

    assert iam.lacks_mfa(unread, CONTEXT) is None


@pytest.mark.parametrize(("age", "fires"), [(90, False), (90 + SECOND, True), (89, False), (2000, True)])
def test_active_key_counts_when_older_than_max_age_days(age, fires):
    assert (iam_key.is_old_key(access_key(age=age), CONTEXT) is not None) is fires


def test_inactive_key_may_be_old():
    assert iam_key.is_old_key(access_key(age=2000, status="Inactive"), CONTEXT) is None


def test_key_of_unknown_age_is_left_alone():
    ageless = access_key(age=2000).model_copy(update={"created_at": None})

    assert iam_key.is_old_key(ageless, CONTEXT) is None
