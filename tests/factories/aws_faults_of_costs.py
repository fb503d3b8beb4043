"""Faults of what watches costs, and of who pays them."""

from typing import Any

from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, Moto

TOLD = {"emails": ("costs@example.com",), "limit_usd": 5000}


def no_budget(_: Moto) -> str:
    return ACCOUNT


def silent_budget(moto: Moto) -> str:
    """A budget that tells nobody."""
    limit = {"Amount": "100", "Unit": "USD"}
    budget = {"BudgetName": "month", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}
    moto.client("budgets").create_budget(AccountId=ACCOUNT, Budget=budget)
    return ACCOUNT


def has_no_budget_again(moto: Moto, _: dict[str, Any]) -> bool:
    return not moto.client("budgets").describe_budgets(AccountId=ACCOUNT).get("Budgets")


def tells_nobody_again(moto: Moto, _: dict[str, Any]) -> bool:
    budgets = moto.client("budgets")
    told = budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="month")
    return not told.get("Notifications")


def untagged(moto: Moto) -> str:
    """A table without a tag and a volume that has its own of one."""
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    moto.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    owned = {"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "pay"}]}
    moto.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1, TagSpecifications=[owned])
    return ACCOUNT


def is_untagged_again(moto: Moto, _: dict[str, Any]) -> bool:
    dynamodb = moto.client("dynamodb")
    arn = dynamodb.describe_table(TableName="orders")["Table"]["TableArn"]
    tags = moto.client("ec2").describe_volumes()["Volumes"][0]["Tags"]
    return not dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] and tags == [{"Key": "team", "Value": "pay"}]


FAULTS = [
    Fault(rule_id="aws-budget-missing", make=no_budget, parameters=TOLD, is_back=has_no_budget_again),
    Fault(
        rule_id="aws-budget-missing",
        name="silent",
        make=silent_budget,
        parameters=TOLD,
        is_back=tells_nobody_again,
        once={"tell-0": "moto keeps the same notification twice, which AWS refuses as a duplicate"},
    ),
    Fault(
        rule_id="aws-untagged-resource",
        make=untagged,
        parameters={
            "required": ("team", "environment"),
            "values": ("team=shop", "environment=test"),
        },
        is_back=is_untagged_again,
    ),
]
