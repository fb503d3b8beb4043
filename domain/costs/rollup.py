"""Adds up rows to days, and those to months and to totals of a day: what dashboards read instead of single rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple

from domain.costs.batch import FocusBatch
from domain.costs.value import SUMS, Tags

_ZERO = Decimal(0)
# About 60 MB of sums. A load with more different keys than this flushes and goes on: its sums are parts of sums.
MOST_DAYS_HELD = 50_000


class DayKey(NamedTuple):
    """What one sum is for. `slice_number` stands for billing account, billing period and currency; `day` is UTC."""

    slice_number: int
    day: date
    provider: str
    service_name: str
    service_category: str | None
    region_id: str | None
    charge_category: str
    sub_account_id: str | None
    sub_account_name: str | None
    tags: Tags | None
    pricing_category: str | None = None
    commitment_discount_id: str | None = None
    commitment_discount_status: str | None = None
    publisher_name: str | None = None


@dataclass(slots=True)
class DaySums:
    """Exact sums of the rows of one key, in the currency of its slice. Rows without a cost add nothing to that sum."""

    billed: Decimal
    effective: Decimal
    listed: Decimal
    contracted: Decimal
    rows: int

    def add(self, other: "DaySums") -> None:
        """Take in other sums, in the context SUMS."""
        self.billed += other.billed
        self.effective += other.effective
        self.listed += other.listed
        self.contracted += other.contracted
        self.rows += other.rows


class DayRollup:
    """Sums held in memory, at most `most` of them after each flush; several flushed sums of one key add up."""

    def __init__(self, *, most: int = MOST_DAYS_HELD) -> None:
        self._most = most
        self._sums: dict[DayKey, DaySums] = {}

    def add(self, batch: FocusBatch) -> None:
        """Take in the rows of a batch."""
        costs = zip(
            batch.column("billed_cost"),
            batch.column("effective_cost"),
            batch.column("list_cost"),
            batch.column("contracted_cost"),
            strict=True,
        )
        with localcontext(SUMS):
            for key, (billed, effective, listed, contracted) in zip(_keys(batch), costs, strict=True):
                sums = self._sums.get(key)
                if sums is None:
                    self._sums[key] = DaySums(billed, effective, listed or _ZERO, contracted or _ZERO, 1)
                    continue
                sums.rows += 1
                sums.billed += billed
                sums.effective += effective
                if listed:
                    sums.listed += listed
                if contracted:
                    sums.contracted += contracted

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._sums) > self._most

    def flush(self) -> dict[DayKey, DaySums]:
        """The sums so far; starts again from nothing."""
        sums, self._sums = self._sums, {}
        return sums


class MonthRollup:
    """Adds up flushed sums to months. A key's `day` is the first of its month; else these are sums like those of days.

    Holds what `DayRollup` holds, and for a moment that much again.
    """

    def __init__(self, *, most: int = MOST_DAYS_HELD) -> None:
        self._most = most
        self._sums: dict[DayKey, DaySums] = {}

    def add(self, sums: Mapping[DayKey, DaySums]) -> None:
        """Take in flushed sums."""
        with localcontext(SUMS):
            for key, one in sums.items():
                month = key._replace(day=key.day.replace(day=1))
                total = self._sums.get(month)
                if total is None:
                    total = self._sums[month] = DaySums(_ZERO, _ZERO, _ZERO, _ZERO, 0)
                total.add(one)

    @property
    def is_full(self) -> bool:
        """Whether it is time to flush."""
        return len(self._sums) > self._most

    def flush(self) -> dict[DayKey, DaySums]:
        """The sums so far; starts again from nothing."""
        sums, self._sums = self._sums, {}
        return sums


class DayTotals:
    """Adds up flushed sums once more, for those who ask for no detail. Holds one total per slice and day."""

    def __init__(self) -> None:
        self._totals: defaultdict[int, dict[date, DaySums]] = defaultdict(dict)

    def add(self, sums: Mapping[DayKey, DaySums]) -> None:
        """Take in flushed sums."""
        with localcontext(SUMS):
            for key, one in sums.items():
                days = self._totals[key.slice_number]
                total = days.setdefault(key.day, DaySums(_ZERO, _ZERO, _ZERO, _ZERO, 0))
                total.add(one)

    def of(self, slice_number: int) -> dict[date, DaySums]:
        """The totals of a slice by day, oldest first."""
        days = self._totals[slice_number]
        return {day: days[day] for day in sorted(days)}


def _keys(batch: FocusBatch) -> Iterator[DayKey]:
    numbers = [slice.number for slice in batch.slices]
    names = (
        "service_name",
        "service_category",
        "region_id",
        "charge_category",
        "sub_account_id",
        "sub_account_name",
        "tags",
        "pricing_category",
        "commitment_discount_id",
        "commitment_discount_status",
        "publisher_name",
    )
    columns = [batch.column(name) for name in names]
    return map(DayKey._make, zip(numbers, batch.days, batch.providers, *columns, strict=True))
