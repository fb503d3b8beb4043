"""Works out who owes what of a month: walks the rules for each cost, then shares what depends on the others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple

from domain.allocation.cell import Amounts, Cell, Subject
from domain.allocation.check import in_order
from domain.allocation.rule import AllocationRule, InProportion
from domain.allocation.split import Share, split
from domain.allocation.taking import LATER, Taker, taker_of
from domain.allocation.target import Target
from domain.costs.value import SUMS

Weights = Mapping[tuple[int, str], Sequence[Share]]


class Part(NamedTuple):
    """What of a cell goes to a target by a rule (its number from 0); both None: nobody owes it.

    `share` is the part of the cell as numerator and denominator, before rounding.
    """

    cell: Cell
    target_id: str | None
    rule: int | None
    amounts: Amounts
    share: tuple[int, int]


class _Step(NamedTuple):
    rule: int
    shares: Sequence[Share]


class Allocator:
    """The rules that count in one month, ready. Holds no sums of its own; `rules` were checked."""

    def __init__(self, rules: Sequence[AllocationRule], month: str, targets: Iterable[Target]) -> None:
        known = list(targets)
        self._rules = rules
        self._relative = {at: rule.take for at, rule in enumerate(rules) if isinstance(rule.take, InProportion)}
        self._order = [number for number in in_order(rules) if rules[number].is_of(month)]
        self._takers: list[tuple[int, Taker]] = [
            (number, taker_of(rule, known)) for number, rule in enumerate(rules) if rule.is_of(month)
        ]
        self._ways: dict[tuple[object, ...], list[_Step]] = {}

    def allocate(self, cells: Iterable[Cell], weights: Weights | None = None) -> "Allocation":
        """Every part of every cell. `weights` of an earlier allocation of the whole month serve for a piece of it."""
        with localcontext(SUMS):
            waiting: dict[int, list[Part]] = defaultdict(list)
            parts: list[Part] = []
            for cell in cells:
                for part in self._walked(cell):
                    (waiting[part.rule] if part.rule is not None and part.target_id is None else parts).append(part)
            used = dict(weights or {})
            if weights is None:
                self._weigh(parts, waiting, used)
            else:
                parts += [one for rule in self._order for one in _shared(waiting.pop(rule, []), rule, used)]
            return Allocation(parts, used)

    def _walked(self, cell: Cell) -> Iterator[Part]:
        """The parts of a cell. One with a rule and no target waits for the shares of that rule."""
        amounts, share = cell.amounts, (1, 1)
        for step in self._way(cell.subject):
            if step.shares is LATER:
                yield Part(cell, None, step.rule, amounts, share)
                return
            given = list(_split(cell, step.rule, amounts, share, step.shares))
            yield from (part for part in given if part.target_id is not None)
            left = [part for part in given if part.target_id is None]
            if not left:
                return
            amounts, share = left[0].amounts, left[0].share
        yield Part(cell, None, None, amounts, share)

    def _way(self, subject: Subject) -> list[_Step]:
        """The rules that take something of it, in order, up to the one that takes the rest."""
        key = subject.key
        if key not in self._ways:
            self._ways[key] = list(self._steps(subject))
        return self._ways[key]

    def _steps(self, subject: Subject) -> Iterator[_Step]:
        for number, taker in self._takers:
            shares = taker(subject)
            if shares is not None:
                yield _Step(number, shares)
                if all(share.target_id is not None for share in shares):
                    return

    def _weigh(
        self, parts: list[Part], waiting: dict[int, list[Part]], weights: dict[tuple[int, str], Sequence[Share]]
    ) -> None:
        """Share what waits, rule by rule, each by what the rules before it gave."""
        for rule in self._order:
            held = waiting.pop(rule, [])
            for currency in sorted({part.cell.currency for part in held}):
                weights[rule, currency] = self._shares(self._relative[rule], currency, parts)
            parts += _shared(held, rule, weights)

    def _shares(self, take: InProportion, currency: str, parts: Iterable[Part]) -> Sequence[Share]:
        if take.metric is not None:  # it has no points this month
            return []
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for part in parts:
            if part.target_id is not None and part.cell.currency == currency and self._is_basis(part, take):
                sums[part.target_id] += part.amounts.effective
        return [Share(id, sums[id]) for id in sorted(sums) if sums[id] > 0]

    def _is_basis(self, part: Part, take: InProportion) -> bool:
        if part.rule is None or (take.target_ids and part.target_id not in take.target_ids):
            return False
        rule, subject = self._rules[part.rule], part.cell.subject
        is_named = rule.name in take.basis if take.basis else not rule.is_sharing
        return is_named and take.among.holds(subject.values, subject.tags)


@dataclass(frozen=True, slots=True)
class Allocation:
    """`parts` of one cell add up to it. `weights` are those of relative rules, by number of the rule and currency."""

    parts: list[Part]
    weights: Weights


def _shared(held: Iterable[Part], rule: int, weights: Weights) -> Iterator[Part]:
    for part in held:
        shares = weights.get((rule, part.cell.currency), ())
        if shares:
            yield from _split(part.cell, rule, part.amounts, part.share, shares)
        else:
            yield part._replace(rule=None)


def _split(cell: Cell, rule: int, amounts: Amounts, share: tuple[int, int], shares: Sequence[Share]) -> Iterator[Part]:
    if len(shares) == 1:
        yield Part(cell, shares[0].target_id, rule, amounts, share)
        return
    columns = [split(amount, shares) for amount in amounts]
    whole = sum((one.weight for one in shares), Decimal(0))
    for one, *parts in zip(shares, *columns, strict=True):
        if one.weight:
            yield Part(cell, one.target_id, rule, Amounts(*parts), _part_of(share, one.weight, whole))


def _part_of(share: tuple[int, int], weight: Decimal, whole: Decimal) -> tuple[int, int]:
    """That part of the share, exact and in lowest terms."""
    found = Fraction(*share) * Fraction(weight) / Fraction(whole)
    return found.numerator, found.denominator
