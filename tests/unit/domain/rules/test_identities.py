"""Plans of rules on identities and trails whose values are worked out, and not only put down."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.rules.aws import cloudtrail_coverage, iam_account, iam_key, iam_trust, secretsmanager
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW

TRAIL, SECRET = ResourceKind.AWS_CLOUDTRAIL_TRAIL, ResourceKind.AWS_SECRET


def context(*resources: Resource, **given) -> RuleContext:
    return RuleContext(now=NOW, resources={(one.kind, one.native_id): one for one in resources}, **given)


def account(policy: dict | None) -> Resource:
    return Resource(kind=ResourceKind.AWS_ACCOUNT, native_id="1", name="1", config={"PasswordPolicy": policy})


def trail(name: str, **selectors: list) -> Resource:
    config = {"IsMultiRegionTrail": True, "IsLogging": True, "IsOrganizationTrail": False, **selectors}
    arn = f"arn:aws:cloudtrail:us-east-1:123456789012:trail/{name}"
    return Resource(kind=TRAIL, native_id=arn, name=name, region="us-east-1", config=config)


def test_policy_for_passwords_is_raised_and_never_lowered():
    former = {
        "AllowUsersToChangePassword": True,
        "ExpirePasswords": True,
        "HardExpiry": False,
        "MaxPasswordAge": 60,
        "MinimumPasswordLength": 20,
        "PasswordReusePrevention": 5,
        "RequireSymbols": True,
    }

    (step,) = iam_account.raise_policy(account(former), context())

    assert step.call.arguments == {
        "AllowUsersToChangePassword": True,
        "HardExpiry": False,
        "MaxPasswordAge": 60,
        "MinimumPasswordLength": 20,
        "PasswordReusePrevention": 24,
        "RequireLowercaseCharacters": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "RequireUppercaseCharacters": True,
    }
    # What AWS works out by itself cannot be given.
    expected = {name: value for name, value in former.items() if name != "ExpirePasswords"}
    assert step.undo[0].call.arguments == expected


def test_numbers_that_are_not_set_are_not_given_back():
    (step,) = iam_account.raise_policy(account({"MinimumPasswordLength": 6, "PasswordReusePrevention": 0}), context())

    assert step.undo[0].call.arguments == {"MinimumPasswordLength": 6}


def test_second_copy_of_events_costs_what_its_bill_says():
    every = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]}
    second = trail("second", **every)
    bills = {second.native_id: Money(amount=Decimal("7.00"), currency="USD")}

    found = cloudtrail_coverage.is_duplicate(second, context(trail("main", **every), second, bills=bills))

    # 350,000 events * 2.00 USD / 100,000
    assert found.estimated_monthly_saving == Money(amount=Decimal("7.00"), currency="USD")
    assert found.saving_formula == "350000 paid events / 100000 * 2.00 USD"


def test_trail_of_the_organization_goes_on_before_others():
    every = {"EventSelectors": [{"ReadWriteType": "All"}]}
    first, whole = trail("a", **every), trail("z", **every)
    whole.config["IsOrganizationTrail"] = True
    bills = {one.native_id: Money(amount=Decimal(1), currency="USD") for one in (first, whole)}
    known = context(first, whole, bills=bills)

    assert cloudtrail_coverage.is_duplicate(first, known).observed["kept"] == whole.native_id
    assert cloudtrail_coverage.is_duplicate(whole, known) is None


def test_secret_saves_its_list_price():
    created = (NOW - timedelta(days=100)).isoformat()
    secret = Resource(kind=SECRET, native_id="arn", name="db", region="us-east-1", config={"CreatedDate": created})

    found = secretsmanager.is_unused(secret, context(parameters={"unused_days": 90}))

    assert found.estimated_monthly_saving == Money(amount=Decimal("0.40"), currency="USD")


def test_trust_keeps_who_belongs_there():
    stranger, own = "arn:aws:iam::999999999999:root", "arn:aws:iam::123456789012:role/ci"
    mixed = {"Effect": "Allow", "Principal": {"AWS": [stranger, own]}, "Action": "sts:AssumeRole"}
    service = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    config = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [mixed, service]}}
    arn = "arn:aws:iam::123456789012:role/app"
    role = Resource(kind=ResourceKind.AWS_IAM_ROLE, native_id=arn, name="app", config=config)

    (step,) = iam_trust.drop_strangers(role, context(role))

    left = json.loads(step.call.arguments["PolicyDocument"])
    assert left["Statement"] == [{**mixed, "Principal": {"AWS": [own]}}, service]
    assert json.loads(step.undo[0].call.arguments["PolicyDocument"]) == config["AssumeRolePolicyDocument"]


@pytest.mark.parametrize(("status", "age"), [("Inactive", 1), ("Active", 300)], ids=["asleep", "older"])
def test_key_in_use_is_not_retired_without_a_newer_active_one(status, age):
    def key(key_id: str, days: int, status: str) -> Resource:
        used = {"LastUsedDate": (NOW - timedelta(days=1)).isoformat()}
        return Resource(
            kind=ResourceKind.AWS_IAM_ACCESS_KEY,
            native_id=key_id,
            name=key_id,
            config={"Status": status, "UserName": "ops", "AccessKeyLastUsed": used},
            created_at=NOW - timedelta(days=days),
        )

    old = key("AKIA1", 200, "Active")

    with pytest.raises(NoPlan, match="Make a new key for ops"):
        iam_key.retire(old, context(old, key("AKIA2", age, status)))
