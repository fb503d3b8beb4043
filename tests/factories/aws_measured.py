"""Metrics that CloudWatch has measured, put into moto for the days before a stand-in is read."""

from collections.abc import Mapping
from datetime import timedelta

from tests.fakes.aws import Moto

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def measured(
    moto: Moto,
    namespace: str,
    dimensions: Mapping[str, str],
    values: Mapping[str, float],
    days: int = 14,
    every: timedelta = DAY,
) -> None:
    """Of each metric by its name one value for each period of the last whole days."""
    midnight = moto.now.replace(hour=0)
    moments = [midnight - every * number for number in range(1, int(DAY * days / every) + 1)]
    pairs = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [
        {"MetricName": metric, "Dimensions": pairs, "Timestamp": moment, "Value": value}
        for metric, value in values.items()
        for moment in moments
    ]
    moto.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)
