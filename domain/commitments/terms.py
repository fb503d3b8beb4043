"""What syncs and people know of commitments that bills do not print: how long they run, how they are paid, for what."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from domain.commitments.bill import KnownTerm
from domain.commitments.coverable import EC2, place_of
from domain.commitments.offers import MONTHLY
from domain.commitments.recommendation import DAYS_PER_MONTH, TERMS, number
from domain.commitments.recommended_gcp import series_of
from domain.facts.provider import Provider
from domain.facts.resource_kind import ResourceKind

YEAR_SECONDS, MONTHS = 31_536_000, 12
# Type of a plan -> pool. Source: Savings Plans API reference, SavingsPlan.savingsPlanType.
_PLANS = {
    "Compute": "aws-compute",
    "EC2Instance": "aws-compute",
    "SageMaker": "aws-machine-learning",
    "Database": "aws-database",
}


def known_term(kind: ResourceKind, config: Mapping[str, Any], region: str | None) -> KnownTerm:
    """Of a commitment that a sync keeps, whose kind is one of `documents.commitment.KINDS`."""
    return _READERS[kind](config, region)


def entered_term(known: KnownTerm, starts_on: date | None, ends_on: date, payment: str | None) -> KnownTerm:
    """The same with what people entered, which goes before what syncs see."""
    months = known.months if starts_on is None else round(Decimal((ends_on - starts_on).days) / DAYS_PER_MONTH)
    return KnownTerm(
        months=months,
        payment=payment or known.payment,
        pool=known.pool,
        family=known.family,
        region=known.region,
    )


def _plan(config: Mapping[str, Any], _: str | None) -> KnownTerm:
    return KnownTerm(
        months=_months(config.get("termDurationInSeconds")),
        payment=config.get("paymentOption"),
        pool=_PLANS.get(str(config.get("savingsPlanType"))),
        family=config.get("ec2InstanceFamily") or None,
        region=config.get("region") or None,
    )


def _reserved(config: Mapping[str, Any], region: str | None) -> KnownTerm:
    place = place_of(Provider.AWS, EC2[0], [config.get("InstanceType")])
    return KnownTerm(
        months=_months(config.get("Duration")),
        payment=config.get("OfferingType"),
        pool=place and place[0],
        family=place and place[1],
        region=region,
    )


def _reservation(config: Mapping[str, Any], _: str | None) -> KnownTerm:
    own = config.get("properties") or {}
    place = place_of(Provider.AZURE, "Virtual Machines", [(config.get("sku") or {}).get("name")])
    return KnownTerm(
        months=TERMS.get(str(own.get("term"))),
        payment=own.get("billingPlan"),
        pool=place and place[0],
        family=place and place[1],
        region=config.get("location"),
    )


def _commitment(config: Mapping[str, Any], region: str | None) -> KnownTerm:
    return KnownTerm(
        months=TERMS.get(str(config.get("plan"))),
        payment=MONTHLY,
        pool="gcp-compute",
        family=series_of(config.get("type")),
        region=region,
    )


def _months(seconds: Any) -> int | None:
    told = number(seconds)
    return round(told / YEAR_SECONDS * MONTHS) if told else None


_READERS = {
    ResourceKind.AWS_SAVINGS_PLAN: _plan,
    ResourceKind.AWS_RESERVED_INSTANCES: _reserved,
    ResourceKind.AZURE_RESERVATION: _reservation,
    ResourceKind.GCP_COMMITMENT: _commitment,
}
