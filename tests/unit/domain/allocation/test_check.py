"""Rules that cannot be worked out are refused with their place and field."""

from decimal import Decimal
from typing import Any

import pytest

from domain.allocation.check import check_rules, in_order, targets_named
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
from domain.errors import Invalid
from domain.facts.allocation import AllocationKind

A, B = "a", "b"
GOOD = Fixed(target_id=A)


def portions(**amounts: str) -> tuple[Portion, ...]:
    return tuple(Portion(target_id=id, amount=Decimal(amount)) for id, amount in amounts.items())


def rule(name: str, take: Any = GOOD, **fields: Any) -> AllocationRule:
    return AllocationRule(name=name, take=take, **fields)


def fault(*rules: AllocationRule) -> tuple[tuple[str, ...], str]:
    with pytest.raises(Invalid) as refused:
        check_rules(rules, {A, B})
    return refused.value.path, refused.value.message


@pytest.mark.parametrize(
    ("take", "field", "problem"),
    [
        (ByTag(key="team"), ("take", "byTag"), "give the kind"),
        (ByTag(key="team", table=(Entry(value="x", target_id="c"),)), ("take", "byTag"), "no such target"),
        (
            ByValue(column=AllocationColumn.SERVICE, table=(Entry(value="x", target_id="c"),)),
            ("take", "byValue"),
            "no such target",
        ),
        (ByPattern(pattern="x", target_id=A), ("take", "byPattern"), "give one of the two"),
        (
            ByPattern(tag="t", column=AllocationColumn.SERVICE, pattern="x", target_id=A),
            ("take", "byPattern"),
            "give one of the two",
        ),
        (ByPattern(tag="t", pattern="(x", target_id=A), ("take", "byPattern"), "no groups"),
        (ByPattern(tag="t", pattern="x", target_id="c"), ("take", "byPattern"), "no such target"),
        (Fixed(target_id="c"), ("take", "targetId"), "no such target"),
        (Percentages(portions=portions(a="60", b="40.01")), ("take", "percentages"), "add up to 100.01"),
        (Percentages(portions=portions(a="101")), ("take", "percentages"), "add up to 101"),
        (Percentages(portions=portions(a="-1", b="2")), ("take", "percentages"), "below zero"),
        (Percentages(portions=portions(a="0")), ("take", "percentages"), "every share is zero"),
        (Percentages(portions=portions(a="1") * 2), ("take", "percentages"), "named twice"),
        (Percentages(portions=portions(c="1")), ("take", "percentages"), "no such target"),
        (Evenly(target_ids=(A, A)), ("take", "evenly"), "named twice"),
        (Evenly(target_ids=("c",)), ("take", "evenly"), "no such target"),
        (InProportion(target_ids=(A, A)), ("take", "proportion"), "named twice"),
        (InProportion(weights=portions(a="0")), ("take", "proportion"), "every share is zero"),
        (InProportion(weights=portions(c="1")), ("take", "proportion"), "no such target"),
        (InProportion(basis=("nothing",)), ("take", "proportion"), "no rule called nothing"),
        (InProportion(basis=("it",)), ("take", "proportion"), "depend on themselves (it needs it)"),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(take, field, problem):
    path, message = fault(rule("good"), rule("it", take))

    assert path == ("input", "rules", "1", *field)
    assert message.startswith("Rule 2: ")
    assert problem in message


def test_a_loop_through_others_is_refused_at_the_first_rule_of_it():
    path, message = fault(
        rule("first", InProportion(basis=("good",))),
        rule("good"),
        rule("x", InProportion(basis=("good", "y"))),
        rule("y", InProportion(basis=("z", "first"))),
        rule("z", InProportion(basis=("x",))),
    )

    assert path == ("input", "rules", "2", "take", "proportion")
    assert "x needs y needs z needs x" in message


def test_what_leads_into_a_loop_of_others_is_not_blamed_for_it():
    path, _ = fault(
        rule("outside", InProportion(basis=("x",))),
        rule("x", InProportion(basis=("y",))),
        rule("y", InProportion(basis=("x",))),
    )

    assert path[2] == "1"


def test_names_are_unique_and_months_in_order():
    assert fault(rule("same"), rule("other"), rule("same"))[0] == ("input", "rules", "2", "name")
    months = {"effective_from": "2026-03", "effective_until": "2026-02"}
    assert fault(rule("late", **months))[0] == ("input", "rules", "0", "effectiveUntil")


def test_there_is_an_end_to_how_many_rules_there_may_be():
    assert fault(*(rule(f"r{number}") for number in range(201)))[0] == ("input", "rules")


def test_rules_that_make_sense_are_taken():
    rules = [
        rule("tag", ByTag(key="team", kind=AllocationKind.TEAM, table=(Entry(value="x", target_id=A),))),
        rule("value", ByValue(column=AllocationColumn.SERVICE, table=(Entry(value="x", target_id=A),))),
        rule("pattern", ByPattern(column=AllocationColumn.SERVICE, pattern="^x", target_id=B)),
        rule("hundred", Percentages(portions=portions(a="33.3", b="66.7"))),
        rule("even", Evenly(target_ids=(A, B))),
        rule("weights", InProportion(weights=portions(a="1", b="0"))),
        rule("proportion", InProportion(target_ids=(A,), basis=("tag", "even"))),
    ]

    check_rules(rules, {A, B})

    assert targets_named(rules) == {A, B}


def test_each_rule_comes_behind_those_its_shares_depend_on():
    rules = [
        rule("c", InProportion(basis=("b", "a"))),
        rule("a", InProportion(basis=("direct",))),
        rule("direct"),
        rule("weights", InProportion(weights=portions(a="1"))),
        rule("b", InProportion(basis=("a",))),
    ]

    assert in_order(rules) == [1, 4, 0]
