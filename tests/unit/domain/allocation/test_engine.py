"""Parts always add up to the whole, and are what an independent working out with fractions comes to."""

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal

from hypothesis import settings

from domain.allocation.cell import Amounts, Cell, Subject
from domain.allocation.check import check_rules
from domain.allocation.engine import Allocator
from domain.allocation.rule import (
    AllocationRule,
    ByTag,
    Entry,
    Evenly,
    Fixed,
    InProportion,
    Percentages,
    Portion,
)
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from tests.factories.allocation_oracle import owed

MONTH = "2026-10"
TARGETS = [f"t{number}" for number in range(6)]
# `make nightly` tries ten thousand bills.
BILLS = 10_000 if settings.default.max_examples >= 2000 else 300


def subject(service: str = "db", account: str = "a", **tags: str) -> Subject:
    values = {Dimension.SERVICE: service, Dimension.SUB_ACCOUNT: account}
    return Subject({dimension: values.get(dimension) for dimension in Dimension}, tags)


def cell(billed: str, effective: str | None = None, currency: str = "USD", of: Subject | None = None) -> Cell:
    amounts = Amounts(Decimal(billed), Decimal(effective or billed), Decimal(0), Decimal(billed))
    return Cell(date(2026, 10, 2), of or subject(), currency, amounts)


def rule(name: str, take, **fields) -> AllocationRule:
    return AllocationRule(name=name, take=take, **fields)


def given(rules: list[AllocationRule], *cells: Cell) -> dict[str | None, Decimal]:
    """What each target is billed."""
    sums: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for part in Allocator(rules, MONTH, []).allocate(cells).parts:
        sums[part.target_id] += part.amounts.billed
    return dict(sums)


def drawn_amount(dice: random.Random) -> Decimal:
    return Decimal(dice.randrange(-(10**6), 10**9)).scaleb(-dice.choice([0, 2, 4, 10, 13]))


def drawn_cells(dice: random.Random) -> list[Cell]:
    return [
        Cell(
            date(2026, 10, dice.randrange(1, 32)),
            subject(
                dice.choice(["db", "web"]),
                dice.choice("ab"),
                **({"team": dice.choice(["One", "o-n e", "two", "three"])} if dice.random() < 0.7 else {}),
            ),
            dice.choice(["USD", "USD", "EUR"]),
            Amounts(*(drawn_amount(dice) for _ in range(4))),
        )
        for _ in range(dice.randrange(1, 12))
    ]


def drawn_percentages(dice: random.Random) -> Percentages:
    left, portions = 100_000, []
    for id in dice.sample(TARGETS, dice.randrange(1, 5)):
        part = dice.choice([left, dice.randrange(1, max(2, left))]) if left else 0
        left -= part
        if part:
            portions.append(Portion(target_id=id, amount=Decimal(part).scaleb(-3)))
    return Percentages(portions=tuple(portions))


def drawn_take(dice: random.Random, names: list[str]):
    some = tuple(dice.sample(TARGETS, dice.randrange(1, 5)))
    portions = tuple(Portion(target_id=id, amount=Decimal(dice.randrange(1, 999)).scaleb(-2)) for id in some)
    table = tuple(Entry(value=value, target_id=dice.choice(TARGETS)) for value in ("one", "two"))
    basis = tuple(dice.sample(names, dice.randrange(0, len(names) + 1)))
    return dice.choice(
        [
            ByTag(key="team", table=table),
            Fixed(target_id=some[0]),
            drawn_percentages(dice),
            Evenly(target_ids=some),
            InProportion(weights=portions),
            InProportion(basis=basis),
            InProportion(target_ids=some),
        ]
    )


def drawn_rules(dice: random.Random) -> list[AllocationRule]:
    rules: list[AllocationRule] = []
    for number in range(dice.randrange(0, 7)):
        where = CostFilter.of({Dimension.SERVICE: ["db"]}) if dice.random() < 0.6 else CostFilter()
        take = drawn_take(dice, [one.name for one in rules])
        months = dice.choice([{}, {}, {"effective_from": "2026-11"}, {"effective_until": "2026-10"}])
        rules.append(rule(f"r{number}", take, where=where, **months))
    dice.shuffle(rules)
    return rules


def test_random_bills_by_random_rules_come_to_the_same_as_with_fractions():
    for seed in range(BILLS):
        dice = random.Random(seed)
        rules, cells = drawn_rules(dice), drawn_cells(dice)
        check_rules(rules, TARGETS)
        sums = [defaultdict(Decimal) for _ in cells]
        for part in Allocator(rules, MONTH, []).allocate(cells).parts:
            place = next(at for at, one in enumerate(cells) if one is part.cell)
            for metric, amount in enumerate(part.amounts):
                sums[place][metric, part.target_id] += amount

        expected = owed(rules, MONTH, cells)

        for one, found, wanted in zip(cells, sums, expected, strict=True):
            for metric, amount in enumerate(one.amounts):
                assert sum(part for (of, _), part in found.items() if of == metric) == amount, seed
            assert _shown(found) == _shown(wanted), seed


def _shown(sums) -> dict:
    return {key: amount for key, amount in sums.items() if amount}
