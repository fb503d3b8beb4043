"""What Compute Optimizer recommends for a resource. No rules here."""

from decimal import Decimal
from typing import Any

from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.rules.list_price import usd
from domain.rules.rule import RuleContext

# Source: botocore's partitions.
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def advice_on(operation: str, arn: str, context: RuleContext) -> Resource | None:
    """The recommendation for what has this ARN, by the call that gives it."""
    return context.find(ResourceKind.AWS_RECOMMENDATION, f"compute-optimizer.{operation}/{arn}")


def advice_on_instance(instance: Resource, context: RuleContext) -> Resource | None:
    """Its account is that of its network card, as DescribeInstances gives no ARN."""
    cards = instance.config.get("NetworkInterfaces") or [{}]
    owner, region = cards[0].get("OwnerId"), instance.region or ""
    if not owner:
        return None
    partition = next((name for start, name in PARTITIONS.items() if region.startswith(start)), "aws")
    arn = f"arn:{partition}:ec2:{region}:{owner}:instance/{instance.native_id}"
    return advice_on("get_ec2_instance_recommendations", arn, context)


def is_over_provisioned(finding: Any) -> bool:
    """However it is written: the API reference says Overprovisioned, and OVER_PROVISIONED in its examples."""
    return str(finding).replace("_", "").lower() == "overprovisioned"


def saving_of(advice: Resource) -> tuple[Money, str] | tuple[None, None]:
    """What AWS estimates, in dollars; nothing where it gives none or another currency."""
    saved = advice.config.get("EstimatedMonthlySaving") or {}
    if saved.get("Currency") != "USD":
        return None, None
    amount = Decimal(saved["Amount"])
    return usd(amount), f"{usd(amount).amount} USD by Compute Optimizer's estimate"
