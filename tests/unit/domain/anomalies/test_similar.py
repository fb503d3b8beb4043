"""Which anomalies of before resemble one."""

from datetime import date, timedelta

import pytest

from domain.anomalies.similar import Shape, similar
from domain.facts.anomaly import AnomalyDirection, AnomalyKind

TODAY = date(2026, 5, 1)


def shape(key="now", days_ago=0, **changed):
    given = {
        "series": "s",
        "kind": AnomalyKind.SPIKE,
        "direction": AnomalyDirection.UP,
        "ratio": 3.0,
        "impact": 100.0,
        **changed,
    }
    return Shape(key=key, on=TODAY - timedelta(days=days_ago), **given)


def test_the_same_again_is_fully_alike():
    assert similar(shape(), [shape("before", 30)]) == [(shape("before", 30), 1.0)]


def test_the_most_alike_come_first_and_the_latest_among_equals():
    past = [shape("larger", 10, impact=150.0), shape("old", 60), shape("new", 20)]

    assert [one.key for one, _ in similar(shape(), past)] == ["new", "old", "larger"]
    assert [one.key for one, _ in similar(shape(), past, at_most=1)] == ["new"]


@pytest.mark.parametrize(
    "changed",
    [
        {"series": "other"},
        {"direction": AnomalyDirection.DOWN},
        {"kind": AnomalyKind.SUSTAINED},
        {"impact": 250.0},
        {"ratio": 7.0},
        {"days_ago": -3},
    ],
)
def test_what_differs_in_kind_or_by_a_factor_of_two_is_not_alike(changed):
    days_ago = changed.pop("days_ago", 30)

    assert similar(shape(), [shape("before", days_ago, **changed)]) == []
