"""From the costs of an organization to its forecasts as they are stored: rows to the pool, sums, intervals, figures."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from documents.cost_forecast import UNIT
from documents.cost_period import midnight
from documents.daily_cost import DailyCost
from documents.stored_decimal import stored_decimal
from domain.costs.value import SUMS
from domain.forecasting.backtest import BACKS, Coverage, Scores, coverage_of, quantiles_of
from domain.forecasting.band import Quantiles
from domain.forecasting.event import KnownEvent, SeriesKey, missing_keys, with_events
from domain.forecasting.matrix import Matrix, lengths
from domain.forecasting.models import RECENT_DAYS, ForecastModel, Forecasts
from domain.forecasting.tree import Branch, ForecastLevel, branches_of, summed
from domain.forecasting.unrest import unrest_of
from domain.forecasting.yearly import NEEDED
from jobs.forecasting.chunk import forecast_chunk, score_chunk
from jobs.forecasting.pool import ProcessPool

# To the end of a leap year from its first day.
HORIZON = 366
# A year and four weeks tell of a season, and half a year before tests whether it comes again.
HISTORY_DAYS = NEEDED + BACKS[-1] + 8
# Theta is back-tested on as many of the dearest series; the others choose among the rest.
MOST_TESTED = 500
_CHUNK = 250

Told = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class History:
    """Costs as rows of days; `first` is the day after the last one. Rows are those of `keys`, then those of `targets`
    of allocation, by id, which are no part of any sum.
    """

    keys: list[SeriesKey]
    days: Matrix
    first: date
    costs: list[DailyCost]
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """Forecasts as they are stored, still without organization and edition, and what holds for all of them."""

    rows: list[dict[str, Any]]
    quantiles: Quantiles
    coverage: Coverage


def history_of(services: Sequence[DailyCost], first: date, targets: Sequence[tuple[str, DailyCost]] = ()) -> History:
    """Rows of the last days before `first`. A day without costs is 0 from a row's first day on."""
    costs = [*services, *(cost for _, cost in targets)]
    days = np.full((len(costs), HISTORY_DAYS), np.nan)
    begin = first - timedelta(days=HISTORY_DAYS)
    for row, cost in enumerate(costs):
        places = [((day - begin).days, amount) for day, amount in cost.days if begin <= day < first]
        known = [place for place, amount in places if amount]
        if known:
            days[row, min(known) :] = 0.0
            for place, amount in places:
                if place >= min(known):
                    days[row, place] = amount
    keys = [SeriesKey(cost.currency, cost.sub_account, cost.service) for cost in services]
    return History(keys, days, first, costs, tuple(id for id, _ in targets))


async def make_forecasts(pool: ProcessPool, history: History, events: Sequence[KnownEvent], told: Told) -> Made:
    """Forecast every account x service in the pool and add them up. `told` hears how many rows of how many are done."""
    parts = await _forecast_rows(pool, history, told)
    ahead = np.concatenate([part.ahead for part in parts])
    tests = np.concatenate([part.tests for part in parts])
    models = [model for part in parts for model in part.models]
    old = len(history.keys)
    keys, known = await asyncio.to_thread(_with_known, history, ahead[:old], events)
    branches = [*branches_of(keys), *_target_branches(history, len(keys))]
    new = len(keys) - old
    ahead = np.concatenate([known, ahead[old:]])
    recent = history.days[:, -RECENT_DAYS:]
    past, tests = (np.insert(rows, [old] * new, np.nan, axis=0) for rows in (recent, tests))
    models[old:old] = [ForecastModel.FLAT] * new
    sums, sum_tests = await asyncio.to_thread(lambda: (summed(past, branches), summed(tests, branches)))
    scores = await _score_rows(pool, sums, sum_tests, parts[0].backs)
    quantiles, coverage = await asyncio.to_thread(lambda: (quantiles_of(scores), coverage_of(scores)))
    whole = await asyncio.to_thread(lambda: np.rint(ahead / float(UNIT)).astype(np.int64))
    costs: list[DailyCost | None] = [*history.costs[:old], *([None] * new), *history.costs[old:]]
    rows = await asyncio.to_thread(_stored, history, branches, costs, sums, whole, models, scores)
    return Made(rows, quantiles, coverage)


async def _forecast_rows(pool: ProcessPool, history: History, told: Told) -> list[Forecasts]:
    count, done = len(history.costs), 0
    size = max(1, min(_CHUNK, -(-count // 2)))
    starts = range(0, count, size)

    async def part(start: int) -> Forecasts:
        nonlocal done
        rows = history.days[start : start + size]
        found = await pool.run(forecast_chunk, rows, history.first, HORIZON, start < MOST_TESTED)
        done += len(rows)
        await told(done, count)
        return found

    return list(await asyncio.gather(*(part(start) for start in starts)))


async def _score_rows(pool: ProcessPool, days: Matrix, tests: Matrix, backs: tuple[int, ...]) -> Scores:
    starts = range(0, days.shape[0], 2 * _CHUNK)
    parts = await asyncio.gather(
        *(
            pool.run(score_chunk, days[start : start + 2 * _CHUNK], tests[start : start + 2 * _CHUNK], backs)
            for start in starts
        )
    )
    columns = ("mase", "month", "quarter", "totals", "days")
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))


def _with_known(history: History, ahead: Matrix, events: Sequence[KnownEvent]) -> tuple[list[SeriesKey], Matrix]:
    """Keys and days ahead with what people know, among it series that are new."""
    new = missing_keys(history.keys, events)
    keys = [*history.keys, *new]
    ahead = np.pad(ahead, ((0, len(new)), (0, 0)))
    return keys, with_events(ahead, keys, history.first, events)


def _target_branches(history: History, first_row: int) -> list[Branch]:
    """One for each target; the key names its currency only."""
    currencies = [cost.currency for cost in history.costs[len(history.keys) :]]
    return [
        Branch(ForecastLevel.TARGET, SeriesKey(currency, None, None), (first_row + place,))
        for place, currency in enumerate(currencies)
    ]


def _stored(
    history: History,
    branches: Sequence[Branch],
    costs: Sequence[DailyCost | None],
    sums: Matrix,
    whole: np.ndarray,
    models: Sequence[ForecastModel],
    scores: Scores,
) -> list[dict[str, Any]]:
    unrest = unrest_of(sums)
    known = lengths(sums)
    first_target = len(costs) - len(history.targets)
    return [
        {
            "level": branch.level.value,
            "currency": branch.key.currency,
            "sub_account_id": branch.key.sub_account,
            "service_name": branch.key.service,
            "target_id": history.targets[branch.rows[0] - first_target]
            if branch.level is ForecastLevel.TARGET
            else None,
            "first": midnight(history.first),
            "ahead": whole[list(branch.rows)].sum(axis=0).tolist(),
            "unrest": unrest[place].model_dump(),
            # A sum is made of many; that of the dearest part is named.
            "model": models[branch.rows[0]].value,
            "days_known": int(known[place]),
            **_spent(costs, branch),
            **_figures(scores, place),
        }
        for place, branch in enumerate(branches)
    ]


def _spent(costs: Sequence[DailyCost | None], branch: Branch) -> dict[str, Any]:
    month = year = SUMS.create_decimal(0)
    for cost in [costs[row] for row in branch.rows]:
        if cost is not None:
            month, year = SUMS.add(month, cost.month), SUMS.add(year, cost.year)
    return {"month_spent": stored_decimal(month), "year_spent": stored_decimal(year)}


def _figures(scores: Scores, row: int) -> dict[str, Any]:
    def mean(values: Matrix) -> float | None:
        known = values[row][np.isfinite(values[row])]
        return float(known.mean()) if known.size else None

    return {
        "tests": int(np.isfinite(scores.month[row]).sum()),
        "mase": mean(scores.mase),
        "month_error": mean(scores.month),
        "quarter_error": mean(scores.quarter),
    }
