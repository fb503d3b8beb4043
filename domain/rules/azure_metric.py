"""Hourly figures of Azure Monitor, as rules judge them: only where there are enough of them. No rules here."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import ceil
from typing import Any

from domain.facts.resource import Resource
from domain.rules.azure_resource import moment
from domain.rules.rule import EXAMPLE_NOW, RuleContext


def hourly(resource: Resource, name: str, figure: str, days: int, context: RuleContext) -> dict[str, float]:
    """The figure (average, maximum, total) of each hour of the last days, by its time; series are added up.

    Empty unless there is a value on as many days: what was not measured is not known to be nothing.
    """
    found: dict[str, float] = {}
    for point in _points(resource, name):
        at, value = moment(point.get("timeStamp")), point.get(figure)
        if at is not None and value is not None and at >= context.now - timedelta(days=days):
            found[at.isoformat()] = found.get(at.isoformat(), 0.0) + value
    return found if len({at[:10] for at in found}) >= days else {}


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def series(resource: Resource, name: str) -> Iterator[Any]:
    """The series of one figure, as Azure gives them."""
    for metric in resource.config.get("metrics") or ():
        if (metric.get("name") or {}).get("value") == name:
            yield from metric.get("timeseries") or ()


def _points(resource: Resource, name: str) -> Iterator[Any]:
    for one in series(resource, name):
        yield from one.get("data") or ()


def measured(name: str, days: int, **figures: float) -> dict[str, Any]:
    """For examples: one figure, the same at each hour of so many days before their time."""
    hours = (EXAMPLE_NOW - timedelta(hours=hour) for hour in range(days * 24))
    data = [{"timeStamp": f"{at:%Y-%m-%dT%H:00:00Z}", **figures} for at in hours]
    return {"name": {"value": name}, "timeseries": [{"data": data}]}
