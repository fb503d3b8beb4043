"""Series to try forecasts on: real ones cut at rolling origins, and invented ones shaped like bills."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.anomaly_make import FAMILIES, SHARES
from domain.forecasting.matrix import Matrix
from domain.forecasting.models import RECENT_DAYS, Forecasts, forecast
from jobs.forecasting.chunk import theta
from jobs.forecasting.making import HISTORY_DAYS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "cost_anomaly_bench" / "forecast_series.csv.gz"
# Rolling origins: the last 90 days are forecast, then those that end 60 days before, and so on.
ORIGINS, STEP, AHEAD, LEAST_HISTORY = 4, 60, 90, 180
INVENTED, SEED = 100, 11


@dataclass(frozen=True)
class Case:
    """One series cut at one origin, with its recent history, and what is said of the days after it."""

    name: str
    history: Matrix
    came: Matrix
    origin: int
    said: Forecasts


def series(path: Path) -> dict[str, tuple[date, Matrix]]:
    """First day and values by series."""
    values, first = defaultdict(list), {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            values[row["series_id"]].append(float(row["value"]) if row["value"] else np.nan)
            first.setdefault(row["series_id"], date.fromisoformat(row["date"]))
    return {name: (first[name], np.array(found)) for name, found in values.items()}


def real_cases(path: Path) -> Iterator[Case]:
    for name, (first, values) in series(path).items():
        for number in range(ORIGINS):
            cut = values.size - AHEAD - STEP * number
            if cut >= LEAST_HISTORY:
                past = values[max(0, cut - HISTORY_DAYS) : cut]
                history = np.pad(past, (HISTORY_DAYS - past.size, 0), constant_values=np.nan)[None, :]
                yield case(name, history, values[cut : cut + AHEAD], first + timedelta(days=cut), number)


def case(name: str, history: Matrix, came: Matrix, first: date, origin: int) -> Case:
    return Case(name, history[:, -RECENT_DAYS:], came, origin, forecast(history, first, AHEAD, theta))


def invented_cases(count: int = INVENTED, seed: int = SEED) -> Iterator[Case]:
    """Bills of the families that the anomaly bench makes, without anything odd put in."""
    random = np.random.default_rng(seed)
    names = random.choice(list(FAMILIES), count, p=np.array(SHARES) / sum(SHARES))
    for number, name in enumerate(names):
        level = np.exp(random.uniform(np.log(15), np.log(20_000)))
        costs = level * np.exp(FAMILIES[str(name)](random, RECENT_DAYS + AHEAD))
        history, came = costs[None, :RECENT_DAYS], costs[RECENT_DAYS:]
        yield case(f"{name}-{number}", history, came, date(2026, 1, 1), 0)
