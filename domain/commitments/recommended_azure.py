"""What Azure recommends to commit to, in properties of its recommendations. Not for Advisor, which says the same."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.commitments.coverable import place_of
from domain.commitments.offers import MONTHLY
from domain.commitments.recommendation import DAYS_PER_MONTH, HUNDRED, NO_PRICE, TERMS, Recommended, discount, number
from domain.facts.provider import Provider
from domain.rules.commitment_advice import HOURS_PER_MONTH

HOURS_PER_DAY = 24
_LOOK_BACK = {"Last7Days": 7, "Last30Days": 30, "Last60Days": 60}
_USED_WHOLE = "Its discount is taken from its price and saving as if it were used whole, and is at least that."


def plan(config: Mapping[str, Any]) -> Recommended | None:
    """Source: Cost Management, Benefit Recommendations - List."""
    own = config.get("properties") or {}
    details = own.get("recommendationDetails") or {}
    months, days = _months(own), _days(own)
    hourly, saved = number(details.get("commitmentAmount")), number(details.get("savingsAmount"))
    if months is None or days is None or not hourly or saved is None:
        return None
    used = number(details.get("averageUtilizationPercentage"))
    return Recommended(
        pool="azure-compute",
        offer="Azure savings plan for compute",
        months=months,
        payment=MONTHLY,
        is_shared=True,
        currency=own.get("currencyCode"),
        hourly=hourly,
        saving=saved * DAYS_PER_MONTH / days,
        discount_ratio=discount(hourly * HOURS_PER_DAY * days, saved, used),
    )


def reservation(config: Mapping[str, Any]) -> Recommended | None:
    """Of machines. Sources: Consumption, Reservation Recommendations - List; Capacity, Calculate Price: the total is
    that of the term.
    """
    own = config.get("properties") or {}
    place = _machine(config, own)
    months, days, saved = _months(own), _days(own), _amount(own.get("netSavings"))
    if place is None or months is None or days is None or saved is None:
        return None
    total = _price(config)
    price = number(total.get("amount"))
    hourly = None if price is None else price / (months * HOURS_PER_MONTH)
    paid = None if hourly is None else hourly * HOURS_PER_DAY * days
    return Recommended(
        pool=place[0],
        offer="Azure reservation",
        months=months,
        payment=MONTHLY,
        is_shared=True,
        currency=total.get("currencyCode"),
        hourly=hourly,
        saving=saved * DAYS_PER_MONTH / days,
        discount_ratio=discount(paid, saved, HUNDRED),
        family=place[1],
        region=config.get("location"),
        note=NO_PRICE if price is None else _USED_WHOLE,
    )


def _machine(config: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[str, str] | None:
    if str(own.get("resourceType") or "VirtualMachines").lower() != "virtualmachines":
        return None
    sku = config.get("sku")
    return place_of(
        Provider.AZURE, "Virtual Machines", [sku.get("name") if isinstance(sku, dict) else sku, own.get("skuName")]
    )


def _price(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return ((config.get("price") or {}).get("properties") or {}).get("billingCurrencyTotal") or {}


def _months(own: Mapping[str, Any]) -> int | None:
    return TERMS.get(str(own.get("term")))


def _days(own: Mapping[str, Any]) -> int | None:
    return _LOOK_BACK.get(str(own.get("lookBackPeriod")))


def _amount(value: Any) -> Decimal | None:
    """A number, or an amount with its currency, as newer subscriptions write it."""
    return number(value.get("value") if isinstance(value, dict) else value)
