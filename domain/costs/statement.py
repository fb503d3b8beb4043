"""The arithmetic of statements: shares to whole cents that add up to the bill, totals, differences and the hash."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

from domain.audit.canonical import canonical
from domain.costs.value import SUMS
from domain.facts.statement import (
    NOT_ALLOCATED,
    Adjustment,
    StatementAmounts,
    StatementChange,
    StatementLine,
    StatementTotal,
)

# The name of this way to write a version down. It is part of every hash, so that another way can follow one day.
FORM = "cloudwatcher-statement-1"
_CENT = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody costs are given to."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Share:
    """Exact costs in one currency that were given to a target."""

    target: Target
    currency: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything of one currency that a month cost, exact."""

    billed: Decimal
    effective: Decimal


def statement_lines(shares: Iterable[Share], bills: Mapping[str, Bill]) -> tuple[StatementLine, ...]:
    """A line for each target and currency, and one for what is left of the bill, which nobody was given.

    The lines of a currency add up to its bill, rounded to the cent, whatever the shares add up to: each is cut to whole
    cents, and the cents that are missing go to where most was cut off.
    """
    by_currency: defaultdict[str, list[Share]] = defaultdict(list)
    for share in shares:
        by_currency[share.currency].append(share)
    lines: list[StatementLine] = []
    for currency in sorted(by_currency.keys() | bills.keys()):
        given = sorted(by_currency[currency], key=lambda share: (share.target.name, share.target.id))
        lines += _of_currency(currency, given, bills.get(currency, Bill(_ZERO, _ZERO)))
    return tuple(lines)


def _of_currency(currency: str, shares: Sequence[Share], bill: Bill) -> list[StatementLine]:
    billed = _whole_cents([share.billed for share in shares], bill.billed)
    effective = _whole_cents([share.effective for share in shares], bill.effective)
    heads = [(share.target.id, share.target.name, share.target.kind) for share in shares]
    rows = zip([*heads, (None, NOT_ALLOCATED, None)], billed, effective, strict=True)
    return [
        StatementLine(target=id, name=name, target_kind=kind, currency=currency, billed=own, effective=used)
        for (id, name, kind), own, used in rows
        if own or used
    ]


def _whole_cents(parts: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """The parts and what is left of the whole, in cents that add up to the whole in cents."""
    exact = [*parts, SUMS.subtract(whole, sum_of(parts))]
    cents = [part.quantize(_CENT, rounding=ROUND_FLOOR, context=SUMS) for part in exact]
    wanted = whole.quantize(_CENT, rounding=ROUND_HALF_EVEN, context=SUMS)
    missing = int((wanted - sum_of(cents)) / _CENT)
    by_remainder = sorted(range(len(exact)), key=lambda place: SUMS.subtract(cents[place], exact[place]))
    for place in by_remainder[:missing]:
        cents[place] += _CENT
    return cents


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = _ZERO
    for amount in amounts:
        total = SUMS.add(total, amount)
    return total


def statement_totals(lines: Sequence[StatementLine], adjustments: Sequence[Adjustment]) -> tuple[StatementTotal, ...]:
    """What it comes to, by currency."""
    totals = []
    for currency in sorted({line.currency for line in lines} | {one.currency for one in adjustments}):
        own = [line for line in lines if line.currency == currency]
        billed = sum_of(line.billed for line in own)
        adjusted = sum_of(one.amount for one in adjustments if one.currency == currency)
        effective = sum_of(line.effective for line in own)
        due = SUMS.add(billed, adjusted)
        totals.append(StatementTotal(currency=currency, billed=billed, effective=effective, adjusted=adjusted, due=due))
    return tuple(totals)


def statement_changes(old: StatementAmounts, new: StatementAmounts) -> list[StatementChange]:
    """Per target and currency what was billed and adjusted, then and now; those without a difference as well."""
    before, after = _due(old), _due(new)
    names = _names(old) | _names(new)
    keys = sorted(before.keys() | after.keys(), key=lambda key: (key[1], key[0] is None, names[key], key[0] or ""))
    return [
        StatementChange(
            target=target,
            name=names[target, currency],
            currency=currency,
            old=before.get((target, currency), _ZERO),
            new=after.get((target, currency), _ZERO),
        )
        for target, currency in keys
    ]


def _names(amounts: StatementAmounts) -> dict[tuple[str | None, str], str]:
    names = {(one.target, one.currency): one.name for one in amounts.adjustments}
    return names | {(line.target, line.currency): line.name for line in amounts.lines}


def _due(amounts: StatementAmounts) -> dict[tuple[str | None, str], Decimal]:
    due: defaultdict[tuple[str | None, str], Decimal] = defaultdict(Decimal)
    for line in amounts.lines:
        due[line.target, line.currency] += line.billed
    for one in amounts.adjustments:
        due[one.target, one.currency] += one.amount
    return due


def statement_hash(about: Mapping[str, Any], amounts: StatementAmounts) -> str:
    """SHA-256 in hex over the canonical JSON of a version: `about` it, its amounts, and the name of this form."""
    return hashlib.sha256(canonical({"form": FORM, **about, **amounts.model_dump()})).hexdigest()


def month_after(month: date) -> date:
    """The first day of the month after the one that begins on this day."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
