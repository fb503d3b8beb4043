"""Savings of remediations added up in groups: what was expected, what came, and both put together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.facts.money import EXACT, Money
from domain.facts.remediation import RealisedState

_ZERO = Decimal(0)


class SavingGrouping(StrEnum):
    """MONTH: that in which the change began, in UTC. TEAM: the tag `team` of the resource when it was planned."""

    RULE = "RULE"
    MONTH = "MONTH"
    ACCOUNT = "ACCOUNT"
    TEAM = "TEAM"


@dataclass(frozen=True, slots=True)
class SavingCount:
    """Some remediations that are alike. `estimate` and `realised` are their sums a month."""

    key: str | None
    count: int
    state: RealisedState | None = None
    is_rolled_back: bool = False
    is_regressed: bool = False
    estimate: Money | None = None
    realised: Money | None = None


@dataclass(frozen=True, slots=True)
class SavingGroup:
    """Sums a month by currency, in its order. `counted` has what was realised where that is known, and else what was
    expected. What was rolled back is counted in `rolled_back` alone; `done` are all others, `known`, `waiting` and
    `regressed` some of them.
    """

    key: str | None
    estimated: tuple[Money, ...]
    realised: tuple[Money, ...]
    counted: tuple[Money, ...]
    done: int
    known: int
    waiting: int
    regressed: int
    rolled_back: int


@dataclass(frozen=True, slots=True)
class SavingGroups:
    groups: tuple[SavingGroup, ...]
    total: SavingGroup


def grouped(counts: Iterable[SavingCount], by: SavingGrouping) -> SavingGroups:
    """The groups, months in their order, of others those first that save most (in whichever currency)."""
    every = list(counts)
    parts: dict[str | None, list[SavingCount]] = defaultdict(list)
    for one in every:
        parts[one.key].append(one)
    groups = [_group(key, some) for key, some in parts.items()]
    if by is SavingGrouping.MONTH:
        groups.sort(key=lambda group: group.key or "")
    else:
        groups.sort(key=lambda group: (-max((one.amount for one in group.counted), default=_ZERO), group.key or ""))
    return SavingGroups(tuple(groups), _group(None, every))


def _group(key: str | None, counts: list[SavingCount]) -> SavingGroup:
    done = [one for one in counts if not one.is_rolled_back]
    known = [one for one in done if one.state is RealisedState.KNOWN]
    others = [one for one in done if one.state is not RealisedState.KNOWN]
    realised = [one.realised for one in known]
    return SavingGroup(
        key=key,
        estimated=_added(one.estimate for one in done),
        realised=_added(realised),
        counted=_added([*realised, *(one.estimate for one in others)]),
        done=sum(one.count for one in done),
        known=sum(one.count for one in known),
        waiting=sum(one.count for one in done if one.state is RealisedState.WAITING),
        regressed=sum(one.count for one in done if one.is_regressed),
        rolled_back=sum(one.count for one in counts if one.is_rolled_back),
    )


def _added(amounts: Iterable[Money | None]) -> tuple[Money, ...]:
    sums: dict[str, Decimal] = {}
    for amount in amounts:
        if amount is not None:
            sums[amount.currency] = EXACT.add(sums.get(amount.currency, _ZERO), amount.amount)
    return tuple(Money(amount=amount, currency=currency) for currency, amount in sorted(sums.items()))
