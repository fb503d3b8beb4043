"""What each kind of rule does with a cost: to whom it gives which share, or that it lets it pass."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from domain.allocation.cell import Subject
from domain.allocation.pattern import read_pattern
from domain.allocation.rule import (
    DIMENSION_OF,
    HUNDRED,
    AllocationColumn,
    AllocationRule,
    ByPattern,
    ByTag,
    ByValue,
    Entry,
    Evenly,
    Fixed,
    Percentages,
    Portion,
)
from domain.allocation.spelling import folded
from domain.allocation.split import Share
from domain.allocation.target import Target, names_of

ONE = Decimal(1)
# What a rule says of a subject: shares, or None to let it pass. A rule whose shares are known later gives no share yet.
Taker = Callable[[Subject], Sequence[Share] | None]
LATER: tuple[Share, ...] = ()


def taker_of(rule: AllocationRule, targets: Iterable[Target]) -> Taker:
    """What the rule does, as a function. Its filter is looked at first."""
    take = _inner(rule, targets)

    def taker(subject: Subject) -> Sequence[Share] | None:
        return take(subject) if rule.where.holds(subject.values, subject.tags) else None

    return taker


def _inner(rule: AllocationRule, targets: Iterable[Target]) -> Taker:
    match rule.take:
        case ByTag():
            return _by_tag(rule.take, targets)
        case ByValue():
            return _by_value(rule.take)
        case ByPattern():
            return _by_pattern(rule.take)
        case Fixed(target_id=target_id):
            return _always([Share(target_id, ONE)])
        case Evenly(target_ids=ids):
            return _always([Share(id, ONE) for id in ids])
        case Percentages(portions=portions):
            return _always(_percents(portions))
        case rest:
            return _always([Share(one.target_id, one.amount) for one in rest.weights] if rest.weights else LATER)


def _always(shares: Sequence[Share]) -> Taker:
    return lambda subject: shares


def _percents(portions: Sequence[Portion]) -> list[Share]:
    rest = HUNDRED - sum((one.amount for one in portions), Decimal(0))
    shares = [Share(one.target_id, one.amount) for one in portions]
    return [*shares, Share(None, rest)] if rest else shares


def _by_tag(take: ByTag, targets: Iterable[Target]) -> Taker:
    names = {} if take.kind is None else names_of(targets, take.kind)
    names |= {folded(entry.value): entry.target_id for entry in take.table}

    def taker(subject: Subject) -> Sequence[Share] | None:
        value = subject.tags.get(take.key)
        return _given(None if value is None else names.get(folded(value)))

    return taker


def _by_value(take: ByValue) -> Taker:
    table = _table(take.table)
    return lambda subject: _given(table.get(value_of(subject, take.column) or ""))


def _by_pattern(take: ByPattern) -> Taker:
    pattern = read_pattern(take.pattern)

    def taker(subject: Subject) -> Sequence[Share] | None:
        value = subject.tags.get(take.tag) if take.tag else value_of(subject, take.column)
        return _given(take.target_id if value is not None and pattern.found(value) else None)

    return taker


def _given(target_id: str | None) -> Sequence[Share] | None:
    return None if target_id is None else [Share(target_id, ONE)]


def _table(entries: Iterable[Entry]) -> dict[str, str]:
    return {entry.value: entry.target_id for entry in entries}


def value_of(subject: Subject, column: AllocationColumn | None) -> str | None:
    """The value in the column; None where it has none."""
    if column is AllocationColumn.RESOURCE:
        return subject.resource_id
    return None if column is None else subject.values.get(DIMENSION_OF[column])
