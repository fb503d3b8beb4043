"""How good forecasts of costs are, and how long ten thousand take, beside seasonal-naive in the same run."""

import argparse
import asyncio
import csv
import gzip
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from domain.forecasting.backtest import Scores, quantiles_of, scored
from domain.forecasting.band import KNOTS, PRIOR, Unrest, day_intervals, total_interval
from domain.forecasting.matrix import Matrix
from domain.forecasting.models import Forecasts, forecast
from domain.forecasting.unrest import unrest_of
from jobs.forecasting.chunk import forecast_chunk, theta
from jobs.forecasting.making import HISTORY_DAYS, HORIZON, MOST_TESTED
from jobs.forecasting.pool import ProcessPool

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "cost_anomaly_bench" / "forecast_series.csv.gz"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "models" / "cost-forecast.md"
BEGIN, END = "<!-- figures: written by python -m bench forecast --write -->", "<!-- end of figures -->"
# Rolling origins: the last 90 days are forecast, then those that end 60 days before, and so on.
ORIGINS, STEP, AHEAD, LEAST_HISTORY = 4, 60, 90, 180
CHUNK = 250
WEEK = 7
# What the recipe for forecasts measured with the same three models on 50 series of this kind.
FLOOR = {"month": 0.204, "quarter": 0.256}


@dataclass(frozen=True)
class Case:
    """One series cut at one origin."""

    history: Matrix
    came: Matrix
    first: date
    origin: int


def series(path: Path) -> dict[str, tuple[date, Matrix]]:
    """First day and values by series."""
    values, first = defaultdict(list), {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            values[row["series_id"]].append(float(row["value"]) if row["value"] else np.nan)
            first.setdefault(row["series_id"], date.fromisoformat(row["date"]))
    return {name: (first[name], np.array(found)) for name, found in values.items()}


def cases(path: Path) -> Iterator[Case]:
    for first, values in series(path).values():
        for number in range(ORIGINS):
            cut = values.size - AHEAD - STEP * number
            if cut >= LEAST_HISTORY:
                history = np.full((1, HISTORY_DAYS), np.nan)
                past = values[max(0, cut - HISTORY_DAYS) : cut]
                history[0, HISTORY_DAYS - past.size :] = past
                yield Case(history, values[cut : cut + AHEAD], first + timedelta(days=cut), number)


def naive(history: Matrix, horizon: int) -> Matrix:
    """The last week over and over."""
    return np.tile(np.nan_to_num(history[:, -WEEK:]), (1, horizon // WEEK + 1))[:, :horizon]


def errors(history: Matrix, said: Matrix, came: Matrix) -> tuple[float, float, float, float]:
    """MASE of 14 and of 30 days, and the shares by which totals of 30 and 90 days are off."""
    usual = np.nanmean(np.abs(history[:, WEEK:] - history[:, :-WEEK]))

    def mase(days: int) -> float:
        return float(np.nanmean(np.abs(said[0, :days] - came[:days])) / usual)

    def off(days: int) -> float:
        return float(abs(np.nansum(said[0, :days]) / np.nansum(came[:days]) - 1))

    return mase(14), mase(30), off(30), off(90)


def measured(path: Path) -> tuple[dict[str, float], list[str]]:
    """Figures by name, and the lines of the page."""
    made = [(case, forecast(case.history, case.first, AHEAD, theta)) for case in cases(path)]
    rows: dict[str, list[tuple[float, float, float, float]]] = {"ours": [], "naive": []}
    for case, found in made:
        rows["ours"].append(errors(case.history, found.ahead, case.came))
        rows["naive"].append(errors(case.history, naive(case.history, AHEAD), case.came))
    ours, beside = (np.array(rows[name]) for name in ("ours", "naive"))
    inside = coverage(made)
    names = ("MASE of 14 days", "MASE of 30 days", "error of 30-day totals", "error of 90-day totals")
    lines = [f"{len(made)} origins of {len(series(path))} real series of daily usage.", ""]
    lines += ["| | this model | seasonal-naive | ratio |", "| --- | ---: | ---: | ---: |"]
    for column, name in enumerate(names):
        mine, other = ours[:, column].mean(), beside[:, column].mean()
        told = [f"{value:.2f}" if column < 2 else f"{value:.1%}" for value in (mine, other)]
        lines.append(f"| {name} | {told[0]} | {told[1]} | {mine / other:.2f} |")
    middle = np.median(ours, axis=0)
    lines += ["", f"Medians of the errors of totals: {middle[2]:.1%} and {middle[3]:.1%}.", ""]
    lines += ["| interval | promised | held |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {name.split()[-2]} % | {share:.1%} |" for name, share in inside.items()]
    figures = {"month": float(ours[:, 2].mean()), "quarter": float(ours[:, 3].mean())}
    return figures, lines


def coverage(made: Sequence[tuple[Case, Forecasts]]) -> dict[str, float]:
    """How often intervals held; they are learned, as in the product, from back-tests before the origin."""
    held = defaultdict(list)
    for origin in range(ORIGINS):
        group = [(case, found) for case, found in made if case.origin == origin]
        parts = [scored(case.history, found.tests, found.backs) for case, found in group]
        quantiles = quantiles_of(joined(parts))
        for case, found in group:
            (unrest,) = unrest_of(found.calm)
            ahead = found.ahead[0]
            for days in (30, 90):
                total = total_interval(float(ahead[:days].sum()), days, unrest, quantiles)
                came = float(np.nansum(case.came[:days]))
                held[f"{days}-day totals 80 %"].append(total.lower80 <= came <= total.upper80)
                held[f"{days}-day totals 95 %"].append(total.lower95 <= came <= total.upper95)
            for came, band in zip(case.came, day_intervals(ahead.tolist(), unrest, quantiles), strict=True):
                held["days 80 %"].append(band.lower80 <= came <= band.upper80)
                held["days 95 %"].append(band.lower95 <= came <= band.upper95)
    return {name: float(np.mean(seen)) for name, seen in sorted(held.items())}


def joined(parts: Sequence[Scores]) -> Scores:
    names = ("mase", "month", "quarter", "totals", "days")
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def prior(path: Path) -> dict[str, tuple[float, ...]]:
    """What `PRIOR` is: quantiles over all series and origins, of a year where there are three to learn from."""
    off: dict[tuple[str, int], list[float]] = defaultdict(list)
    for first, values in series(path).values():
        for knot, days in enumerate(KNOTS):
            for number in range(ORIGINS * 2):
                cut = values.size - days - STEP * number
                if cut < (HISTORY_DAYS if days > AHEAD else LEAST_HISTORY):
                    continue
                history = values[max(0, cut - HISTORY_DAYS) : cut][None, :]
                found = forecast(history, first + timedelta(days=cut), days, theta, is_theta_tested=False)
                (unrest,) = unrest_of(found.calm)
                collect(off, knot, found.ahead[0], values[cut : cut + days], unrest)
    return {
        f"{kind}{level}": tuple(
            round(float(np.quantile(off[kind, knot], level / 100)), 2) for knot in range(len(KNOTS))
        )
        for kind in ("totals", "days")
        for level in (80, 95)
    }


def collect(off: dict[tuple[str, int], list[float]], knot: int, ahead: Matrix, came: Matrix, unrest: Unrest) -> None:
    days, base = ahead.size, unrest.offset
    total = np.log((np.nansum(came) + base * days) / (ahead.sum() + base * days))
    off["totals", knot].append(abs(total) / unrest.volatility)
    single = np.abs(np.log((np.maximum(came, 0) + base) / (ahead + base))) / unrest.roughness
    begin = KNOTS[knot - 1] if knot else 0
    off["days", knot] += single[begin:][np.isfinite(single[begin:])].tolist()


def invented(count: int) -> Matrix:
    """Costs of so many services: a level, a weekly rhythm, growth and noise."""
    random = np.random.default_rng(7)
    days = np.arange(HISTORY_DAYS)
    level = random.lognormal(3, 1.5, (count, 1))
    week = 1 + random.uniform(0, 0.3, (count, 1)) * np.sin(2 * np.pi * (days + random.integers(0, 7, (count, 1))) / 7)
    growth = np.exp(random.normal(0, 0.0006, (count, 1)) * days)
    return level * week * growth * random.lognormal(0, 0.05, (count, HISTORY_DAYS))


def naive_chunk(history: Matrix, first: date, horizon: int, _: bool) -> Matrix:
    from statsforecast.models import SeasonalNaive

    model = SeasonalNaive(season_length=WEEK)
    return np.stack([model.forecast(y=row, h=horizon)["mean"] for row in history])


async def timed(history: Matrix, task: Callable[..., object]) -> float:
    """Seconds on the product's pool of two processes, which are up already."""
    async with ProcessPool().opened() as pool:
        warm = [pool.run(task, history[:2, -60:], date(2026, 1, 1), 7, False) for _ in range(4)]
        await asyncio.gather(*warm)
        begun = time.perf_counter()
        starts = range(0, len(history), CHUNK)
        await asyncio.gather(
            *(
                pool.run(task, history[start : start + CHUNK], date(2026, 1, 1), HORIZON, start < MOST_TESTED)
                for start in starts
            )
        )
        return time.perf_counter() - begun


def speed(count: int) -> list[str]:
    history = invented(count)
    ours = asyncio.run(timed(history, forecast_chunk))
    beside = asyncio.run(timed(history, naive_chunk))
    return [
        "",
        f"{count:,} series of {HISTORY_DAYS} days, {HORIZON} days ahead, back-tests among it, on two processes: "
        f"{ours:.0f} s; seasonal-naive alone {beside:.1f} s; ratio {ours / beside:.0f}.",
    ]


def write(lines: Sequence[str]) -> None:
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    PAGE.write_text("\n".join([head + BEGIN, "", *lines, "", END]) + rest.split(END)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="series_id, date, value; gzipped")
    parser.add_argument("--series", type=int, default=10_000, help="how many for the time")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/models/cost-forecast.md")
    parser.add_argument("--prior", action="store_true", help="only print what PRIOR in domain/forecasting/band.py is")
    chosen = parser.parse_args()
    if chosen.prior:
        print(prior(chosen.data), "now:", PRIOR)
        return
    figures, lines = measured(chosen.data)
    lines += speed(chosen.series) if chosen.series else []
    print("\n".join(lines))
    if chosen.write:
        write(lines)
    for name, floor in FLOOR.items():
        if figures[name] > floor:
            raise SystemExit(f"The error of the {name} is {figures[name]:.1%}, above {floor:.1%}.")


if __name__ == "__main__":
    main()
