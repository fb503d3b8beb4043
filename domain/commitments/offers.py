"""Rates that providers print for everybody, and what rates are worth that are read from elsewhere. Not for advice."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.rules.commitment_advice import Rate

YEAR, THREE_YEARS = 12, 36
MONTHLY = "Monthly"
# What is paid at once, by the words of AWS and Azure. Source: Savings Plans user guide, payment options.
UPFRONT = {"All Upfront": Decimal(1), "Partial Upfront": Decimal("0.5"), "Upfront": Decimal(1)}
WHOLE = Decimal(1)
# A rate is told and compared to a hundredth of a percent.
RATE_STEP = Decimal("0.0001")


class RateSource(StrEnum):
    """Where a rate is taken from, the best first."""

    RECOMMENDATION = "RECOMMENDATION"
    PRICE_LIST = "PRICE_LIST"
    HELD = "HELD"


@dataclass(frozen=True, slots=True)
class PrintedRate:
    """A discount that is the same for all that the pool covers. `is_regional`: bought for one region each."""

    pool: str
    offer: str
    months: int
    discount_ratio: Decimal
    source: str
    is_regional: bool = False

    def rates(self, regions: Iterable[str]) -> tuple[Rate, ...]:
        """One for all, or one for each of the regions where it is bought for one."""
        places = sorted(set(regions)) if self.is_regional else (None,)
        return tuple(
            Rate(
                months=self.months,
                payment=MONTHLY,
                discount_ratio=self.discount_ratio,
                region=region,
                offer=self.offer,
            )
            for region in places
        )


FLEXIBLE, SQL = "Compute flexible commitment", "Cloud SQL commitment"
_FLEXIBLE_PAGE = "Google Cloud, Flexible Committed Use Discounts: flat rates of 28 % for one and 46 % for three years"
_SQL_PAGE = "Cloud SQL documentation, Committed use discounts: 25 % for one and 52 % for three years"
# Other rates differ by machine and region: of AWS, of Azure, and of commitments to cores and memory of Google.
PRINTED = (
    PrintedRate("gcp-compute", FLEXIBLE, YEAR, Decimal("0.28"), _FLEXIBLE_PAGE),
    PrintedRate("gcp-compute", FLEXIBLE, THREE_YEARS, Decimal("0.46"), _FLEXIBLE_PAGE),
    PrintedRate("gcp-database", SQL, YEAR, Decimal("0.25"), _SQL_PAGE, is_regional=True),
    PrintedRate("gcp-database", SQL, THREE_YEARS, Decimal("0.52"), _SQL_PAGE, is_regional=True),
)


def discount_of(paid: Decimal, saved: Decimal, used_ratio: Decimal = WHOLE) -> Decimal | None:
    """The discount of a commitment for which `paid` is paid and which saves `saved` in the same time; None for none.

    What is saved is what the used part would cost on demand, less all that is paid: with discount d,
    saved = paid * used / (1 - d) - paid.
    """
    worth = paid + saved
    if paid <= 0 or saved <= 0 or not 0 < used_ratio <= 1:
        return None
    discount = (1 - paid * used_ratio / worth).quantize(RATE_STEP)
    return discount if 0 < discount < 1 else None
