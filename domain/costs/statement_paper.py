"""A statement as it is printed: its heading, its facts and its tables, as texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.costs.focus_layout import time_text
from domain.facts.statement import Adjustment, StatementAmounts, StatementKind, StatementTotal

COLUMNS = (
    "Part",
    "Target",
    "Target kind",
    "Currency",
    "Billed cost",
    "Effective cost",
    "Adjustment",
    "Due",
    "Reason",
    "By",
    "At",
)


@dataclass(frozen=True, slots=True)
class StatementPaper:
    """`month` is YYYY-MM. A draft, of a statement that is open, has no number, was closed by nobody and has no hash."""

    organization: str
    month: str
    kind: StatementKind
    amounts: StatementAmounts
    number: int | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None
    hash: str | None = None

    @property
    def title(self) -> str:
        return f"{self.kind.value.capitalize()} statement {self.month}"

    def facts(self) -> list[tuple[str, str]]:
        """What is said above the tables: label and text."""
        found = [
            ("Organization", self.organization),
            ("Month", self.month),
            ("Version", "Draft, may still change" if self.number is None else str(self.number)),
            ("Costs given by", self.amounts.basis),
        ]
        if self.amounts.costs_loaded_at is not None:
            found.append(("Costs loaded at", time_text(self.amounts.costs_loaded_at)))
        if self.closed_at is not None:
            found.append(("Closed", f"{time_text(self.closed_at)} by {self.closed_by}"))
        if self.hash is not None:
            found.append(("SHA-256", self.hash))
        return found


def money_text(amount: Decimal) -> str:
    """An amount for people: 1,234.50."""
    return f"{amount:,.2f}"


def table_rows(amounts: StatementAmounts) -> Iterator[Sequence[str | Decimal | None]]:
    """All of a statement in one table, under COLUMNS: costs, then adjustments, then totals. They do not overlap."""
    for line in amounts.lines:
        head = ("Costs", line.name, line.target_kind, line.currency)
        yield (*head, line.billed, line.effective, None, line.billed, None, None, None)
    for one in amounts.adjustments:
        yield _adjustment(one)
    for total in amounts.totals:
        yield _total(total)


def _adjustment(one: Adjustment) -> Sequence[str | Decimal | None]:
    head = ("Adjustment", one.name, None, one.currency)
    return (*head, None, None, one.amount, one.amount, one.reason, one.by, time_text(one.at))


def _total(total: StatementTotal) -> Sequence[str | Decimal | None]:
    head = ("Total", None, None, total.currency)
    return (*head, total.billed, total.effective, total.adjusted, total.due, None, None, None)
