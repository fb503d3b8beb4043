"""Monthly statements: who used how much, what was put right, and what it comes to."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry

import documents
from domain.facts import statement as facts
from domain.facts.money import Money
from domain.facts.statement import StatementKind, StatementState
from schema.node import Node, derived, global_id, said, view
from schema.relation import organization_id_of
from schema.values import register_enum

register_enum(
    StatementKind,
    "What a statement is for.",
    {
        StatementKind.SHOWBACK: "Tells what was used.",
        StatementKind.CHARGEBACK: "Is booked.",
    },
)
register_enum(
    StatementState,
    "Whether a statement may still change.",
    {
        StatementState.OPEN: "Follows the costs; may be adjusted.",
        StatementState.CLOSED: "Frozen as a version.",
    },
)


@strawberry.type(description="What one target used in one currency, in whole cents.")
class StatementLine:
    target: strawberry.ID | None = said("Global id of the allocation target; null for what nobody was given.")
    name: str = said("What the target is called.")
    target_kind: str | None = said("What kind of target, such as TEAM; null where there is no target.")
    billed: Money = said("As invoiced.")
    effective: Money = said("With commitments spread over their use.")


@strawberry.type(description="An amount somebody put on a target, or took off it.")
class StatementAdjustment:
    id: strawberry.ID = said("Tells it from the others of the statement.")
    target: strawberry.ID | None = said("Global id of the allocation target; null for what nobody was given.")
    name: str = said("What the target is called.")
    amount: Money = said("How much; below zero takes off.")
    reason: str = said("Why.")
    by: str = said("Who did it, as kind:id.")
    at: datetime = said("When.")


@strawberry.type(description="What a statement comes to in one currency.")
class StatementTotal:
    billed: Money = said("The bill of the month: all lines, what nobody was given among them.")
    effective: Money = said("The same with commitments spread over their use.")
    adjusted: Money = said("The sum of the adjustments.")
    due: Money = said("Billed and adjusted.")


@strawberry.type(description="A statement in numbers. Lines add up to the bill to the cent; adjustments stand apart.")
class StatementAmounts:
    number: int | None = said("Which closed version; null for the statement as it would be closed now.")
    lines: list[StatementLine] = said("Who used how much, by name; what nobody was given comes last.")
    adjustments: list[StatementAdjustment] = said("What was put right.")
    totals: list[StatementTotal] = said("What it comes to, by currency.")
    basis: str = said("By which rules costs were given to targets.")
    costs_loaded_at: datetime | None = said("When the newest of the costs were loaded; null where there are none.")


@strawberry.type(description="What a target owed in the last closed version, and owes now; billed and adjusted.")
class StatementChange:
    target: strawberry.ID | None = said("Global id of the allocation target; null for what nobody was given.")
    name: str = said("What the target is called.")
    old: Money = said("Then.")
    new: Money = said("Now.")
    difference: Money = said("How much more it is now.")


@strawberry.type(description="A statement as it was closed.")
class StatementVersion:
    number: int = said("Counts the versions of the month from 1.")
    kind: StatementKind = said("What it was for.")
    closed_by: str = said("Who closed it, as kind:id.")
    closed_at: datetime = said("When it was closed.")
    hash: str = said("SHA-256 over the canonical form of all that was closed.")
    totals: list[StatementTotal] = said("What it comes to, by currency.")
    reopened_by: str | None = said("Who reopened it, as kind:id; null when nobody did.")
    reopened_at: datetime | None = said("When it was reopened.")
    reopened_reason: str | None = said("Why it was reopened.")


@view(documents.Statement, description="The statement of a month: who used how much of an organization's clouds.")
class Statement(Node):
    kind: StatementKind = said("What it is for.")
    state: StatementState = said("Whether it may still change.")
    version: int = said("Rises with every change; pass it as expectedVersion.")
    created_at: datetime = said("When it was opened first.")

    @derived("The first day of its month.", reads=("month",), name="month")
    def first_day(self) -> date:
        return self.month.date()  # type: ignore[attr-defined, no-any-return]  # of the row

    @derived("The versions that were closed, oldest first.", reads=("versions",), name="versions")
    def closed_versions(self) -> list[StatementVersion]:
        return [_version(one) for one in self.versions]  # type: ignore[attr-defined]  # of the row

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


def shown_amounts(amounts: facts.StatementAmounts, number: int | None) -> StatementAmounts:
    """Amounts as they are shown."""
    return StatementAmounts(
        number=number,
        lines=[_line(line) for line in amounts.lines],
        adjustments=[_adjustment(one) for one in amounts.adjustments],
        totals=[_total(total) for total in amounts.totals],
        basis=amounts.basis,
        costs_loaded_at=amounts.costs_loaded_at,
    )


def shown_change(change: facts.StatementChange) -> StatementChange:
    """A difference as it is shown."""
    return StatementChange(
        target=_target(change.target),
        name=change.name,
        old=_money(change.old, change.currency),
        new=_money(change.new, change.currency),
        difference=_money(change.difference, change.currency),
    )


def _line(line: facts.StatementLine) -> StatementLine:
    return StatementLine(
        target=_target(line.target),
        name=line.name,
        target_kind=line.target_kind,
        billed=_money(line.billed, line.currency),
        effective=_money(line.effective, line.currency),
    )


def _adjustment(one: facts.Adjustment) -> StatementAdjustment:
    amount = _money(one.amount, one.currency)
    plain = {name: getattr(one, name) for name in ("name", "reason", "by", "at")}
    return StatementAdjustment(id=strawberry.ID(one.id), target=_target(one.target), amount=amount, **plain)


def _total(total: facts.StatementTotal) -> StatementTotal:
    names = ("billed", "effective", "adjusted", "due")
    return StatementTotal(**{name: _money(getattr(total, name), total.currency) for name in names})


def _version(raw: Any) -> StatementVersion:
    """Of a row, whose versions are as stored, or of a document."""
    one = raw if isinstance(raw, documents.ClosedVersion) else documents.ClosedVersion.model_validate(raw)
    plain = {name: getattr(one, name) for name in ("number", "kind", "closed_by", "closed_at", "hash")}
    reopened = {name: getattr(one, name) for name in ("reopened_by", "reopened_at", "reopened_reason")}
    return StatementVersion(totals=[_total(total) for total in one.amounts.totals], **plain, **reopened)


def _target(id: str | None) -> strawberry.ID | None:
    return None if id is None else global_id("AllocationTarget", id)


def _money(amount: Decimal, currency: str) -> Money:
    return Money(amount=amount, currency=currency)
