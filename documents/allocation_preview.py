"""What other rules would make of a month, beside what its rules made of it; nothing is written."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from documents.allocation import allocated_totals
from documents.allocation_cells import editions_by_month, read_cells
from documents.allocation_coverage import Covered, covered
from documents.allocation_metrics import metric_ids, rules_with_metrics
from documents.allocation_run import RunTotal
from documents.allocation_target import all_targets, open_targets
from domain.allocation.check import check_rules
from domain.allocation.month import worked_out
from domain.allocation.needs import needs_of
from domain.allocation.rule import AllocationRule
from domain.budgets import month_of
from domain.costs.value import SUMS
from domain.facts.scope import Scope

Sums = tuple[Decimal, Decimal]
NOTHING: Sums = (Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class PreviewedTotal:
    """Billed and effective costs of a target (None: nobody) in one currency, as they are and as they would be."""

    target_id: str | None
    currency: str
    current: Sums
    preview: Sums


@dataclass(frozen=True, slots=True)
class Preview:
    """Totals of everybody who has or would have some, and how much would be allocated."""

    totals: list[PreviewedTotal]
    covered: list[Covered]


async def preview(scope: Scope, rules: Sequence[AllocationRule], month: date) -> Preview:
    """The month (any day of it) of the one organization in scope by these rules. Raises Invalid as `check_rules`."""
    first, until = month_of(month)
    targets = open_targets(await all_targets(scope))
    check_rules(rules, {target.id for target in targets}, await metric_ids(scope))
    rules = await rules_with_metrics(scope, rules, first, targets)
    editions = (await editions_by_month(scope)).get(first, [])
    needs = needs_of(rule for rule in rules if rule.is_of(f"{first:%Y-%m}"))
    cells = await read_cells(scope, editions, needs, first, until)
    sums, _ = await asyncio.to_thread(worked_out, rules, f"{first:%Y-%m}", targets, cells)
    made = [RunTotal(**key._asdict(), **amounts._asdict()) for key, amounts in sums.totals.items()]
    current = {
        (one.target_id, one.currency): (one.billed, one.effective) for one in await allocated_totals(scope, first)
    }
    return Preview(_beside(current, _by_target(made)), covered(made))


def _by_target(totals: Sequence[RunTotal]) -> dict[tuple[str | None, str], Sums]:
    sums: dict[tuple[str | None, str], Sums] = defaultdict(lambda: NOTHING)
    for one in totals:
        billed, effective = sums[one.target_id, one.currency]
        sums[one.target_id, one.currency] = SUMS.add(billed, one.billed), SUMS.add(effective, one.effective)
    return sums


def _beside(
    current: Mapping[tuple[str | None, str], Sums], made: Mapping[tuple[str | None, str], Sums]
) -> list[PreviewedTotal]:
    keys = sorted({*current, *made}, key=lambda key: (key[1], key[0] is None, key[0] or ""))
    return [PreviewedTotal(*key, current.get(key, NOTHING), made.get(key, NOTHING)) for key in keys]
