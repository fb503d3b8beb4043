"""What an anomaly is made of, which belong together, and which of before resemble it."""

from datetime import date, timedelta

import pytest

from domain.anomalies.contributors import Child, contributions
from domain.anomalies.flag import Direction, Rule
from domain.anomalies.one_incident import Risen, Story, stories
from domain.anomalies.similar import Shape, similar


def test_children_are_listed_until_they_explain_four_fifths():
    children = [
        Child("us-east-1", 300, (100, 100, 100, 100)),
        Child("eu-west-1", 80, (20, 40)),
        Child("ap-south-1", 30),
        Child("us-west-2", 40, (90,)),
        Child("sa-east-1", 10, (10,)),
    ]

    found = contributions(children)

    # Deltas: 200, 50, 30, -50, 0. Risen: 280; 200 are 71 %, 250 are 89 %.
    assert found.excess == 280
    assert [(one.key, one.delta, one.is_new) for one in found.contributors] == [
        ("us-east-1", 200, False),
        ("eu-west-1", 50, False),
    ]
    assert found.contributors[0].share == pytest.approx(200 / 280)
    assert [(one.key, one.delta) for one in found.offsets] == [("us-west-2", -50)]


def test_what_was_not_there_before_is_new():
    [one] = contributions([Child("i-1", 50, (0, 0))]).contributors

    assert (one.is_new, one.usual, one.share) == (True, 0, 1)


def test_ten_children_at_most_are_listed():
    assert len(contributions([Child(f"i-{number:02}", 1) for number in range(40)]).contributors) == 10


def test_where_nothing_rose_there_are_only_offsets():
    found = contributions([Child("a", 5, (10,)), Child("b", 10, (10,))])

    assert (found.excess, found.contributors) == (0, ())
    assert [(one.key, one.share) for one in found.offsets] == [("a", 0)]


def test_a_rise_is_split_into_quantity_and_price():
    # 10 hours at 2.00 before, 15 hours at 3.00 now: 5 more at 2.00, and 15 that are dearer by 1.00.
    [one] = contributions([Child("hours", 45, (20, 20), 15, (10, 10))]).contributors

    assert (one.by_quantity, one.by_price) == (10, 15)
    assert one.by_quantity + one.by_price == one.delta


@pytest.mark.parametrize("quantities", [(None, (10,)), (15, ()), (15, (0,)), (0, (10,))])
def test_without_quantities_nothing_is_split(quantities):
    [one] = contributions([Child("hours", 45, (20,), *quantities)]).contributors

    assert (one.by_quantity, one.by_price) == (None, None)


def test_a_child_that_makes_up_most_of_its_parent_is_one_story_with_it():
    account, service, region = ("a",), ("a", "EC2"), ("a", "EC2", "eu-west-1")

    found = stories([Risen(region, 70), Risen(account, 120), Risen(service, 100)])

    assert found == [Story(top=account, cause=region, members=(account, service, region))]


def test_a_child_with_a_small_part_stands_alone():
    found = stories([Risen(("a",), 100), Risen(("a", "S3"), 59), Risen(("b", "S3"), 60)])

    assert [one.top for one in found] == [("a",), ("a", "S3"), ("b", "S3")]


def test_the_nearest_flagged_ancestor_counts_where_one_between_is_calm():
    found = stories([Risen(("a",), 100), Risen(("a", "EC2", "eu-west-1"), 60)])

    assert [(one.top, one.cause) for one in found] == [(("a",), ("a", "EC2", "eu-west-1"))]


def test_drops_are_joined_by_what_they_fell():
    assert len(stories([Risen(("a",), -100), Risen(("a", "EC2"), -90)])) == 1


TODAY = date(2026, 5, 1)


def shape(key="now", days_ago=0, **changed):
    given = {"series": "s", "rule": Rule.SPIKE, "direction": Direction.UP, "ratio": 3.0, "impact": 100.0, **changed}
    return Shape(key=key, on=TODAY - timedelta(days=days_ago), **given)


def test_the_same_again_is_fully_alike():
    assert similar(shape(), [shape("before", 30, rule=Rule.TRIPLE)]) == [(shape("before", 30, rule=Rule.TRIPLE), 1.0)]


def test_the_most_alike_come_first_and_the_latest_among_equals():
    past = [shape("larger", 10, impact=150.0), shape("old", 60), shape("new", 20)]

    assert [one.key for one, _ in similar(shape(), past)] == ["new", "old", "larger"]
    assert [one.key for one, _ in similar(shape(), past, at_most=1)] == ["new"]


@pytest.mark.parametrize(
    "changed",
    [
        {"series": "other"},
        {"direction": Direction.DOWN},
        {"rule": Rule.PERSISTENT},
        {"impact": 250.0},
        {"ratio": 7.0},
        {"days_ago": -3},
    ],
)
def test_what_differs_in_kind_or_by_a_factor_of_two_is_not_alike(changed):
    days_ago = changed.pop("days_ago", 30)

    assert similar(shape(), [shape("before", days_ago, **changed)]) == []
