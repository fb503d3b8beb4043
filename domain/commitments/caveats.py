"""What advice on commitments rests on, and how far to trust it, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.commitments.bill import Bill, untold
from domain.facts.provider import Provider
from domain.rules.commitment_advice import CENT, NONE

WEEK = 7
# Two whole weeks at least: fewer show no week beside another, and providers look back on no less than seven days.
FEW_DAYS = 14
# A bill that says nothing of the last week does not say what runs at present.
STALE_DAYS = 8
# Three of the last thirty days may lack before it is less than a month that is looked at.
MOST_DAYS = 28
# A change of one in ten from one week to another is more than the use of machines moves by itself.
NOTEWORTHY = Decimal("0.1")
HUNDRED = Decimal(100)
NAMES = {Provider.AWS: "AWS", Provider.AZURE: "Azure", Provider.GCP: "Google Cloud"}


class Confidence(StrEnum):
    """How far the days seen carry. HIGH: a month of steady spend by the hour."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a pool was seen for. `by_day` are its sums, oldest first."""

    days: int
    by_day: Sequence[Decimal]
    is_hourly: bool
    savings_left_out: int
    lost_commitments: Sequence[str]

    @property
    def change(self) -> Decimal | None:
        """How much the last week is above the first, as a share of it; None with fewer than two weeks."""
        first, last = sum(self.by_day[:WEEK], NONE), sum(self.by_day[-WEEK:], NONE)
        return (last - first) / first if self.days >= FEW_DAYS and first > 0 else None


def confidence(bill: Bill, seen: Seen) -> Confidence:
    """HIGH, MEDIUM or LOW, by how many days were seen and how old, whether hours were, and whether the spend falls."""
    is_falling = seen.change is not None and seen.change < -NOTEWORTHY
    if seen.days < FEW_DAYS or is_falling or bill.age > STALE_DAYS:
        return Confidence.LOW
    return Confidence.HIGH if seen.days >= MOST_DAYS and seen.is_hourly else Confidence.MEDIUM


def caveats(bill: Bill, seen: Seen) -> tuple[str, ...]:
    """What to know before buying, each a sentence."""
    found = [
        _days(seen),
        _age(bill),
        _gaps(bill),
        _hours(seen),
        _trend(seen),
        _savings(bill, seen),
        _lost(seen),
        _untold(bill),
    ]
    return tuple(one for one in found if one)


def next_steps(provider: Provider) -> tuple[str, ...]:
    """What to do where no rate is known, so that there is no advice."""
    where = {
        Provider.AWS: "Connect the account that pays for AWS with the right to read what Cost Explorer recommends "
        "(ce:GetSavingsPlansPurchaseRecommendation, ce:GetReservationPurchaseRecommendation), and sync it",
        Provider.AZURE: "Connect a subscription of Azure with the right to read what it recommends to reserve "
        "(Cost Management Reader), and sync it",
    }
    known = where.get(provider, "Connect the cloud with the right to read its recommendations, and sync it")
    return (
        "No rate is known: discounts differ by machine and region, and none is made up here.",
        f"{known}. The rate of a commitment that is held already is taken where its term is known: enter it with "
        "setCommitmentTerm, with the day it starts.",
    )


def _days(seen: Seen) -> str:
    if seen.days >= FEW_DAYS:
        return ""
    return f"Only {seen.days} complete days are loaded: load more before you buy."


def _age(bill: Bill) -> str:
    if bill.age <= STALE_DAYS:
        return ""
    return f"The newest complete day is {bill.days[-1]}, {bill.age} days ago: load newer costs before you buy."


def _gaps(bill: Bill) -> str:
    return f"{bill.gaps} days between the first and the last have no charges, and are left out." if bill.gaps else ""


def _hours(seen: Seen) -> str:
    return "" if seen.is_hourly else "Only sums of days were looked at: hours without use within a day are not seen."


def _trend(seen: Seen) -> str:
    if seen.change is None or abs(seen.change) <= NOTEWORTHY:
        return ""
    percent = abs(seen.change * HUNDRED).quantize(Decimal(1))
    if seen.change < 0:
        return f"The spend of the last week is {percent} % below that of the first: it may fall below the commitment."
    return f"The spend of the last week is {percent} % above that of the first: the advice is for the days before."


def _savings(bill: Bill, seen: Seen) -> str:
    if not seen.savings_left_out:
        return ""
    return (
        f"{seen.savings_left_out} open savings are not taken off: they are not in {bill.currency}, or on machines that "
        "this bill does not show on demand."
    )


def _lost(seen: Seen) -> str:
    if not seen.lost_commitments:
        return ""
    return f"Nothing tells what these unused commitments cover: {', '.join(seen.lost_commitments[:3])}."


def _untold(bill: Bill) -> str:
    cost = untold(bill)
    if not cost:
        return ""
    return (
        f"{cost.quantize(CENT)} {bill.currency} of these days are left out: no row of the newest days says what their "
        "SKUs are."
    )
