"""How long forecasts of many series take on two processes, and what memory: the whole way, from costs to rows."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

from documents.daily_cost import DailyCost
from domain.forecasting.matrix import Matrix
from jobs.forecasting.chunk import forecast_chunk
from jobs.forecasting.making import HISTORY_DAYS, HORIZON, MOST_TESTED, history_of, make_forecasts
from jobs.forecasting.pool import ProcessPool

FIRST = date(2026, 1, 1)
CHUNK, WEEK, ACCOUNTS = 250, 7, 50
T, G = TypeVar("T"), TypeVar("G")


def invented(count: int) -> Matrix:
    """Costs of so many services: a level, a weekly rhythm, growth and noise; the dearest first, as they are read."""
    random = np.random.default_rng(7)
    days = np.arange(HISTORY_DAYS)
    level = np.sort(random.lognormal(3, 1.5, (count, 1)), axis=0)[::-1]
    week = 1 + random.uniform(0, 0.3, (count, 1)) * np.sin(2 * np.pi * (days + random.integers(0, 7, (count, 1))) / 7)
    growth = np.exp(random.normal(0, 0.0006, (count, 1)) * days)
    return level * week * growth * random.lognormal(0, 0.05, (count, HISTORY_DAYS))


def naive_chunk(history: Matrix, horizon: int) -> Matrix:
    from statsforecast.models import SeasonalNaive

    model = SeasonalNaive(season_length=WEEK)
    return np.stack([model.forecast(y=row, h=horizon)["mean"] for row in history])


def costs_of(history: Matrix) -> list[DailyCost]:
    """The same as it is read from the store."""
    days = [FIRST + timedelta(days=day - HISTORY_DAYS) for day in range(HISTORY_DAYS)]
    return [
        DailyCost("USD", f"a{row % ACCOUNTS}", f"s{row // ACCOUNTS}", list(zip(days, amounts.tolist(), strict=True)))
        for row, amounts in enumerate(history)
    ]


async def ours(pool: ProcessPool, costs: list[DailyCost]) -> int:
    async def told(done: int, total: int) -> None:
        pass

    history = await asyncio.to_thread(history_of, costs, FIRST)
    return len((await make_forecasts(pool, history, [], told)).rows)


async def beside(pool: ProcessPool, history: Matrix) -> int:
    starts = range(0, len(history), CHUNK)
    parts = [pool.run(naive_chunk, history[start : start + CHUNK], HORIZON) for start in starts]
    return sum(map(len, await asyncio.gather(*parts)))


async def timed(work: Callable[[ProcessPool, G], Awaitable[T]], given: G, some: Matrix) -> tuple[float, T]:
    """Seconds on the product's pool, whose processes are up already and have seen `some` rows."""
    async with ProcessPool().opened() as pool:
        warm = [pool.run(forecast_chunk, some[:2, -60:], FIRST, WEEK, False) for _ in range(4)]
        await asyncio.gather(*warm)
        begun = time.perf_counter()
        found = await work(pool, given)
        return time.perf_counter() - begun, found


def megabytes(whose: int) -> float:
    return resource.getrusage(whose).ru_maxrss / 1024


def processor_seconds() -> float:
    """Of this process and of its children that are over."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def speed(count: int) -> str:
    history = invented(count)
    costs = costs_of(history)
    other, _ = asyncio.run(timed(beside, history, history))
    begun = processor_seconds()
    mine, rows = asyncio.run(timed(ours, costs, history))
    worked = processor_seconds() - begun
    return (
        f"| {count:,} | {rows:,} | {min(count, MOST_TESTED):,} | {mine:.0f} s | {worked:.0f} s | {other:.1f} s | "
        f"{mine / other:.0f} | "
        f"{megabytes(resource.RUSAGE_SELF):.0f} MB | {megabytes(resource.RUSAGE_CHILDREN):.0f} MB |"
    )


def speed_lines(counts: list[int]) -> list[str]:
    """From few to many, for the most memory a process had does not sink again."""
    names = (
        "series", "forecasts with sums", "theta back-tested", "this model", "its processor time",
        "seasonal-naive alone", "ratio", "worker", "each process",
    )  # fmt: skip
    return [
        f"Series of {HISTORY_DAYS} days, {HORIZON} days ahead, with back-tests, sums, intervals and figures, "
        "on two processes:",
        "",
        f"| {' | '.join(names)} |",
        f"|{' ---: |' * len(names)}",
        *(speed(count) for count in sorted(counts)),
    ]
