"""Adds up rows to days of one SKU: what was used and what it cost. For comparing periods and for commitments."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from domain.costs.batch import FocusBatch
from domain.costs.rollup import MOST_DAYS_HELD
from domain.costs.value import SUMS, Tags

_ZERO = Decimal(0)


class UsageKey(NamedTuple):
    """What one sum is for. `slice_number` stands for billing account, billing period and currency; `day` is UTC.

    `sku` is the SkuId, the SkuPriceId where there is none, or the description of the charge where there is neither.
    """

    slice_number: int
    day: date
    provider: str
    sku: str | None
    sub_account_id: str | None
    sub_account_name: str | None
    service_name: str
    service_category: str | None
    region_id: str | None
    charge_category: str
    charge_class: str | None
    pricing_category: str | None
    consumed_unit: str | None
    commitment_discount_id: str | None
    commitment_discount_name: str | None
    commitment_discount_type: str | None
    commitment_discount_category: str | None
    commitment_discount_status: str | None
    commitment_discount_unit: str | None
    publisher_name: str | None
    tags: Tags | None


# The fields that are columns of FOCUS under the same name.
COLUMNS = UsageKey._fields[4:]
# What is added up, in the order of the columns it comes from.
_COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
_QUANTITIES = ("consumed_quantity", "commitment_discount_quantity")


@dataclass(slots=True)
class UsageSums:
    """Exact sums of the rows of one key. A quantity is None where no row has one.

    `unlisted_rows` counts the rows without a list cost, which add nothing to `listed`.
    """

    billed: Decimal
    effective: Decimal
    listed: Decimal = _ZERO
    contracted: Decimal = _ZERO
    quantity: Decimal | None = None
    commitment_quantity: Decimal | None = None
    rows: int = 1
    unlisted_rows: int = 0


class UsageRollup:
    """Sums held in memory, at most `most` of them after each flush; several flushed sums of one key add up."""

    def __init__(self, *, most: int = MOST_DAYS_HELD) -> None:
        self._most = most
        self._sums: dict[UsageKey, UsageSums] = {}

    def add(self, batch: FocusBatch) -> None:
        """Take in the rows of a batch."""
        amounts = zip(*(batch.column(name) for name in (*_COSTS, *_QUANTITIES)), strict=True)
        with localcontext(SUMS):
            for key, (billed, effective, listed, contracted, quantity, committed) in zip(
                _keys(batch), amounts, strict=True
            ):
                sums = self._sums.get(key)
                if sums is None:
                    sums = self._sums[key] = UsageSums(billed, effective)
                else:
                    sums.rows += 1
                    sums.billed += billed
                    sums.effective += effective
                if listed is None:
                    sums.unlisted_rows += 1
                else:
                    sums.listed += listed
                if contracted:
                    sums.contracted += contracted
                if quantity is not None:
                    sums.quantity = quantity if sums.quantity is None else sums.quantity + quantity
                if committed is not None:
                    held = sums.commitment_quantity
                    sums.commitment_quantity = committed if held is None else held + committed

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._sums) > self._most

    def flush(self) -> dict[UsageKey, UsageSums]:
        """The sums so far; starts again from nothing."""
        sums, self._sums = self._sums, {}
        return sums


def _keys(batch: FocusBatch) -> Iterator[UsageKey]:
    numbers = [slice.number for slice in batch.slices]
    names = zip(batch.column("sku_id"), batch.column("sku_price_id"), batch.column("charge_description"), strict=True)
    skus = [sku or price or description for sku, price, description in names]
    columns = [batch.column(name) for name in COLUMNS]
    return map(UsageKey._make, zip(numbers, batch.days, batch.providers, skus, *columns, strict=True))
