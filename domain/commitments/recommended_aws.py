"""What AWS recommends to commit to. Amounts and counts are texts."""

from collections.abc import Mapping
from typing import Any

from domain.commitments.coverable import EC2, RDS, place_of
from domain.commitments.recommendation import NO_PRICE, TERMS, Recommended, discount, number
from domain.facts.provider import Provider
from domain.rules.commitment_advice import HOURS_PER_MONTH, NONE

# Type of a plan -> pool and name. Source: Savings Plans user guide, plan types.
_PLANS = {
    "COMPUTE_SP": ("aws-compute", "Compute Savings Plan"),
    "EC2_INSTANCE_SP": ("aws-compute", "EC2 Instance Savings Plan"),
    "SAGEMAKER_SP": ("aws-machine-learning", "SageMaker Savings Plan"),
    "DATABASE_SP": ("aws-database", "Database Savings Plan"),
}
_RESERVATIONS = {
    "EC2InstanceDetails": (EC2[0], "EC2 Reserved Instances"),
    "RDSInstanceDetails": (RDS[0], "RDS reserved DB instances"),
}
_PAYMENTS = {"NO_UPFRONT": "No Upfront", "PARTIAL_UPFRONT": "Partial Upfront", "ALL_UPFRONT": "All Upfront"}


def plan(config: Mapping[str, Any]) -> Recommended | None:
    """Source: Cost Explorer GetSavingsPlansPurchaseRecommendation. Costs and savings are of the days looked back on."""
    kind, months = _PLANS.get(str(config.get("SavingsPlansType"))), TERMS.get(str(config.get("TermInYears")))
    hourly = number(config.get("HourlyCommitmentToPurchase"))
    if kind is None or months is None or not hourly:
        return None
    saving = number(config.get("EstimatedMonthlySavingsAmount"))
    paid, saved = number(config.get("EstimatedSPCost")), number(config.get("EstimatedSavingsAmount"))
    if paid is None or saved is None:
        paid, saved = hourly * HOURS_PER_MONTH, saving
    details = config.get("SavingsPlansDetails") or {}
    is_bound = config["SavingsPlansType"] == "EC2_INSTANCE_SP"
    return Recommended(
        pool=kind[0],
        offer=kind[1],
        months=months,
        payment=_payment(config),
        currency=config.get("CurrencyCode"),
        hourly=hourly,
        saving=saving,
        discount_ratio=discount(paid, saved, number(config.get("EstimatedAverageUtilization"))),
        family=details.get("InstanceFamily") if is_bound else None,
        region=details.get("Region") if is_bound else None,
        account=config.get("AccountId"),
    )


def reservation(config: Mapping[str, Any]) -> Recommended | None:
    """Source: Cost Explorer GetReservationPurchaseRecommendation; recurring costs are of a month."""
    reserved, months = _reserved(config.get("InstanceDetails") or {}), TERMS.get(str(config.get("TermInYears")))
    if reserved is None or months is None:
        return None
    offer, (pool, family), region = reserved
    monthly, upfront = number(config.get("RecurringStandardMonthlyCost")), number(config.get("UpfrontCost"))
    paid = None if monthly is None else monthly + (upfront or NONE) / months
    saving = number(config.get("EstimatedMonthlySavingsAmount"))
    return Recommended(
        pool=pool,
        offer=offer,
        months=months,
        payment=_payment(config),
        currency=config.get("CurrencyCode"),
        hourly=None if paid is None else paid / HOURS_PER_MONTH,
        saving=saving,
        discount_ratio=discount(paid, saving, number(config.get("AverageUtilization"))),
        family=family,
        region=region,
        account=config.get("AccountId"),
        note=NO_PRICE if paid is None else "",
    )


def _reserved(what: Mapping[str, Any]) -> tuple[str, tuple[str, str], str | None] | None:
    """What is sold, the pool and family of what it is for, and where; None for services that are not looked at."""
    for key, (service, offer) in _RESERVATIONS.items():
        one = what.get(key) or {}
        place = place_of(Provider.AWS, service, [one.get("InstanceType")])
        if place is not None:
            return offer, place, one.get("Region")
    return None


def _payment(config: Mapping[str, Any]) -> str:
    return _PAYMENTS.get(str(config.get("PaymentOption")), "")
