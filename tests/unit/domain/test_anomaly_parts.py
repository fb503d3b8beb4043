"""The parts that explain an excess best come first, and no more of them than are needed."""

from datetime import date
from decimal import Decimal

from domain.anomalies.flag import Direction
from domain.anomaly_parts import baselines_of, contributors_of
from domain.facts.anomaly import AnomalyContributor


def part(by: str, value: str, change: int, usual: int = 10) -> AnomalyContributor:
    return AnomalyContributor(
        by=by,
        value=value,
        actual=Decimal(usual + change),
        usual=Decimal(usual),
        change=Decimal(change),
        is_new=usual == 0,
    )


def test_the_dimension_that_explains_most_with_fewest_parts_comes_first():
    regions = [part("REGION", "a", 60), part("REGION", "b", 30), part("REGION", "c", 10), part("REGION", "d", -5)]
    resources = [part("RESOURCE", "i-1", 95), part("RESOURCE", "i-2", 5)]

    found, share = contributors_of([*regions, *resources], Decimal(100), Direction.UP)

    # 95 of 100 are more than 80 %, and so are 60 and 30.
    assert [one.value for one in found] == ["i-1", "a", "b"]
    assert share == 0.95


def test_of_a_drop_the_parts_that_fell_count():
    found, share = contributors_of(
        [part("REGION", "a", -40), part("REGION", "b", 9), part("CHARGE", "x", -40)], Decimal(-40), Direction.DOWN
    )

    assert [(one.by, one.value) for one in found] == [("CHARGE", "x"), ("REGION", "a")]
    assert share == 1.0


def test_a_list_has_at_most_ten_parts():
    found, _ = contributors_of([part("RESOURCE", f"{n:02}", 1) for n in range(30)], Decimal(30), Direction.UP)

    assert [one.value for one in found] == [f"{n:02}" for n in range(10)]


def test_where_nothing_moved_nothing_is_explained():
    assert contributors_of([part("REGION", "a", 0)], Decimal(50), Direction.UP) == ([], 0.0)
    assert contributors_of([part("REGION", "a", 10)], Decimal(0), Direction.UP)[1] is None


def test_baselines_are_means_of_the_days_that_are_known():
    day = date(2026, 11, 29)
    costs = {date(2026, 11, 28): 10.0, date(2026, 11, 27): 20.0, date(2026, 11, 22): 40.0, date(2026, 11, 1): 7.0}

    found = {one.name: one.amount for one in baselines_of(costs, day)}

    assert found == {
        # 28, 27 and 22 November.
        "Mean of the seven days before": Decimal("23.33"),
        "Mean of the same weekday in four weeks": Decimal("23.5"),
        "Four weeks before": Decimal("7.0"),
    }
    assert {one.amount for one in baselines_of({}, day)} == {None}
