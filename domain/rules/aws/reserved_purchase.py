"""Reservations of machines and databases that are worth buying."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_recommendation import NO_UPFRONT, YEAR_HOURS, YEAR_SECONDS, monthly_saving_usd, number
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

RECOMMENDATION, RESERVED = ResourceKind.AWS_RECOMMENDATION, ResourceKind.AWS_RESERVED_INSTANCES
EC2, RDS = "EC2InstanceDetails", "RDSInstanceDetails"
# Nine of twelve months: one that is earned back later loses money when a quarter of its use falls away.
LATEST_BREAK_EVEN = Decimal(9)
# States of reservations that are there, or are about to be. Source: EC2 API reference, ReservedInstances.
PRESENT = ("active", "payment-pending")


def is_ec2_worth_buying(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires on a recommended reservation of EC2 that saves enough and is earned back in time."""
    months = number(recommendation.config, "EstimatedBreakEvenInMonths")
    if months is None or months > LATEST_BREAK_EVEN:
        return None
    return _worth_buying(recommendation, EC2, context, {"EstimatedBreakEvenInMonths": str(months)})


def is_rds_worth_buying(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires on a recommended reservation of RDS that saves enough."""
    return _worth_buying(recommendation, RDS, context, {})


def _worth_buying(
    recommendation: Resource, details: str, context: RuleContext, more: Mapping[str, str]
) -> Observation | None:
    what, count = _reserved(recommendation, details), _count(recommendation)
    saved = monthly_saving_usd(recommendation)
    if not what or not count or saved is None or saved <= context.parameters["min_saving"]:
        return None
    return Observation(
        reason=f"{recommendation.name}: AWS expects {count} {what.get('InstanceType')} in {what.get('Region')}, "
        f"reserved for a year, to save {usd(saved).amount} USD a month.",
        observed={**what, "count": count, "EstimatedMonthlySavingsAmount": str(saved), **more},
        estimated_monthly_saving=usd(saved),
        saving_formula=f"{usd(saved).amount} USD as AWS estimates it",
    )


def _reserved(recommendation: Resource, details: str) -> dict[str, Any]:
    return (recommendation.config.get("InstanceDetails") or {}).get(details) or {}


def _count(recommendation: Resource) -> int:
    return int(number(recommendation.config, "RecommendedNumberOfInstancesToPurchase") or 0)


def _one_offer(offers: list[dict[str, Any]], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    fitting = [one for one in offers if one.get("OfferingType") == NO_UPFRONT and one.get("CurrencyCode") == "USD"]
    fitting = [one for one in fitting if one.get("Duration") == YEAR_SECONDS and fits(one)]
    if len(fitting) != 1:
        raise NoPlan(f"{len(fitting)} offers fit what AWS recommends, and one has to be bought.")
    return fitting[0]


def buy_ec2(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """One purchase. AWS takes no token for it: that there is one more like it than before says that it was made."""
    what, count = _reserved(recommendation, EC2), _count(recommendation)
    tenancy = "dedicated" if str(what.get("Tenancy", "")).lower() == "dedicated" else "default"
    offer = _one_offer(
        recommendation.config.get("Offerings") or [],
        lambda one: (
            one.get("InstanceType") == what["InstanceType"]
            and one.get("ProductDescription") == what.get("Platform")
            and one.get("InstanceTenancy") == tenancy
            and one.get("Scope") == "Region"
            and not one.get("Marketplace")
        ),
    )
    like = {
        "instance-type": what["InstanceType"],
        "product-description": offer["ProductDescription"],
        "scope": "Region",
        "duration": str(YEAR_SECONDS),
    }
    filters = [{"Name": name, "Values": [value]} for name, value in like.items()]
    look = Call(
        operation="ec2.describe_reserved_instances",
        region=what["Region"],
        arguments={"Filters": [*filters, {"Name": "state", "Values": list(PRESENT)}]},
    )
    before = sum(_is_like(one, what, offer) for one in context.every(RESERVED))
    return (
        Step(
            name="buy",
            says=_words(what, count, offer["ReservedInstancesOfferingId"], offer),
            call=Call(
                operation="ec2.purchase_reserved_instances_offering",
                region=what["Region"],
                arguments={
                    "ReservedInstancesOfferingId": offer["ReservedInstancesOfferingId"],
                    "InstanceCount": count,
                },
            ),
            found=Look(call=look, path=f"ReservedInstances.{before}"),
        ),
    )


def _is_like(one: Resource, what: Mapping[str, Any], offer: Mapping[str, Any]) -> bool:
    """Whether a reservation is one of those that the look after a purchase lists."""
    config = one.config
    return (
        one.region == what["Region"]
        and config.get("InstanceType") == what["InstanceType"]
        and config.get("ProductDescription") == offer["ProductDescription"]
        and config.get("Scope") == "Region"
        and config.get("Duration") == YEAR_SECONDS
        and config.get("State") in PRESENT
    )


def buy_rds(recommendation: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One purchase, under a name of its own that cannot be given twice."""
    what, count = _reserved(recommendation, RDS), _count(recommendation)
    is_doubled = str(what.get("DeploymentOption", "")).startswith("Multi")
    offer = _one_offer(
        recommendation.config.get("DBOfferings") or [],
        lambda one: one.get("DBInstanceClass") == what["InstanceType"] and bool(one.get("MultiAZ")) == is_doubled,
    )
    return (
        Step(
            name="buy",
            says=_words(what, count, offer["ReservedDBInstancesOfferingId"], offer),
            call=Call(
                operation="rds.purchase_reserved_db_instances_offering",
                region=what["Region"],
                arguments={
                    "ReservedDBInstancesOfferingId": offer["ReservedDBInstancesOfferingId"],
                    "ReservedDBInstanceId": TOKEN,
                    "DBInstanceCount": count,
                },
            ),
            gone=("ReservedDBInstanceAlreadyExists",),
        ),
    )


def _words(what: Mapping[str, Any], count: int, offer_id: str, offer: Mapping[str, Any]) -> str:
    """Everything that is bound by a purchase."""
    hourly = sum(
        (Decimal(str(one.get("Amount") or one.get("RecurringChargeAmount") or 0)) for one in offer["RecurringCharges"]),
        Decimal(0),
    )
    total = hourly * YEAR_HOURS * count + Decimal(str(offer.get("FixedPrice") or 0)) * count
    return (
        f"Reserve {count} {what['InstanceType']} ({offer['ProductDescription']}) in {what['Region']} for one year "
        f"without payment ahead (offer {offer_id}): {hourly} USD an hour each, {total:.2f} USD in all, "
        "used or not, for good."
    )


EC2_OFFER = {
    "ReservedInstancesOfferingId": "438012d3-4967-4ba9-aa40-c33c3c1f0a2c",
    "InstanceType": "m5.large",
    "ProductDescription": "Linux/UNIX",
    "InstanceTenancy": "default",
    "Scope": "Region",
    "Marketplace": False,
    "OfferingType": NO_UPFRONT,
    "CurrencyCode": "USD",
    "Duration": YEAR_SECONDS,
    "FixedPrice": 0.0,
    "RecurringCharges": [{"Amount": 0.06, "Frequency": "Hourly"}],
}
RDS_OFFER = {
    "ReservedDBInstancesOfferingId": "438012d3-4967-4ba9-aa40-c33c3c1f0a2d",
    "DBInstanceClass": "db.r5.large",
    "ProductDescription": "postgresql",
    "MultiAZ": True,
    "OfferingType": NO_UPFRONT,
    "CurrencyCode": "USD",
    "Duration": YEAR_SECONDS,
    "FixedPrice": 0.0,
    "RecurringCharges": [{"RecurringChargeAmount": 0.3, "RecurringChargeFrequency": "Hourly"}],
}
MACHINE = {"InstanceType": "m5.large", "Region": "us-east-1", "Platform": "Linux/UNIX", "Tenancy": "shared"}
DATABASE = {"InstanceType": "db.r5.large", "Region": "us-east-1", "DatabaseEngine": "PostgreSQL"}
DATABASE |= {"DeploymentOption": "Multi-AZ"}


def _recommended(details: str, what: dict[str, Any], saving: str = "80.00", **config: Any) -> Resource:
    plain = {
        "InstanceDetails": {details: what},
        "RecommendedNumberOfInstancesToPurchase": "3",
        "EstimatedMonthlySavingsAmount": saving,
        "EstimatedBreakEvenInMonths": "7.5",
        "CurrencyCode": "USD",
        "Offerings": [EC2_OFFER],
        "DBOfferings": [RDS_OFFER],
    }
    return Resource(
        kind=RECOMMENDATION,
        native_id="ce.reservation/123456789012/0123456789abcdef",
        name=f"Reserve {what['InstanceType']}",
        config={**plain, **config},
    )


def _held(state: str = "active") -> Resource:
    shared = ("InstanceType", "ProductDescription", "Scope", "Duration")
    config = {**{name: EC2_OFFER[name] for name in shared}, "State": state}
    return Resource(kind=RESERVED, native_id=f"ri-{state}", name=f"ri-{state}", region="us-east-1", config=config)


LEAST = {"min_saving": 50}
SAVES = Parameter(name="min_saving", default=50, meaning="US dollars a month a reservation has to save.")

EC2_PURCHASE = Rule(
    id="aws-ec2-reserved-purchase",
    title="Reserving machines would save money",
    description="Machines that run all year cost less when they are reserved.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=RECOMMENDATION,
    permissions=("ce:GetReservationPurchaseRecommendation", "ec2:DescribeReservedInstancesOfferings"),
    source="Cost Explorer GetReservationPurchaseRecommendation; EC2 DescribeReservedInstancesOfferings",
    blind_spots="AWS looks back 30 days and knows nothing of what is about to be switched off: mend what idles first. "
    "A Compute Savings Plan is recommended on the same spend; buy one of the two.",
    parameters=(SAVES,),
    needs=("InstanceDetails",),
    also_reads=(RESERVED,),
    check=is_ec2_worth_buying,
    group="commitment",
    remedy=Remedy(
        says="Buys the recommended reservation for one year without payment ahead.",
        plan=buy_ec2,
        reversible=Reversible.NO,
        loses="A reservation is paid to its end. It can only be offered to others on the marketplace.",
        permissions=("ec2:DescribeReservedInstances", "ec2:PurchaseReservedInstancesOffering"),
    ),
    examples=(
        fires(_recommended(EC2, MACHINE), _held(), _held("retired"), parameters=LEAST),
        fires(_recommended(EC2, MACHINE, Offerings=[EC2_OFFER, EC2_OFFER]), parameters=LEAST),
        quiet(_recommended(EC2, MACHINE, saving="50"), parameters=LEAST),
        quiet(_recommended(EC2, MACHINE, EstimatedBreakEvenInMonths="9.1"), parameters=LEAST),
        quiet(_recommended(EC2, MACHINE, CurrencyCode="CNY"), parameters=LEAST),
        quiet(_recommended(RDS, DATABASE), parameters=LEAST),
    ),
)

RDS_PURCHASE = Rule(
    id="aws-rds-reserved-purchase",
    title="Reserving databases would save money",
    description="Databases that run all year cost less when they are reserved.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=RECOMMENDATION,
    permissions=("ce:GetReservationPurchaseRecommendation", "rds:DescribeReservedDBInstancesOfferings"),
    source="Cost Explorer GetReservationPurchaseRecommendation; RDS DescribeReservedDBInstancesOfferings",
    blind_spots="AWS looks back 30 days and knows nothing of what is about to be switched off: mend what idles first. "
    "Of engines with several editions and licenses the offer cannot be told from others, and is not planned.",
    parameters=(SAVES,),
    needs=("InstanceDetails",),
    check=is_rds_worth_buying,
    group="commitment",
    remedy=Remedy(
        says="Buys the recommended reservation for one year without payment ahead.",
        plan=buy_rds,
        reversible=Reversible.NO,
        loses="A reservation of RDS is paid to its end and cannot be sold.",
        permissions=("rds:PurchaseReservedDBInstancesOffering",),
    ),
    examples=(
        fires(_recommended(RDS, DATABASE), parameters=LEAST),
        fires(_recommended(RDS, {**DATABASE, "DeploymentOption": "Single-AZ"}), parameters=LEAST),
        quiet(_recommended(RDS, DATABASE, saving="49.99"), parameters=LEAST),
        quiet(_recommended(EC2, MACHINE), parameters=LEAST),
    ),
)
