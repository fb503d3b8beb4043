"""Who owes what, worked out the slow and obvious way with fractions: what the engine is held against."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from domain.allocation.cell import Cell
from domain.allocation.rule import AllocationRule

Owed = dict[tuple[int, str | None], Decimal]
METRICS = 4
EFFECTIVE = 1


def divided(amount: Decimal, shares: dict[str, Fraction]) -> dict[str, Decimal]:
    """Parts in units of the last place; what is left goes out one by one to who is owed most of a unit.

    The shares add up to 1; the one called "" is the rest.
    """
    step = Decimal(1).scaleb(min(-10, amount.as_tuple().exponent))
    units = Fraction(abs(amount)) / Fraction(step)
    owed = {name: units * share for name, share in shares.items()}
    parts = {name: int(one) for name, one in owed.items()}
    while sum(parts.values()) < units:
        # Nobody is given a second unit, because nobody lacks more than one.
        name = min(parts, key=lambda name: (parts[name] - owed[name], name == "", name))
        parts[name] += 1
    sign = 1 if amount >= 0 else -1
    return {name: sign * part * step for name, part in parts.items()}


def direct(rule: AllocationRule, cell: Cell) -> dict[str, Fraction] | None:
    """The shares of rules that need no others: made only of the kinds that the test draws."""
    take, subject = rule.take, cell.subject
    if not rule.where.holds(subject.values, subject.tags):
        return None
    match take.type:
        case "TAG":
            value = subject.tags.get(take.key, "").lower().replace("-", "").replace(" ", "")
            found = [one.target_id for one in take.table if one.value == value]
            return {found[0]: Fraction(1)} if found else None
        case "FIXED":
            return {take.target_id: Fraction(1)}
        case "PERCENT":
            shares = {one.target_id: Fraction(one.amount) / 100 for one in take.portions}
            return {**shares, "": 1 - sum(shares.values())}
        case "EVEN":
            return {id: Fraction(1, len(take.target_ids)) for id in take.target_ids}
    total = sum(Fraction(one.amount) for one in take.weights)
    return {one.target_id: Fraction(one.amount) / total for one in take.weights}


def owed(rules: list[AllocationRule], month: str, cells: list[Cell]) -> list[Owed]:
    """What each target (None: nobody) owes of each cell, by number of the metric."""
    result: list[Owed] = [defaultdict(Decimal) for _ in cells]
    gave: list[tuple[int, str, str, Decimal]] = []
    waiting: list[tuple[int, int, list[Decimal]]] = []
    counting = [
        (number, rule)
        for number, rule in enumerate(rules)
        if (rule.effective_from or "") <= month <= (rule.effective_until or "9999")
    ]
    for place, cell in enumerate(cells):
        left = list(cell.amounts)
        for number, rule in counting:
            if is_relative(rule):
                if rule.where.holds(cell.subject.values, cell.subject.tags):
                    waiting.append((number, place, left))
                    left = None
            elif (shares := direct(rule, cell)) is not None:
                parts = [divided(amount, shares) for amount in left]
                _note(result[place], shares, parts)
                gave += [(number, id, cell.currency, parts[EFFECTIVE][id]) for id in shares if id]
                left = [part[""] for part in parts] if shares.get("") else None
            if left is None:
                break
        _note(result[place], {None: 1}, [{None: amount} for amount in left or [0] * METRICS])
    _share(rules, cells, gave, waiting, result)
    return result


def is_relative(rule: AllocationRule) -> bool:
    return rule.take.type == "PROPORTION" and not rule.take.weights


def _note(result: Owed, ids, parts) -> None:
    for id in ids:
        if id != "":
            for metric in range(METRICS):
                result[metric, id] += parts[metric][id]


def _share(rules, cells, gave, waiting, result) -> None:
    """Rules in proportion to others, each once those it needs are done."""
    todo = {number for number, rule in enumerate(rules) if is_relative(rule)}
    names = {rule.name: number for number, rule in enumerate(rules)}
    sharing = {"PERCENT", "EVEN", "PROPORTION"}
    while todo:
        number = next(one for one in sorted(todo) if not {names[name] for name in rules[one].take.basis} & todo)
        todo.remove(number)
        take = rules[number].take
        basis = {names[name] for name in take.basis} or {
            at for at, rule in enumerate(rules) if rule.take.type not in sharing
        }
        now = list(gave)
        for _, place, left in [one for one in waiting if one[0] == number]:
            sums = defaultdict(Fraction)
            for rule, id, currency, amount in now:
                if (
                    rule in basis
                    and currency == cells[place].currency
                    and (not take.target_ids or id in take.target_ids)
                ):
                    sums[id] += Fraction(amount)
            weights = {id: sum for id, sum in sums.items() if sum > 0}
            total = sum(weights.values())
            for metric in range(METRICS):
                if not weights:
                    result[place][metric, None] += left[metric]
                    continue
                parts = divided(left[metric], {id: weight / total for id, weight in weights.items()})
                for id, part in parts.items():
                    result[place][metric, id] += part
                    if metric == EFFECTIVE:
                        gave.append((number, id, cells[place].currency, part))
