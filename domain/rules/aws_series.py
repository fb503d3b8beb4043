"""Daily values of CloudWatch as the AWS connector keeps them under `Metrics`. No rules here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.facts.resource import Resource

DAY = timedelta(days=1)


def last_days(resource: Resource, series: str, days: int) -> list[float] | None:
    """The last `days` daily values of a series, oldest first; None unless there is one for each of these days.

    A series is named as the connector labels it: "DatabaseConnections.Maximum", or with what it is of before it.
    A day without a value is a day of which nothing is known, not one on which nothing happened.
    """
    values: Mapping[str, Any] = (resource.config.get("Metrics") or {}).get(series) or {}
    by_time = sorted((datetime.fromisoformat(moment), float(value)) for moment, value in values.items())
    wanted = by_time[-days:]
    if days < 1 or len(wanted) < days or wanted[-1][0] - wanted[0][0] != (days - 1) * DAY:
        return None
    return [value for _, value in wanted]


def daily(value: float, days: int = 14, until: str = "2026-06-15T00:00:00+00:00") -> dict[str, float]:
    """A series of the same value on each of the days before `until`, for examples."""
    end = datetime.fromisoformat(until)
    return {(end - number * DAY).isoformat(): value for number in range(days, 0, -1)}
