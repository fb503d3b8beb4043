"""What each kind of rule takes, what it needs to see, and where its amounts come from."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.allocation.cell import Amounts, Cell, Subject
from domain.allocation.engine import Allocator
from domain.allocation.month import fingerprint, worked_out
from domain.allocation.needs import ALWAYS, Needs, needs_of
from domain.allocation.question import AllocatedQuestion
from domain.allocation.rule import (
    AllocationColumn,
    AllocationRule,
    ByPattern,
    ByTag,
    ByValue,
    Entry,
    Evenly,
    Fixed,
    InProportion,
    Percentages,
    Portion,
)
from domain.allocation.target import Target
from domain.allocation.trace import Line, traced
from domain.errors import Invalid
from domain.facts.allocation import AllocationKind, TakenBy
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

MONTH, DAY = "2026-10", date(2026, 10, 2)
TARGETS = [Target("t1", AllocationKind.TEAM, "Web Shop"), Target("t2", AllocationKind.TEAM, "Data", aliases=("Lake",))]


def subject(service: str = "db", resource: str | None = None, **tags: str) -> Subject:
    return Subject({**dict.fromkeys(ALWAYS, "x"), Dimension.SERVICE: service}, tags, resource)


def cell(of: Subject, billed: str = "10", effective: str | None = None) -> Cell:
    amount = Decimal(billed)
    return Cell(DAY, of, "USD", Amounts(amount, Decimal(effective or billed), amount, amount))


def rule(take: Any, name: str = "it", **fields: Any) -> AllocationRule:
    return AllocationRule(name=name, take=take, **fields)


def owed(rules: list[AllocationRule], *cells: Cell) -> dict[str | None, Decimal]:
    sums: defaultdict[str | None, Decimal] = defaultdict(Decimal)
    for part in Allocator(rules, MONTH, TARGETS).allocate(cells).parts:
        sums[part.target_id] += part.amounts.billed
    return dict(sums)


def entries(**targets: str) -> tuple[Entry, ...]:
    return tuple(Entry(value=value, target_id=id) for value, id in targets.items())


@pytest.mark.parametrize(
    ("take", "of", "taken_by"),
    [
        (ByTag(key="team", kind=AllocationKind.TEAM), subject(team="web_shop"), "t1"),
        (ByTag(key="team", kind=AllocationKind.TEAM), subject(team="LAKE"), "t2"),
        (ByTag(key="team", kind=AllocationKind.TEAM), subject(team="other"), None),
        (ByTag(key="team", kind=AllocationKind.TEAM), subject(), None),
        (ByTag(key="team", table=entries(WS="t1")), subject(team="w-s"), "t1"),
        (ByTag(key="team", table=entries(WS="t1")), subject(team="web shop"), None),
        (ByTag(key="team", kind=AllocationKind.TEAM, table=entries(data="t1")), subject(team="data"), "t1"),
        (ByValue(column=AllocationColumn.SERVICE, table=entries(db="t1")), subject(), "t1"),
        (ByValue(column=AllocationColumn.SERVICE, table=entries(DB="t1")), subject(), None),
        (ByValue(column=AllocationColumn.REGION, table=entries(db="t1")), subject(), None),
        (ByValue(column=AllocationColumn.RESOURCE, table=entries(i1="t1")), subject(resource="i1"), "t1"),
        (ByPattern(column=AllocationColumn.SERVICE, pattern="^D", target_id="t2"), subject(), "t2"),
        (ByPattern(column=AllocationColumn.SERVICE, pattern="^b", target_id="t2"), subject(), None),
        (ByPattern(column=AllocationColumn.RESOURCE, pattern="i", target_id="t2"), subject(), None),
        (ByPattern(tag="name", pattern="prod-.*-db", target_id="t2"), subject(name="a-prod-7-db"), "t2"),
        (ByPattern(tag="name", pattern="x", target_id="t2"), subject(), None),
        (Fixed(target_id="t1"), subject(), "t1"),
    ],
)
def test_a_rule_that_names_one_takes_all_or_nothing(take, of, taken_by):
    assert owed([rule(take)], cell(of)) == {taken_by: Decimal(10)}


def test_a_rule_takes_only_what_its_filter_lets_through_in_its_months():
    where = CostFilter.of({Dimension.SERVICE: ["web"]})
    rules = [
        rule(Fixed(target_id="t1"), where=where),
        rule(Fixed(target_id="t2"), effective_from="2026-11"),
        rule(Fixed(target_id="t2"), effective_until="2026-09"),
    ]

    assert owed(rules, cell(subject("web")), cell(subject("db"))) == {"t1": Decimal(10), None: Decimal(10)}


def test_the_first_rule_has_it_and_what_a_percentage_leaves_goes_on():
    thirty = Percentages(portions=(Portion(target_id="t1", amount=Decimal(30)),))

    assert owed([rule(thirty), rule(Fixed(target_id="t2"))], cell(subject())) == {"t1": Decimal(3), "t2": Decimal(7)}
    assert owed([rule(thirty), rule(thirty)], cell(subject())) == {
        "t1": Decimal(3) + Decimal("2.1"),
        None: Decimal("4.9"),
    }


def test_even_and_weighted_shares():
    weights = tuple(Portion(target_id=id, amount=Decimal(amount)) for id, amount in (("t1", 1), ("t2", 4), ("t3", 0)))

    assert owed([rule(Evenly(target_ids=("t1", "t2")))], cell(subject())) == {"t1": Decimal(5), "t2": Decimal(5)}
    assert owed([rule(InProportion(weights=weights))], cell(subject())) == {"t1": Decimal(2), "t2": Decimal(8)}


def shared(**fields: Any) -> AllocationRule:
    return rule(InProportion(**fields), "shared", where=CostFilter.of({Dimension.SERVICE: ["shared"]}))


DIRECT = rule(ByTag(key="team", table=entries(a="t1", b="t2")), "direct")
BILL = [
    cell(subject("shared"), "40"),
    cell(subject("db", team="a"), "10", effective="1"),
    cell(subject("db", team="b"), "10", effective="3"),
]


def test_proportions_go_by_effective_costs_whichever_rule_comes_first():
    # 1 and 3 of 4, and 10 each of their own.
    expected = {"t1": Decimal(20), "t2": Decimal(40)}

    assert owed([shared(), DIRECT], *BILL) == expected
    assert owed([DIRECT, shared()], *BILL) == expected


def test_a_proportion_may_be_among_some_targets_rules_and_costs_only():
    assert owed([shared(target_ids=("t2",)), DIRECT], *BILL) == {"t1": Decimal(10), "t2": Decimal(50)}
    among = CostFilter.of(tags={"team": ["a"]})
    assert owed([shared(among=among), DIRECT], *BILL) == {"t1": Decimal(50), "t2": Decimal(10)}
    other = rule(Fixed(target_id="t1"), "other", where=CostFilter.of({Dimension.SERVICE: ["web"]}))
    bill = [*BILL, cell(subject("web"))]
    assert owed([shared(basis=("other",)), DIRECT, other], *bill) == {"t1": Decimal(60), "t2": Decimal(10)}


def test_without_a_basis_a_shared_cost_stays_with_nobody():
    credit = cell(subject("db", team="a"), "-5")

    assert owed([shared(), DIRECT, rule(Fixed(target_id="t2"))], BILL[0]) == {None: Decimal(40)}
    assert owed([shared(), DIRECT], BILL[0], credit) == {None: Decimal(40), "t1": Decimal(-5)}


def test_a_piece_of_a_month_is_shared_by_the_weights_of_the_whole():
    whole = Allocator([shared(), DIRECT], MONTH, TARGETS).allocate(BILL)

    piece = Allocator([shared(), DIRECT], MONTH, TARGETS).allocate(BILL[:1], whole.weights)
    blank = Allocator([shared(), DIRECT], MONTH, TARGETS).allocate(BILL[:1], {})

    assert {part.target_id: part.share for part in piece.parts} == {"t1": (1, 4), "t2": (3, 4)}
    assert [(part.target_id, part.rule) for part in blank.parts] == [(None, None)]


def test_no_more_is_read_than_rules_look_at():
    where = CostFilter.of({Dimension.PUBLISHER: ["x"]}, {"env": ["prod"]})
    rules = [
        rule(ByTag(key="team"), where=where),
        rule(ByPattern(tag="name", pattern="x", target_id="t1")),
        rule(ByValue(column=AllocationColumn.REGION, table=())),
        rule(InProportion(among=CostFilter.of(tags={"tier": ["1"]}))),
    ]

    assert needs_of([]) == Needs(ALWAYS, (), ())
    assert needs_of(rules) == Needs(
        (*ALWAYS, Dimension.PUBLISHER, Dimension.REGION), ("env", "name", "team", "tier"), ()
    )
    assert not needs_of(rules).is_of_lines


def test_rows_are_read_only_for_rules_about_resources():
    named = rule(ByValue(column=AllocationColumn.RESOURCE, table=entries(i2="t1", i1="t1")))
    fitting = rule(ByPattern(column=AllocationColumn.RESOURCE, pattern="x", target_id="t1"))

    assert (needs_of([named]).resources, needs_of([named]).is_of_lines) == (("i1", "i2"), True)
    assert (needs_of([named, fitting]).resources, needs_of([fitting]).is_of_lines) == (None, True)


def test_a_month_adds_up_by_day_and_target_with_what_lacks_tags():
    sums, _ = worked_out([DIRECT, shared()], MONTH, TARGETS, [*BILL, cell(subject("tax", team=""), "1")])

    totals = {(key.target_id, key.rule, key.taken_by): amounts.billed for key, amounts in sums.totals.items()}
    assert totals == {
        ("t1", 0, TakenBy.DIRECT): Decimal(10),
        ("t2", 0, TakenBy.DIRECT): Decimal(10),
        ("t1", 1, TakenBy.SHARED): Decimal(10),
        ("t2", 1, TakenBy.SHARED): Decimal(30),
        (None, None, TakenBy.NOBODY): Decimal(1),
    }
    assert sum(amounts.billed for amounts in sums.days.values()) == Decimal(61)
    assert {key.service_name for key in sums.days} == {"db", "shared", "tax"}
    assert {key: amounts.billed for key, amounts in sums.untagged.items()} == {("team", "USD"): Decimal(41)}


def test_a_fingerprint_tells_of_bills_rules_and_names():
    same = fingerprint(["e2", "e1"], 1, TARGETS)

    assert fingerprint(["e1", "e2"], 1, TARGETS[::-1]) == same
    others = [fingerprint(["e1"], 1, TARGETS), fingerprint(["e1", "e2"], 2, TARGETS), fingerprint(["e1", "e2"], 1, [])]
    assert same not in others


def test_the_parts_of_rows_add_up_to_the_part_they_are_behind():
    of = subject("shared")
    lines = [
        Line(str(number), DAY, of, "USD", Amounts(*[Decimal(amount)] * 4))
        for number, amount in enumerate(("0.01", "0.02"))
    ]
    lines.append(Line("other", DAY, subject("db"), "USD", Amounts(*[Decimal(9)] * 4)))
    thirds = rule(Evenly(target_ids=("t1", "t2", "t3")))
    parts = Allocator([thirds], MONTH, TARGETS).allocate([cell(of, "0.03")]).parts

    found = traced(parts, lines)

    assert [[line.line.id for line in one.lines] for one in found] == [["0", "1"]] * 3
    for one in found:
        assert sum(line.amounts.billed for line in one.lines) == one.part.amounts.billed == Decimal("0.01")
    assert [one.lines for one in traced(parts, [])] == [[], [], []]


def test_charts_are_not_asked_for_by_what_is_not_kept():
    days = (date(2026, 9, 1), date(2026, 10, 1))

    with pytest.raises(Invalid, match="filter by those"):
        AllocatedQuestion(*days, where=CostFilter.of({Dimension.REGION: ["x"]}))
    assert AllocatedQuestion(*days).is_coarse
    assert not AllocatedQuestion(date(2026, 9, 2), date(2026, 10, 1)).is_coarse
