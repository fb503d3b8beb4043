"""Findings in groups: how many, how bad, and what mending them would save, each resource counted once."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.facts.money import EXACT, Money
from domain.facts.severity import Severity
from domain.rules.registry import all_rules


class FindingGrouping(StrEnum):
    """RULE_GROUP: what the catalogue sorts rules by."""

    RULE = "RULE"
    ACCOUNT = "ACCOUNT"
    REGION = "REGION"
    RULE_GROUP = "RULE_GROUP"
    SEVERITY = "SEVERITY"


@dataclass(frozen=True, slots=True)
class FindingCount:
    """Some findings that are alike. `key` is what they are grouped by; `saving` holds only what counts."""

    key: str | None
    severity: Severity
    count: int
    saving: Money | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """`savings` are by currency, in its order; `key` None is what has none, such as a resource without a region."""

    key: str | None
    count: int
    worst: Severity
    savings: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class FindingGroups:
    """All groups, and what they add up to."""

    groups: tuple[FindingGroup, ...]
    count: int
    savings: tuple[Money, ...]


def grouped(counts: Iterable[FindingCount], key: Callable[[str | None], str | None] = lambda key: key) -> FindingGroups:
    """The groups, the worst first and of equally bad ones the largest; `key` may put several keys into one group."""
    every = list(counts)
    parts: dict[str | None, list[FindingCount]] = defaultdict(list)
    for one in every:
        parts[key(one.key)].append(one)
    groups = [
        FindingGroup(
            key=name,
            count=sum(one.count for one in some),
            worst=min((one.severity for one in some), key=lambda severity: severity.rank),
            savings=_added(some),
        )
        for name, some in parts.items()
    ]
    groups.sort(key=lambda group: (group.worst.rank, -group.count, group.key or ""))
    return FindingGroups(tuple(groups), sum(one.count for one in every), _added(every))


def _added(counts: Iterable[FindingCount]) -> tuple[Money, ...]:
    sums: dict[str, Decimal] = {}
    for saving in (one.saving for one in counts):
        if saving is not None:
            sums[saving.currency] = EXACT.add(sums.get(saving.currency, Decimal(0)), saving.amount)
    return tuple(Money(amount=amount, currency=currency) for currency, amount in sorted(sums.items()))


def rule_group(rule_id: str | None) -> str | None:
    """The group of a rule; None for one without a group and for one there is no more."""
    return next((rule.group for rule in all_rules() if rule.id == rule_id), "") or None
