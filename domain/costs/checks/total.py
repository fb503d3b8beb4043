"""Rules that only all rows together decide: invoices and the terms of commitments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from domain.costs.check import Check, Values
from domain.costs.value import SUMS

INVOICE_CURRENCY = Check("InvoiceId-currency", "BillingCurrency", "An invoice has one currency.", since="1.2")
COMMITMENT_TERM = Check(
    "CommitmentDiscountId-term",
    "EffectiveCost",
    "Over the term of a commitment EffectiveCost and BilledCost come to the same, give or take a cent. Checked where "
    "the file has the whole term.",
)
_CENT = Decimal("0.01")

# So that a file with an invoice per row cannot fill the memory.
MOST_KEPT = 100_000


@dataclass(slots=True)
class Invoice:
    """What one invoice adds up to in one currency, to be compared with what it asks to be paid."""

    id: str
    currency: str
    rows: int = 0
    billed: Decimal = Decimal(0)


@dataclass(slots=True)
class Commitment:
    """The rows of one commitment. `term` is that of its purchases, `covered` that of its usage."""

    id: str
    billed: Decimal = Decimal(0)
    effective: Decimal = Decimal(0)
    term: list[datetime] = field(default_factory=list)
    covered: list[datetime] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether the file has usage of it from the first to the last moment that was bought."""
        if not self.term or not self.covered:
            return False
        return self.covered[0] <= self.term[0] and self.term[1] <= self.covered[1]


def _widened(span: list[datetime], start: datetime, end: datetime) -> list[datetime]:
    return [min(span[0], start), max(span[1], end)] if span else [start, end]


class Totals:
    """Adds up invoices and commitments as rows go by. `is_full` once there were too many to keep them all."""

    def __init__(self) -> None:
        self.is_full = False
        self._invoices: dict[tuple[str, str], Invoice] = {}
        self._currencies: dict[str, str] = {}
        self._commitments: dict[str, Commitment] = {}

    def add(self, row: Values) -> bool:
        """Take in a row; whether its invoice had another currency before."""
        if len(self._invoices) + len(self._commitments) >= MOST_KEPT:
            self.is_full = True
            return False
        if row["CommitmentDiscountId"] is not None:
            self._add_commitment(row, row["CommitmentDiscountId"])
        id, currency, billed = row["InvoiceId"], row["BillingCurrency"], row["BilledCost"]
        if id is None or currency is None or billed is None:
            return False
        invoice = self._invoices.setdefault((id, currency), Invoice(id, currency))
        invoice.rows += 1
        invoice.billed = SUMS.add(invoice.billed, billed)
        return bool(self._currencies.setdefault(id, currency) != currency)

    def _add_commitment(self, row: Values, id: str) -> None:
        one = self._commitments.setdefault(id, Commitment(id))
        one.billed = SUMS.add(one.billed, row["BilledCost"] or Decimal(0))
        one.effective = SUMS.add(one.effective, row["EffectiveCost"] or Decimal(0))
        start, end = row["ChargePeriodStart"], row["ChargePeriodEnd"]
        if start is None or end is None:
            return
        if row["ChargeCategory"] == "Purchase":
            one.term = _widened(one.term, start, end)
        elif row["ChargeCategory"] == "Usage":
            one.covered = _widened(one.covered, start, end)

    def invoices(self) -> list[Invoice]:
        """The sum of BilledCost of every invoice, in the order of their ids."""
        return [self._invoices[key] for key in sorted(self._invoices)]

    def broken_terms(self) -> Iterator[Commitment]:
        """Commitments with their whole term in the file whose costs do not come to the same."""
        for one in self._commitments.values():
            if one.is_whole and abs(SUMS.subtract(one.billed, one.effective)) > _CENT:
                yield one
