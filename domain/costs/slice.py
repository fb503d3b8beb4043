"""What a restatement replaces: the rows of one source, provider, billing account and billing period."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from domain.costs.problem import BadValue
from domain.costs.provider_name import filing_name
from domain.costs.value import SUMS

_DIGEST_SPACE = 1 << 256

# All slices of a load become visible in one transaction: this many still make a small one (and are 400 years of bills).
_MOST_SLICES = 5_000

# Their currencies are compared, which is not worth more memory than this takes.
_MOST_INVOICES = 100_000


class SliceKey(NamedTuple):
    """`source` labels the export; `provider` is the filing name; `period_start` is aware UTC."""

    source: str
    provider: str
    billing_account_id: str
    period_start: datetime


@dataclass(slots=True)
class CostSlice:
    """One slice as read so far. `number` counts the slices of a load from 0. `billed` is exact, in `currency`.

    `digest` is the sum of the rows' hashes: the same rows in any order give the same digest.
    `first_on` and `last_on` are the first and last day (UTC) on which a charge begins.
    """

    key: SliceKey
    number: int
    currency: str
    period_end: datetime
    file: str
    first_row: int | None = None
    rows: int = 0
    digest: int = 0
    billed: Decimal = Decimal(0)
    first_on: date = date.max
    last_on: date = date.min

    def count(self, billed: Decimal, row_hash: int, day: date) -> None:
        """Take in one row."""
        self.rows += 1
        self.digest = (self.digest + row_hash) % _DIGEST_SPACE
        self.billed = SUMS.add(self.billed, billed)
        if day < self.first_on:
            self.first_on = day
        if day > self.last_on:
            self.last_on = day

    def fingerprint(self) -> str:
        """The content of the slice in 64 hex digits, equal when the same rows are loaded again in any order."""
        return hashlib.sha256(f"{self.rows}:{self.digest:x}".encode()).hexdigest()


class SliceBook:
    """All slices of one load, which may span several files."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._slices: dict[SliceKey, CostSlice] = {}
        self._invoices: dict[tuple[str, str], str] = {}

    def __iter__(self) -> Iterator[CostSlice]:
        return iter(self._slices.values())

    def __len__(self) -> int:
        return len(self._slices)

    def place(self, file: str, provider: str, account: str, start: datetime, end: datetime, currency: str) -> CostSlice:
        """The slice a row belongs to. Raises BadValue for a period without length and for a second currency."""
        key = SliceKey(self._source, filing_name(provider), account, start)
        found = self._slices.get(key)
        if found is None:
            found = self._opened(key, currency, end, file)
        if found.currency != currency:
            raise BadValue(
                f"differs from {found.currency!r} in row {found.first_row} of {found.file}: a billing account has one "
                "currency in a billing period.",
                column="BillingCurrency",
            )
        found.period_end = max(found.period_end, end)
        return found

    def bill(self, provider: str, invoice: str | None, currency: str) -> None:
        """Note that the provider bills in this currency on the invoice. Raises BadValue when it used another before."""
        if invoice is None or len(self._invoices) >= _MOST_INVOICES:
            return
        found = self._invoices.setdefault((filing_name(provider), invoice), currency)
        if found != currency:
            raise BadValue(
                f"differs from {found!r} elsewhere on invoice {invoice!r}: an invoice has one currency.",
                column="BillingCurrency",
            )

    def _opened(self, key: SliceKey, currency: str, end: datetime, file: str) -> CostSlice:
        if end <= key.period_start:
            raise BadValue("is not after BillingPeriodStart.", column="BillingPeriodEnd")
        if len(self._slices) >= _MOST_SLICES:
            raise BadValue(
                f"begins slice {_MOST_SLICES + 1} of billing account and period: load the files in smaller groups.",
                column="BillingAccountId",
            )
        found = self._slices[key] = CostSlice(key, len(self._slices), currency, end, file)
        return found


def row_hashes(rows: Iterable[Sequence[str]], salt: str) -> list[int]:
    """One number per row of texts; `salt` names the columns, so that equal texts in other columns differ."""
    prefix = hashlib.sha256(salt.encode())
    hashes = []
    for row in rows:
        hasher = prefix.copy()
        hasher.update("\x1f".join(row).encode())
        hashes.append(int.from_bytes(hasher.digest(), "big"))
    return hashes
