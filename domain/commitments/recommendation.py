"""One recommendation of a provider to commit to something, whoever makes it, and how its numbers are read."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.commitments.offers import THREE_YEARS, UPFRONT, WHOLE, YEAR, discount_of
from domain.rules.commitment_advice import NONE, Rate

DAYS_PER_MONTH = Decimal("30.4167")
HUNDRED = Decimal(100)
# As AWS, Azure and Google write them, in this order.
TERMS = {
    "ONE_YEAR": YEAR,
    "P1Y": YEAR,
    "TWELVE_MONTH": YEAR,
    "THREE_YEARS": THREE_YEARS,
    "P3Y": THREE_YEARS,
    "THIRTY_SIX_MONTH": THREE_YEARS,
}
NO_PRICE = "It names amounts and what they save, and no price: its discount is not known."


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """One recommendation, in `currency`. `hourly` is what is paid an hour, `saving` what it saves a month.

    `account` is whom it is for, where it says so; `is_shared`: each account of a bill is told the same. What it does
    not tell is None, and `note` says why. `read_at` is when the account it comes from was last synced.
    """

    pool: str
    offer: str
    months: int
    payment: str
    currency: str | None
    hourly: Decimal | None = None
    saving: Decimal | None = None
    discount_ratio: Decimal | None = None
    family: str | None = None
    region: str | None = None
    account: str | None = None
    is_shared: bool = False
    note: str = ""
    read_at: datetime | None = None

    @property
    def rate(self) -> Rate | None:
        """The way to commit that it recommends; None where its discount is not known."""
        if self.discount_ratio is None:
            return None
        return Rate(
            months=self.months,
            payment=self.payment,
            discount_ratio=self.discount_ratio,
            upfront_ratio=UPFRONT.get(self.payment, NONE),
            family=self.family,
            region=self.region,
            offer=self.offer,
        )


def number(value: Any) -> Decimal | None:
    """What is printed, as a number; None where it is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def discount(paid: Decimal | None, saved: Decimal | None, used_percent: Decimal | None) -> Decimal | None:
    """The discount by what is paid and saved in one time; None where one of these is not told."""
    if paid is None or saved is None or used_percent is None:
        return None
    return discount_of(paid, saved, min(WHOLE, used_percent / HUNDRED))
