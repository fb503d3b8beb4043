"""Adds up what was worked out of a month: by day and target for charts, and by target for everything else."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import NamedTuple, TypeVar

from domain.allocation.cell import Amounts, Cell
from domain.allocation.engine import Allocator, Part, Weights
from domain.allocation.needs import needs_of
from domain.allocation.rule import AllocationRule
from domain.allocation.target import Target
from domain.costs.value import SUMS
from domain.facts.allocation import TakenBy
from domain.facts.cost_dimension import Dimension

K = TypeVar("K")


class AllocatedKey(NamedTuple):
    """What one sum is for. `rule` is its number from 0; without a target nobody owes it."""

    day: date
    target_id: str | None
    rule: int | None
    taken_by: TakenBy
    provider: str
    billing_account_id: str
    sub_account_id: str | None
    service_name: str
    currency: str


class TotalKey(NamedTuple):
    """The same for a whole month."""

    target_id: str | None
    rule: int | None
    taken_by: TakenBy
    currency: str


@dataclass(frozen=True, slots=True)
class MonthSums:
    """Exact sums, each billed, effective, listed and contracted. `untagged`: what costs without a tag come to, by tag
    and currency.
    """

    days: dict[AllocatedKey, Amounts]
    totals: dict[TotalKey, Amounts]
    untagged: dict[tuple[str, str], Amounts]


def worked_out(
    rules: Sequence[AllocationRule], month: str, targets: Iterable[Target], cells: Sequence[Cell]
) -> tuple[MonthSums, Weights]:
    """The sums of all parts of all cells of a month (YYYY-MM), and the weights by which rules shared.

    `rules` are all rules of a version, which `check_rules` took; those of other months take nothing.
    """
    found = Allocator(rules, month, targets).allocate(cells)
    tags = needs_of(rule for rule in rules if rule.is_of(month)).tags
    return month_sums(found.parts, cells, rules, tags), found.weights


def month_sums(
    parts: Iterable[Part], cells: Iterable[Cell], rules: Sequence[AllocationRule], tags: Sequence[str]
) -> MonthSums:
    """The sums of all parts of all cells of a month; `tags` are those that rules look at."""
    days: defaultdict[AllocatedKey, list[Decimal]] = defaultdict(_zero)
    totals: defaultdict[TotalKey, list[Decimal]] = defaultdict(_zero)
    untagged: defaultdict[tuple[str, str], list[Decimal]] = defaultdict(_zero)
    with localcontext(SUMS):
        for part in parts:
            key = _key(part, rules)
            _add(days[key], part.amounts)
            _add(totals[TotalKey(key.target_id, key.rule, key.taken_by, key.currency)], part.amounts)
        for cell in cells:
            for tag in tags:
                if not cell.subject.tags.get(tag):
                    _add(untagged[tag, cell.currency], cell.amounts)
    return MonthSums(_whole(days), _whole(totals), _whole(untagged))


def _zero() -> list[Decimal]:
    return [Decimal(0)] * len(Amounts._fields)


def _add(sums: list[Decimal], amounts: Amounts) -> None:
    for place, amount in enumerate(amounts):
        sums[place] += amount


def _whole(sums: dict[K, list[Decimal]]) -> dict[K, Amounts]:
    return {key: Amounts(*amounts) for key, amounts in sums.items()}


def _key(part: Part, rules: Sequence[AllocationRule]) -> AllocatedKey:
    values = part.cell.subject.values
    return AllocatedKey(
        part.cell.day,
        part.target_id,
        part.rule,
        taken_by(part, rules),
        values[Dimension.PROVIDER] or "",
        values[Dimension.BILLING_ACCOUNT] or "",
        values[Dimension.SUB_ACCOUNT],
        values[Dimension.SERVICE] or "",
        part.cell.currency,
    )


def taken_by(part: Part, rules: Sequence[AllocationRule]) -> TakenBy:
    """Whether one rule named who owes it, or split it, or nobody does."""
    if part.target_id is None or part.rule is None:
        return TakenBy.NOBODY
    return TakenBy.SHARED if rules[part.rule].is_sharing else TakenBy.DIRECT


def fingerprint(
    editions: Iterable[object], version: int, targets: Iterable[Target], weighted: Iterable[AllocationRule] = ()
) -> str:
    """The same for two runs of a month that come to the same: of bills, rules, the names that tags may use, and the
    weights of rules that share by a metric.
    """
    names = sorted(f"{target.kind}:{target.id}:{target.name}:{sorted(target.aliases)}" for target in targets)
    shares = [f"{rule.name}:{rule.take.model_dump_json()}" for rule in weighted]
    told = "\n".join([str(version), *sorted(map(str, editions)), *names, *shares])
    return hashlib.sha256(told.encode()).hexdigest()
