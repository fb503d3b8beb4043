"""Reads what earlier years say of the days of a scan: the costs of about a year ago, and of two, series by series."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from documents.cost_anomaly import fixed_between
from documents.cost_history import SeriesKey, past_costs
from documents.cost_period import midnight
from domain.anomalies.yearly import Past, Yearly, span, yearly
from domain.facts.scope import Scope
from jobs.anomaly_scan import Scan, series_of

YEARS = 2


async def due_in(scope: Scope, scan: Scan, since: date) -> Yearly:
    """What is due on the days of the scan, nothing on those before `since`. Where there are no costs of a year ago,
    that is nothing at all, and costs one look for them.
    """
    begin = max(scan.first, since)
    pasts: list[Past] = []
    for years in range(1, YEARS + 1):
        first, until = span(begin, scan.newest, years)
        costs = await past_costs(scope, first, until)
        if not costs:
            break
        fixed = await fixed_between(scope, midnight(first), midnight(until))
        pasts.append(await asyncio.to_thread(_past, scan.keys, first, costs, fixed))
    before, days = (begin - scan.first).days, (scan.newest - begin).days + 1
    if not pasts:
        return Yearly.none(len(scan.keys), before + days)
    return (await asyncio.to_thread(yearly, pasts, begin, days)).after(before)


def _past(
    keys: Sequence[SeriesKey],
    first: date,
    costs: Mapping[SeriesKey, Sequence[float]],
    fixed: Sequence[Mapping[str, Any]],
) -> Past:
    """A row for each of the keys. What somebody has fixed was no season: its days are not known."""
    unknown = [np.nan] * len(next(iter(costs.values())))
    rows = np.array([costs.get(key, unknown) for key in keys]).reshape(len(keys), len(unknown))
    places = {key: row for row, key in enumerate(keys)}
    for raw in fixed:
        row = places.get(series_of(raw))
        if row is not None:
            until = max(raw["last_on"], raw["feedback"]["at"]).date() + timedelta(days=1)
            begin = max(0, (raw["first_on"].date() - first).days)
            rows[row, begin : max(begin, (until - first).days)] = np.nan
    return Past(first, rows)
