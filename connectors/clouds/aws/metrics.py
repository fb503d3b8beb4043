"""CloudWatch's metrics of resources, asked for many at once. Not for deciding what they mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Batch, Item, Place, everywhere

# Source: CloudWatch API reference, GetMetricData.
QUERIES_AT_MOST = 500
METRIC_DATA = fields.call("cloudwatch.get_metric_data", "cloudwatch:GetMetricData")
DAY, HOUR = 86_400, 3_600


@dataclass(frozen=True, slots=True)
class Metric:
    """`statistic` over each `period` (seconds)."""

    name: str
    statistic: str
    period: int = DAY


# item -> the dimensions of each series of it, by a label; "" where there is one
Dimensions = Callable[[Item, Place], Mapping[str, Mapping[str, str]]]


def one(**fields: str) -> Dimensions:
    """One series, its dimensions filled from the item's fields of these names."""
    return lambda item, _: {"": {dimension: str(item[field]) for dimension, field in fields.items()}}


def measured(
    namespace: str | Callable[[Item], str],
    dimensions: Dimensions,
    *wanted: Metric,
    days: int,
    at_once: int = QUERIES_AT_MOST,
    applies: Callable[[Item], bool] = everywhere,
) -> Batch:
    """Under Metrics: "Name.Statistic" -> {start of the period: value}, of the last `days` whole days in UTC.

    A series without values has an empty mapping. `at_once` are the items of one call. Raises ValueError when
    CloudWatch could not give a series. Source: CloudWatch GetMetricData.
    """

    def space(item: Item) -> str:
        return namespace if isinstance(namespace, str) else namespace(item)

    def arguments(items: Sequence[Item], place: Place) -> dict[str, Any]:
        return {
            "MetricDataQueries": [
                query(f"q{number}_{part}_{which}", label, space(item), metric, own)
                for number, item in enumerate(items)
                for part, (label, own) in enumerate(dimensions(item, place).items())
                for which, metric in enumerate(wanted)
            ],
            **whole_days(place, days),
        }

    return Batch(
        key="Metrics",
        operation=METRIC_DATA,
        size=min(at_once, QUERIES_AT_MOST // len(wanted)),
        arguments=arguments,
        values=series_of,
        applies=applies,
    )


def whole_days(place: Place, days: int) -> dict[str, str]:
    """The arguments for the last whole days in UTC."""
    until = place.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"StartTime": (until - timedelta(days=days)).isoformat(), "EndTime": until.isoformat()}


def series_of(items: Sequence[Item], pages: Sequence[Answer]) -> list[dict[str, dict[str, float]]]:
    """Of each item its series by their labels; the ids of queries are "q" and the number of the item.

    Raises ValueError when CloudWatch could not give one.
    """
    found: list[dict[str, dict[str, float]]] = [{} for _ in items]
    for page in pages:
        for result in page["MetricDataResults"]:
            if result["StatusCode"] not in ("Complete", "PartialData"):
                raise ValueError(f"{result['Id']} is {result['StatusCode']}")
            number = int(result["Id"].removeprefix("q").partition("_")[0])
            series = found[number].setdefault(result["Label"], {})
            series.update(zip(result["Timestamps"], result["Values"], strict=True))
    return found


def query(name: str, label: str, namespace: str, metric: Metric, dimensions: Mapping[str, str]) -> dict[str, Any]:
    """One series of GetMetricData. Source: CloudWatch API reference, MetricDataQuery."""
    what = f"{metric.name}.{metric.statistic}"
    return {
        "Id": name,
        "Label": f"{label} {what}" if label else what,
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": metric.period,
            "Stat": metric.statistic,
        },
    }
