"""Rules that share by a business metric get what its points of the month come to as weights."""

from decimal import Decimal

import pytest

from domain.allocation.check import check_rules
from domain.allocation.metric import metrics_of, weights_of, with_values
from domain.allocation.rule import AllocationRule, ByMetric, Fixed, InProportion, Portion
from domain.allocation.target import Target
from domain.errors import Invalid
from domain.facts.allocation import AllocationKind

ORDERS = ByMetric(metric_id="m", key="team", kind=AllocationKind.TEAM)
TARGETS = [
    Target("a", AllocationKind.TEAM, "Web shop", aliases=("storefront",)),
    Target("b", AllocationKind.TEAM, "Data"),
    Target("c", AllocationKind.PRODUCT, "Web shop"),
]


def rule(**changes) -> AllocationRule:
    return AllocationRule(name="by orders", take=InProportion(metric=ORDERS), **changes)


def test_points_count_for_the_target_whose_name_or_alias_they_name():
    values = {"web-shop": Decimal(3), "Storefront": Decimal(2), "DATA": Decimal(4), "nobody": Decimal(9)}

    (made,) = with_values([rule()], "2026-09", TARGETS, {ORDERS: values})

    assert weights_of(made) == (
        Portion(target_id="a", amount=Decimal(5)),
        Portion(target_id="b", amount=Decimal(4)),
    )


def test_what_is_not_above_zero_counts_for_nobody():
    (made,) = with_values([rule()], "2026-09", TARGETS, {ORDERS: {"Data": Decimal(0), "Web shop": Decimal(-1)}})

    assert weights_of(made) == ()


def test_rules_of_other_months_and_other_kinds_stay_as_they_are():
    rules = [rule(effective_until="2026-08"), AllocationRule(name="all", take=Fixed(target_id="a")), rule()]

    made = with_values(rules, "2026-09", TARGETS, {})

    assert list(metrics_of(rules, "2026-09")) == [2]
    assert made[:2] == rules[:2]
    assert weights_of(made[1]) == ()


@pytest.mark.parametrize(
    ("take", "metrics", "problem"),
    [
        (InProportion(metric=ORDERS), {"other"}, "there is no such business metric"),
        (InProportion(metric=ORDERS, target_ids=("a",)), {"m"}, "give a metric, weights, or what other rules gave"),
        (InProportion(metric=ORDERS, basis=("x",)), {"m"}, "give a metric, weights, or what other rules gave"),
        (
            InProportion(metric=ORDERS, weights=(Portion(target_id="a", amount=Decimal(1)),)),
            {"m"},
            "give a metric, weights, or what other rules gave",
        ),
    ],
)
def test_a_metric_is_refused_next_to_something_else_or_where_there_is_none(take, metrics, problem):
    with pytest.raises(Invalid, match=f"Rule 1: {problem}") as refused:
        check_rules([AllocationRule(name="by orders", take=take)], {"a"}, metrics)

    assert refused.value.path == ("input", "rules", "0", "take", "proportion", "metric")


def test_a_metric_that_is_there_is_taken():
    check_rules([rule()], set(), {"m"})
