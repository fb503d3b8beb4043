"""Names are one whatever their spelling, and the tree of targets stays a tree."""

import pytest

from domain.allocation.question import seen_from
from domain.allocation.spelling import folded
from domain.allocation.target import Target, check_parent, names_of, path_of
from domain.errors import Invalid
from domain.facts.allocation import AllocationKind

TEAM, PRODUCT = AllocationKind.TEAM, AllocationKind.PRODUCT


@pytest.mark.parametrize(
    "text", ["Data-Platform", "data_platform", " data.platform ", "DATA  PLATFORM", "ｄata-platform"]
)
def test_case_blanks_hyphens_underscores_and_dots_make_no_difference(text):
    assert folded(text) == "dataplatform"


def test_a_name_goes_before_an_alias_and_the_older_target_before_the_younger():
    targets = [
        Target("2", TEAM, "Web", aliases=("shop",)),
        Target("1", TEAM, "Shop", aliases=("web", "front", " - ")),
        Target("3", TEAM, "Front end", aliases=("front",)),
        Target("4", PRODUCT, "Front"),
    ]

    assert names_of(targets, TEAM) == {"web": "2", "shop": "1", "frontend": "3", "front": "1"}


def test_a_path_ends_where_the_tree_has_a_loop():
    assert path_of("a", {"a": "b", "b": "a"}) == ["a", "b"]


def test_a_target_is_no_part_of_its_own_parts():
    parents = {"a": None, "b": "a", "c": "b"}

    check_parent("c", "a", parents)
    for parent in ("a", "b", "c"):
        with pytest.raises(Invalid, match="part of itself"):
            check_parent("a", parent, parents)


def test_the_tree_is_at_most_six_levels_deep():
    # a > b > c > d > e, and x > y
    parents = {"a": None, "b": "a", "c": "b", "d": "c", "e": "d", "x": None, "y": "x"}

    check_parent(None, "e", parents)
    check_parent("x", "d", parents)
    with pytest.raises(Invalid, match="6 levels"):
        check_parent("x", "e", parents)
    check_parent("y", None, parents)


def test_costs_are_seen_from_the_nearest_or_the_highest_of_a_kind():
    targets = [
        Target("division", TEAM, "d"),
        Target("team", TEAM, "t", "division"),
        Target("product", PRODUCT, "p", "team"),
    ]

    nearest = seen_from(targets, TEAM, is_rolled_up=False)
    highest = seen_from(targets, TEAM, is_rolled_up=True)
    products = seen_from(targets, PRODUCT, is_rolled_up=True)

    assert [nearest(id) for id in ("product", "team", "division", None)] == ["team", "team", "division", None]
    assert [highest(id) for id in ("product", "team", None)] == ["division", "division", None]
    assert [products(id) for id in ("product", "team")] == ["product", None]
    assert seen_from([], TEAM, is_rolled_up=False)("gone") is None
    assert seen_from([], None, is_rolled_up=False)("gone") == "gone"
