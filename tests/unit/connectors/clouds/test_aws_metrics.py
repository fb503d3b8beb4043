from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.clouds.aws import metrics
from connectors.reading.listing import Place

HERE = Place(account_id="123456789012", region="us-east-1", now=datetime(2026, 11, 26, 13, 45, tzinfo=UTC))
TRAFFIC = metrics.measured(
    "AWS/NATGateway", metrics.one(Id="Id"), metrics.Metric("Out", "Sum"), metrics.Metric("In", "Sum"), days=14
)


def result(name: str, label: str, *values: float, status: str = "Complete") -> dict[str, Any]:
    times = [f"2026-11-{20 + number}T00:00:00+00:00" for number in range(len(values))]
    return {"Id": name, "Label": label, "Timestamps": times, "Values": list(values), "StatusCode": status}


def test_whole_days_are_asked_for_so_that_the_answer_is_the_same_all_day():
    asked = TRAFFIC.arguments([{"Id": "nat-1"}], HERE)

    assert (asked["StartTime"], asked["EndTime"]) == ("2026-11-12T00:00:00+00:00", "2026-11-26T00:00:00+00:00")
    assert TRAFFIC.arguments([{"Id": "nat-1"}], HERE)["MetricDataQueries"][0]["MetricStat"] == {
        "Metric": {
            "Namespace": "AWS/NATGateway",
            "MetricName": "Out",
            "Dimensions": [{"Name": "Id", "Value": "nat-1"}],
        },
        "Period": metrics.DAY,
        "Stat": "Sum",
    }


def test_no_call_asks_for_more_series_than_cloudwatch_takes():
    assert TRAFFIC.size * 2 <= 500


def test_values_come_back_to_their_items_whatever_their_order_and_page():
    pages = [
        {"MetricDataResults": [result("q1_0_0", "Out.Sum", 7.0), result("q0_0_1", "In.Sum")]},
        {"MetricDataResults": [result("q0_0_0", "Out.Sum", 1.0, 2.0)]},
    ]

    first, second = TRAFFIC.values([{"Id": "nat-1"}, {"Id": "nat-2"}], pages)

    assert first == {
        "In.Sum": {},
        "Out.Sum": {"2026-11-20T00:00:00+00:00": 1.0, "2026-11-21T00:00:00+00:00": 2.0},
    }
    assert second == {"Out.Sum": {"2026-11-20T00:00:00+00:00": 7.0}}


def test_series_that_goes_on_over_pages_is_joined():
    early = result("q0_0_0", "Out.Sum", 1.0, status="PartialData")
    late = {**result("q0_0_0", "Out.Sum", 2.0), "Timestamps": ["2026-11-25T00:00:00+00:00"]}

    (found,) = TRAFFIC.values([{"Id": "nat-1"}], [{"MetricDataResults": [early]}, {"MetricDataResults": [late]}])

    assert list(found["Out.Sum"].values()) == [1.0, 2.0]


@pytest.mark.parametrize("status", ["InternalError", "Forbidden"])
def test_series_that_could_not_be_had_is_not_taken_for_an_idle_one(status):
    with pytest.raises(ValueError, match=status):
        TRAFFIC.values([{"Id": "nat-1"}], [{"MetricDataResults": [result("q0_0_0", "Out.Sum", status=status)]}])


def test_several_series_of_one_item_are_told_apart_by_their_label():
    clusters = metrics.measured(
        "AWS/ElastiCache",
        lambda group, _: {name: {"CacheClusterId": name} for name in group["Members"]},
        metrics.Metric("CurrConnections", "Maximum"),
        days=14,
    )

    queries = clusters.arguments([{"Members": ["a", "b"]}], HERE)["MetricDataQueries"]

    assert [query["Label"] for query in queries] == ["a CurrConnections.Maximum", "b CurrConnections.Maximum"]
    assert len({query["Id"] for query in queries}) == 2
