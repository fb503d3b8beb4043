"""What AWS recommends to buy ahead, as Cost Explorer prints it: amounts and counts are texts. No rules here."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.facts.resource import Resource

YEAR_SECONDS = 31_536_000
YEAR_HOURS = 8760
NO_UPFRONT = "No Upfront"


def number(fields: Mapping[str, Any], name: str) -> Decimal | None:
    """The field as a number; None where it is missing or is none."""
    try:
        value = Decimal(str(fields.get(name)))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def monthly_saving_usd(recommendation: Resource) -> Decimal | None:
    """What AWS estimates a month; None where it does not, or not in dollars."""
    is_usd = recommendation.config.get("CurrencyCode") == "USD"
    return number(recommendation.config, "EstimatedMonthlySavingsAmount") if is_usd else None
