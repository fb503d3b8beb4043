"""Bills made to order for advice on commitments: steady use, by the hour or by the day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.commitments.bill import Bill, Charge, CommitmentPart, ResourceSaving, midnight
from domain.commitments.recommendation import Recommended
from domain.facts.provider import Provider
from domain.facts.resource_kind import ResourceKind

EC2 = "Amazon Elastic Compute Cloud"
FIRST = date(2026, 10, 1)
WORDS = {(EC2, "m5"): ("BoxUsage:m5.large",), (EC2, "c5"): ("BoxUsage:c5.large",), (EC2, "nat"): ("NAT Gateway",)}


def charge(at: datetime, cost: str, sku: str = "m5", region: str | None = "us-east-1", service: str = EC2) -> Charge:
    return Charge(at, service, region, sku, Decimal(cost), 1)


def steady(hourly: str, days: int = 30, sku: str = "m5") -> list[Charge]:
    """So much in each hour."""
    return [charge(midnight(FIRST) + timedelta(hours=hour), hourly, sku) for hour in range(24 * days)]


def daily(*costs: str, sku: str = "m5") -> list[Charge]:
    """So much on each day."""
    return [charge(midnight(FIRST + timedelta(days=number)), cost, sku) for number, cost in enumerate(costs)]


def bill(charges: list[Charge] | None = None, days: int = 30, **given: Any) -> Bill:
    plain = {
        "provider": Provider.AWS,
        "billing_account_id": "999",
        "currency": "USD",
        "days": [FIRST + timedelta(days=number) for number in range(days)],
        "loaded_at": datetime(2026, 11, 1, tzinfo=UTC),
        "asked_on": FIRST + timedelta(days=days + 1),
        "is_hourly": True,
        "charges": steady("10", days) if charges is None else charges,
        "words": WORDS,
    }
    return Bill(**{**plain, **given})


def saving(monthly: str, resource: str = "i-1", size: str = "m5.large", **given: Any) -> ResourceSaving:
    plain = {
        "kind": ResourceKind.AWS_EC2_INSTANCE,
        "region": "us-east-1",
        "config": {"InstanceType": size},
        "currency": "USD",
    }
    return ResourceSaving(resource=resource, monthly=Decimal(monthly), **{**plain, **given})


def plan(hourly: str | None = "7.2", discount: str | None = "0.28", **given: Any) -> Recommended:
    plain = {
        "pool": "aws-compute",
        "offer": "Compute Savings Plan",
        "months": 12,
        "payment": "No Upfront",
        "currency": "USD",
        "saving": Decimal(2044),
        "account": "111",
    }
    return Recommended(
        hourly=None if hourly is None else Decimal(hourly),
        discount_ratio=None if discount is None else Decimal(discount),
        **{**plain, **given},
    )


def part(effective: str, contracted: str = "0", **given: Any) -> CommitmentPart:
    plain = {"commitment": "sp-1", "service": EC2, "region": "us-east-1", "sku": "m5", "kind": "Savings Plan"}
    return CommitmentPart(effective=Decimal(effective), contracted=Decimal(contracted), **{**plain, **given})
