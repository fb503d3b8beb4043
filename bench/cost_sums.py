"""Holds what roll-ups of costs say against the billed rows: by month and team, in all four costs, every row once."""

import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from bson import ObjectId

from documents import CostDay, CostLine, CostMonth
from documents.cost_day import cost_series
from documents.cost_period import current_editions
from domain.costs.series import MOST_GROUPS, CostQuestion, Grain, Metric, TagKey
from domain.facts.scope import Scope

# As rows have them, in the order of Metric.
_COSTS = ("billed_cost", "effective_cost", "list_cost", "contracted_cost")
_SUMS = ("billed", "effective", "listed", "contracted")

# (month, team) to the four costs and how many rows.
Sums = dict[tuple[date, str | None], tuple[Decimal | int, ...]]


def by_team(first: date, until: date) -> CostQuestion:
    return CostQuestion(
        first, until, grain=Grain.MONTH, group_by=(TagKey("team"),), metrics=tuple(Metric), top=MOST_GROUPS
    )


async def check_sums(scope: Scope, first: date, until: date) -> str:
    """What was compared, in words; these are all days with costs. Raises AssertionError where two sums differ."""
    begun = time.perf_counter()
    editions = [edition.id for edition in await current_editions(scope)]
    raw = await _added(CostLine, editions, "charge_period_start", _COSTS, 1)
    for document in (CostDay, CostMonth):
        kept = await _added(document, editions, "day", _SUMS, "$line_count")
        assert kept == raw, document.__name__
    told = await _told(scope, by_team(first, until))
    assert told == {key: sums[:-1] for key, sums in raw.items() if any(sums[:-1])}
    days, months = [await one.rows().count_documents({"edition_id": {"$in": editions}}) for one in (CostDay, CostMonth)]
    rows = sum(int(sums[-1]) for sums in raw.values())
    return (
        f"roll-ups equal raw sums: {rows:,} rows, {days:,} days, {months:,} months and the answer, by month and team "
        f"({len(raw)} sums of each of four costs; {time.perf_counter() - begun:.0f} s)"
    )


async def _added(
    document: type[CostLine] | type[CostDay] | type[CostMonth],
    editions: Sequence[ObjectId],
    at: str,
    costs: Sequence[str],
    count: int | str,
) -> Sums:
    sums: Sums = {}
    # One edition at a time: one answer of the server must not take minutes.
    for edition_id in editions:
        key = {"month": {"$dateTrunc": {"date": f"${at}", "unit": "month"}}, "team": "$tags.team"}
        added = {name: {"$sum": f"${name}"} for name in costs}
        steps: list[dict[str, Any]] = [
            {"$match": {"edition_id": edition_id}},
            {"$group": {"_id": key, **added, "count": {"$sum": count}}},
        ]
        async for raw in await document.rows().aggregate(steps, hint="edition"):
            place = raw["_id"]["month"].date(), raw["_id"].get("team")
            one = [raw[name] for name in (*costs, "count")]
            sums[place] = tuple(map(sum, zip(one, sums.get(place, (0,) * 5), strict=True)))
    return sums


async def _told(scope: Scope, question: CostQuestion) -> Sums:
    series = await cost_series(scope, question)
    assert series.rest is None
    told = {
        (period, group.values[0]): tuple(group.amounts[metric][place] for metric in question.metrics)
        for group in series.groups
        for place, period in enumerate(series.periods)
    }
    return {key: amounts for key, amounts in told.items() if any(amounts)}
