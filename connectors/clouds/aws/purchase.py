"""What AWS recommends to buy ahead, with the offers that would do."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.clouds.aws import fields, saving
from connectors.reading.listing import Answer, Detail, Item, Listing, Place, at, joined
from domain.facts.aws_credentials import REGION
from domain.facts.resource import Resource

# A year without payment ahead, judged by the last 30 days: what binds least.
TERMS = {"TermInYears": "ONE_YEAR", "PaymentOption": "NO_UPFRONT", "LookbackPeriodInDays": "THIRTY_DAYS"}
YEAR_SECONDS = 31536000
PLAN_TYPES = ("COMPUTE_SP", "EC2_INSTANCE_SP", "SAGEMAKER_SP", "DATABASE_SP")
# Names of plans where they are offered. Source: Savings Plans API reference, DescribeSavingsPlansOfferings.
OFFERED_TYPES = {
    "COMPUTE_SP": "Compute",
    "EC2_INSTANCE_SP": "EC2Instance",
    "SAGEMAKER_SP": "SageMaker",
    "DATABASE_SP": "Database",
}
EC2_SERVICE, RDS_SERVICE = "Amazon Elastic Compute Cloud - Compute", "Amazon Relational Database Service"
EC2, RDS = "EC2InstanceDetails", "RDSInstanceDetails"
STANDARD = {"EC2Specification": {"OfferingClass": "STANDARD"}}
# Engines of RDS where their offers are listed; one of several editions is looked for without.
OFFERED_ENGINES = {
    "MySQL": "mysql",
    "PostgreSQL": "postgresql",
    "MariaDB": "mariadb",
    "Aurora MySQL": "aurora-mysql",
    "Aurora PostgreSQL": "aurora-postgresql",
}


def plan_purchases(page: Answer) -> list[Item]:
    """Each recommended plan with the terms and the summary of its recommendation."""
    whole = page.get("SavingsPlansPurchaseRecommendation") or {}
    details = at("SavingsPlansPurchaseRecommendationDetails")(whole)
    shared = {key: value for key, value in whole.items() if key != "SavingsPlansPurchaseRecommendationDetails"}
    return [{**shared, **one} for one in details]


def reservation_purchases(page: Answer) -> list[Item]:
    """Each recommended reservation with the terms of its recommendation."""
    return [
        {**{key: value for key, value in whole.items() if key != "RecommendationDetails"}, **one}
        for whole in at("Recommendations")(page)
        for one in at("RecommendationDetails")(whole)
    ]


def parse_plan_purchase(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """By type, account and offer: amounts change from day to day. Source: GetSavingsPlansPurchaseRecommendation."""
    offer = (item.get("SavingsPlansDetails") or {}).get("OfferingId") or "any"
    native_id = f"ce.savings-plan/{item['SavingsPlansType']}/{item.get('AccountId') or place.account_id}/{offer}"
    saved = saving.saving(item.get("EstimatedMonthlySavingsAmount"), item.get("CurrencyCode"))
    return saving.recommendation(native_id, f"Buy {item['SavingsPlansType']}", {**item, **details}, place, saved)


def parse_reservation_purchase(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """By account and what would be reserved. Source: Cost Explorer GetReservationPurchaseRecommendation."""
    what = item["InstanceDetails"]
    digest = hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    native_id = f"ce.reservation/{item.get('AccountId') or place.account_id}/{digest}"
    kind = _reserved(item).get("InstanceType") or "capacity"
    saved = saving.saving(item.get("EstimatedMonthlySavingsAmount"), item.get("CurrencyCode"))
    return saving.recommendation(native_id, f"Reserve {kind}", {**item, **details}, place, saved)


def _reserved(item: Item) -> dict[str, Any]:
    """What EC2 or RDS would reserve; empty for other services."""
    what = item.get("InstanceDetails") or {}
    return what.get(EC2) or what.get(RDS) or {}


def _region(item: Item, place: Place) -> Place:
    return place.inside(_reserved(item)["Region"])


def _is_offered(kind: str, item: Item) -> bool:
    """Whether it names a region and a type of instance to look for."""
    one = (item.get("InstanceDetails") or {}).get(kind) or {}
    return bool(one.get("InstanceType") and REGION.fullmatch(str(one.get("Region"))))


def ec2_offer(item: Item, _: Place) -> dict[str, Any]:
    """The same machine, a year, from AWS itself."""
    one = _reserved(item)
    platform = {"ProductDescription": one["Platform"]} if one.get("Platform") else {}
    return {
        "InstanceType": one["InstanceType"],
        "OfferingClass": "standard",
        "OfferingType": "No Upfront",
        "MinDuration": YEAR_SECONDS,
        "MaxDuration": YEAR_SECONDS,
        "IncludeMarketplace": False,
        **platform,
    }


def rds_offer(item: Item, _: Place) -> dict[str, Any]:
    """The same database, a year."""
    one = _reserved(item)
    engine = OFFERED_ENGINES.get(one.get("DatabaseEngine") or "")
    return {
        "DBInstanceClass": one["InstanceType"],
        "MultiAZ": str(one.get("DeploymentOption", "")).startswith("Multi"),
        "Duration": str(YEAR_SECONDS),
        "OfferingType": "No Upfront",
        **({"ProductDescription": engine} if engine else {}),
    }


def _offer_id(item: Item) -> dict[str, Any]:
    """The very offer, where the recommendation names it."""
    offer = (item.get("SavingsPlansDetails") or {}).get("OfferingId")
    return {"offeringIds": [offer]} if offer else {}


PLANS = Listing(
    operation=saving.cost_explorer(
        "get_savings_plans_purchase_recommendation", "GetSavingsPlansPurchaseRecommendation"
    ),
    arguments=lambda _: [{"SavingsPlansType": kind, **TERMS} for kind in PLAN_TYPES],
    items=plan_purchases,
    kind=saving.KIND,
    parse=parse_plan_purchase,
    details=(
        Detail(
            key="Offerings",
            operation=fields.call(
                "savingsplans.describe_savings_plans_offerings",
                "savingsplans:DescribeSavingsPlansOfferings",
                cadence=saving.CADENCE,
            ),
            arguments=lambda item, _: {
                "planTypes": [OFFERED_TYPES.get(item["SavingsPlansType"], item["SavingsPlansType"])],
                "durations": [YEAR_SECONDS],
                "paymentOptions": ["No Upfront"],
                **_offer_id(item),
            },
            pick=joined("searchResults"),
        ),
    ),
)
RESERVATIONS = Listing(
    operation=saving.cost_explorer("get_reservation_purchase_recommendation", "GetReservationPurchaseRecommendation"),
    arguments=lambda _: [
        {"Service": EC2_SERVICE, "ServiceSpecification": STANDARD, **TERMS},
        {"Service": RDS_SERVICE, **TERMS},
    ],
    items=reservation_purchases,
    kind=saving.KIND,
    parse=parse_reservation_purchase,
    details=(
        Detail(
            key="Offerings",
            operation=fields.call(
                "ec2.describe_reserved_instances_offerings",
                "ec2:DescribeReservedInstancesOfferings",
                cadence=saving.CADENCE,
            ),
            arguments=ec2_offer,
            pick=joined("ReservedInstancesOfferings"),
            applies=lambda item: _is_offered(EC2, item),
            place=_region,
        ),
        Detail(
            key="DBOfferings",
            operation=fields.call(
                "rds.describe_reserved_db_instances_offerings",
                "rds:DescribeReservedDBInstancesOfferings",
                cadence=saving.CADENCE,
            ),
            arguments=rds_offer,
            pick=joined("ReservedDBInstancesOfferings"),
            applies=lambda item: _is_offered(RDS, item),
            place=_region,
        ),
    ),
)
LISTINGS = (PLANS, RESERVATIONS)
