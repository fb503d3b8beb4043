"""Groups of findings: counts, the worst, and savings that add up to the whole."""

from decimal import Decimal

from domain.facts.money import Money
from domain.facts.severity import Severity
from domain.finding_groups import FindingCount, grouped, rule_group
from domain.rules.registry import all_rules


def count(key: str | None, severity: Severity, many: int, saving: str | None = None) -> FindingCount:
    amount, _, currency = (saving or "").partition(" ")
    return FindingCount(key, severity, many, Money(amount=Decimal(amount), currency=currency) if saving else None)


COUNTS = [
    count("a", Severity.LOW, 3, "1.50 USD"),
    count("a", Severity.MEDIUM, 1),
    count("b", Severity.MEDIUM, 2, "2.50 USD"),
    count("b", Severity.LOW, 4, "7 EUR"),
    count(None, Severity.HIGH, 1),
]


def test_groups_come_the_worst_first_and_then_the_largest() -> None:
    found = grouped(COUNTS)

    shown = [(group.key, group.count, group.worst.value) for group in found.groups]
    assert shown == [(None, 1, "HIGH"), ("b", 6, "MEDIUM"), ("a", 4, "MEDIUM")]


def test_counts_and_savings_of_groups_add_up_to_the_whole_by_currency() -> None:
    found = grouped(COUNTS)

    told = [[f"{money.amount} {money.currency}" for money in group.savings] for group in found.groups]
    assert told == [[], ["7 EUR", "2.50 USD"], ["1.50 USD"]]
    assert [f"{money.amount} {money.currency}" for money in found.savings] == ["7 EUR", "4.00 USD"]
    assert found.count == 11


def test_several_keys_can_make_one_group_and_nothing_makes_none() -> None:
    (group,) = grouped(COUNTS, lambda _: "all").groups

    assert (group.key, group.count, group.worst) == ("all", 11, Severity.HIGH)
    assert grouped([]).groups == ()


def test_a_rule_is_in_the_group_of_the_catalogue_or_in_none() -> None:
    assert {rule_group(rule.id) for rule in all_rules()} == {rule.group or None for rule in all_rules()}
    assert rule_group("aws-no-such-rule") is None
