"""Refuses rule sets that cannot be worked out, with the rule and the field to mend."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from domain.allocation.pattern import read_pattern
from domain.allocation.rule import (
    HUNDRED,
    MOST_RULES,
    AllocationRule,
    ByPattern,
    ByTag,
    ByValue,
    Evenly,
    Fixed,
    InProportion,
    Percentages,
    Portion,
)
from domain.errors import Invalid


def check_rules(rules: Sequence[AllocationRule], target_ids: Collection[str], metric_ids: Collection[str] = ()) -> None:
    """Whether the rules make sense together; `target_ids` are those that may be named.

    Raises Invalid at the first fault: `path` is ("input", "rules", number of the rule from 0, field, ...).
    """
    if len(rules) > MOST_RULES:
        raise Invalid(f"There are more than {MOST_RULES} rules: join some by a table.", path=("input", "rules"))
    names: dict[str, int] = {}
    for number, rule in enumerate(rules):
        if rule.name in names:
            raise _fault(number, "name", f"rule {names[rule.name] + 1} has the same name")
        names[rule.name] = number
        _check_months(rule, number)
        _check_take(rule, number)
        _check_metric(rule, number, metric_ids)
        for field, id in _named(rule):
            if id not in target_ids:
                raise _fault(number, field, "there is no such target, or it is archived")
    _check_loops(rules, names)


def _fault(number: int, field: str, problem: str) -> Invalid:
    return Invalid(f"Rule {number + 1}: {problem}.", path=("input", "rules", str(number), *field.split(".")))


def _check_months(rule: AllocationRule, number: int) -> None:
    if rule.effective_from and rule.effective_until and rule.effective_from > rule.effective_until:
        raise _fault(number, "effectiveUntil", "it ends before it begins")


def _check_take(rule: AllocationRule, number: int) -> None:
    match rule.take:
        case ByTag(kind=None, table=()):
            raise _fault(number, "take.byTag", "give the kind of target that values name, or a table, or both")
        case ByPattern(pattern=pattern, column=column, tag=tag):
            if (column is None) is (tag is None):
                raise _fault(number, "take.byPattern", "a pattern looks at a column or at a tag: give one of the two")
            _check_pattern(pattern, number)
        case Percentages(portions=portions):
            _check_portions(portions, number, "take.percentages")
            total = sum((one.amount for one in portions), Decimal(0))
            if total > HUNDRED:
                raise _fault(number, "take.percentages", f"the percentages add up to {total}, which is more than 100")
        case InProportion(weights=weights) if weights:
            _check_portions(weights, number, "take.proportion")
        case _:
            _check_twice([id for _, id in _named(rule)], rule, number)


def _check_metric(rule: AllocationRule, number: int, metric_ids: Collection[str]) -> None:
    if not isinstance(rule.take, InProportion) or rule.take.metric is None:
        return
    if rule.take.weights or rule.take.basis or rule.take.target_ids:
        raise _fault(number, "take.proportion.metric", "give a metric, weights, or what other rules gave: one of them")
    if rule.take.metric.metric_id not in metric_ids:
        raise _fault(number, "take.proportion.metric", "there is no such business metric")


def _check_pattern(pattern: str, number: int) -> None:
    try:
        read_pattern(pattern)
    except Invalid as error:
        raise _fault(number, "take.byPattern", error.message.rstrip(".")) from error


def _check_portions(portions: Sequence[Portion], number: int, field: str) -> None:
    if any(one.amount < 0 for one in portions):
        raise _fault(number, field, "a share is below zero")
    if not any(one.amount for one in portions):
        raise _fault(number, field, "every share is zero")
    if len({one.target_id for one in portions}) < len(portions):
        raise _fault(number, field, "a target is named twice")


def _check_twice(ids: Sequence[str], rule: AllocationRule, number: int) -> None:
    if isinstance(rule.take, Evenly | InProportion) and len(set(ids)) < len(ids):
        field = "take.evenly" if isinstance(rule.take, Evenly) else "take.proportion"
        raise _fault(number, field, "a target is named twice")


def _named(rule: AllocationRule) -> Iterator[tuple[str, str]]:
    """The targets a rule names, each with the field it stands in."""
    match rule.take:
        case ByTag(table=table):
            yield from (("take.byTag", entry.target_id) for entry in table)
        case ByValue(table=table):
            yield from (("take.byValue", entry.target_id) for entry in table)
        case ByPattern(target_id=id):
            yield "take.byPattern", id
        case Fixed(target_id=id):
            yield "take.targetId", id
        case Percentages(portions=portions):
            yield from (("take.percentages", one.target_id) for one in portions)
        case Evenly(target_ids=ids):
            yield from (("take.evenly", id) for id in ids)
        case rest:
            weighted = (one.target_id for one in rest.weights)
            yield from (("take.proportion", id) for id in (*rest.target_ids, *weighted))


def targets_named(rules: Iterable[AllocationRule]) -> set[str]:
    """Ids of all targets that the rules name."""
    return {id for rule in rules for _, id in _named(rule)}


def _check_loops(rules: Sequence[AllocationRule], names: Mapping[str, int]) -> None:
    needs: dict[int, list[int]] = {}
    for number, rule in enumerate(rules):
        if isinstance(rule.take, InProportion) and not rule.take.weights:
            if unknown := [name for name in rule.take.basis if name not in names]:
                raise _fault(number, "take.proportion", f"there is no rule called {unknown[0]}")
            needs[number] = [names[name] for name in rule.take.basis]
    for number in needs:
        if loop := _loop(number, needs):
            way = " needs ".join(rules[one].name for one in loop)
            raise _fault(number, "take.proportion", f"its shares depend on themselves ({way})")


def _loop(start: int, needs: Mapping[int, Sequence[int]]) -> list[int] | None:
    """The way from a rule back to itself, if there is one."""
    ways, seen = [[start]], set[int]()
    while ways:
        way = ways.pop()
        for following in needs.get(way[-1], ()):
            if following == start:
                return [*way, following]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    return None


def in_order(rules: Sequence[AllocationRule]) -> list[int]:
    """Numbers of the relative rules, each behind those its shares depend on. For rules that `check_rules` took."""
    names = {rule.name: number for number, rule in enumerate(rules)}
    done: list[int] = []

    def visit(number: int) -> None:
        take = rules[number].take
        if not isinstance(take, InProportion) or take.weights or number in done:
            return
        for name in take.basis:
            visit(names[name])
        done.append(number)

    for number in range(len(rules)):
        visit(number)
    return done
