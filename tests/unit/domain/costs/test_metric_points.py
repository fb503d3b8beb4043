"""Points of a business metric: what is good is taken, what is not is told by line."""

from datetime import date
from decimal import Decimal

import pytest

from domain.costs.metric_points import MOST_POINTS, MetricPoint, checked, points_of_csv

MAY = date(2026, 5, 1)


def test_a_csv_text_becomes_points_with_what_they_are_of() -> None:
    found = points_of_csv("\ufeffday, value,team\r\n2026-05-01,12.50,web\r\n\r\n2026-05-01, 3 ,\n")

    assert found.points == [MetricPoint(MAY, Decimal("12.50"), (("team", "web"),)), MetricPoint(MAY, Decimal(3))]
    assert found.refused == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1.5.2026,1,", "is not a day"),
        ("1999-12-31,1,", "this century"),
        ("2026-05-01,many,", "is not a decimal number"),
        ("2026-05-01,NaN,", "is not a finite number"),
        ("2026-05-01,-1,", "is negative"),
        ("2026-05-01,1", "2 cells under 3 columns"),
        (f"2026-05-01,1,{'x' * 300}", "letters"),
    ],
)
def test_a_bad_line_is_refused_by_number_and_the_others_are_taken(row: str, reason: str) -> None:
    found = points_of_csv(f"day,value,team\n2026-05-01,1,a\n{row}\n2026-05-02,1,b\n")

    assert [point.values for point in found.points] == [(("team", "a"),), (("team", "b"),)]
    assert [refused.line for refused in found.refused] == [3]
    assert reason in found.refused[0].reason


def test_the_same_day_twice_in_one_upload_is_refused() -> None:
    rows = [(1, "2026-05-01", "1", {}), (2, "2026-05-01", "2", {}), (3, "2026-05-01", "4", {"team": "web"})]

    found = checked(rows)

    assert [point.value for point in found.points] == [1, 4]
    assert [(refused.line, "line 1" in refused.reason) for refused in found.refused] == [(2, True)]


@pytest.mark.parametrize("text", ["", "date,value\n2026-05-01,1", "day,value,value\n2026-05-01,1,2"])
def test_a_text_without_the_two_columns_is_refused_as_a_whole(text: str) -> None:
    found = points_of_csv(text)

    assert (found.points, [refused.line for refused in found.refused]) == ([], [1])


def test_what_is_no_csv_is_refused_with_its_line() -> None:
    found = points_of_csv('day,value\n2026-05-01,1\n"2026-05-02"x,1\n')

    assert (found.points, [refused.line for refused in found.refused]) == ([], [3])


def test_an_upload_has_an_end() -> None:
    days = [f"2026-05-01,1,{number}" for number in range(MOST_POINTS + 2)]

    found = points_of_csv("\n".join(["day,value,team", *days]))

    assert len(found.points) == MOST_POINTS
    assert [refused.line for refused in found.refused] == [MOST_POINTS + 2]
