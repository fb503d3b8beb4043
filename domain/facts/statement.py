"""What a monthly statement holds: who used how much, what was put right, and what it comes to."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

NOT_ALLOCATED = "Not allocated"


class StatementKind(StrEnum):
    """SHOWBACK tells what was used; CHARGEBACK is booked."""

    SHOWBACK = "SHOWBACK"
    CHARGEBACK = "CHARGEBACK"


class StatementState(StrEnum):
    OPEN = "OPEN"
    CLOSED = "CLOSED"


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class StatementLine(_Fact):
    """What one target used in one currency, in whole cents. `target` is its id, None for what nobody was given.

    `target_kind` is a kind of target such as TEAM, None where there is no target.
    """

    target: str | None
    name: str
    target_kind: str | None = None
    currency: str
    billed: Decimal
    effective: Decimal


class Adjustment(_Fact):
    """An `amount` that somebody (`by`, kind:id) put on a target, or took off it, and why."""

    id: str
    target: str | None
    name: str
    currency: str
    amount: Decimal
    reason: str
    by: str
    at: datetime


class StatementTotal(_Fact):
    """Of one currency: the bill of the month, `adjusted` the sum of the adjustments, `due` billed and adjusted."""

    currency: str
    billed: Decimal
    effective: Decimal
    adjusted: Decimal
    due: Decimal


class StatementAmounts(_Fact):
    """The lines by name, and what they rest on: `basis` says by which rules costs were given to targets,
    `costs_loaded_at` is when the newest of the costs were loaded, None where there are none.
    """

    lines: tuple[StatementLine, ...]
    adjustments: tuple[Adjustment, ...]
    totals: tuple[StatementTotal, ...]
    basis: str
    costs_loaded_at: datetime | None = None


class StatementChange(_Fact):
    """What a target's billed cost was in the last closed version, and is now; with adjustments."""

    target: str | None
    name: str
    currency: str
    old: Decimal
    new: Decimal

    @property
    def difference(self) -> Decimal:
        return self.new - self.old
