"""How often the intervals of forecasts hold, always judged by what came after, and what `PRIOR` is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.forecast_data import LEAST_HISTORY, ORIGINS, STEP, Case, series
from domain.forecasting.backtest import Scores, quantiles_of, scored
from domain.forecasting.band import DAY_WINDOWS, KNOTS, PRIOR, Quantiles, conformal, day_intervals, total_interval
from domain.forecasting.matrix import Matrix
from domain.forecasting.models import RECENT_DAYS, forecast
from domain.forecasting.unrest import unrest_of
from jobs.forecasting.chunk import theta
from jobs.forecasting.making import HISTORY_DAYS

# (kind, which knot) -> one array of errors for each origin of a series.
Errors = dict[tuple[str, int], list[Matrix]]
Held = dict[str, list[bool]]


def errors_by_series(path: Path) -> dict[str, Errors]:
    """How far off totals and days of each length were, in the units of `Quantiles`, at rolling origins."""
    return {name: _errors(first, values) for name, (first, values) in series(path).items()}


def _errors(first: date, values: Matrix) -> Errors:
    found: Errors = defaultdict(list)
    for knot, days in enumerate(KNOTS):
        for number in range(ORIGINS * 2):
            cut = values.size - days - STEP * number
            if cut < (RECENT_DAYS if days > KNOTS[2] else LEAST_HISTORY):
                continue
            history, came = values[max(0, cut - HISTORY_DAYS) : cut][None, :], values[cut : cut + days]
            said = forecast(history, first + timedelta(days=cut), days, theta, is_theta_tested=False)
            (unrest,) = unrest_of(said.calm)
            ahead, base = said.ahead[0], unrest.offset
            total = np.log((np.nansum(came) + base * days) / (ahead.sum() + base * days))
            found["totals", knot].append(np.abs([total]) / unrest.volatility)
            begin, end = DAY_WINDOWS[knot]
            single = np.abs(np.log((np.maximum(came, 0) + base) / (ahead + base)))[begin:end] / unrest.roughness
            found["days", knot].append(single[np.isfinite(single)])
    return found


def prior_of(parts: Iterable[Errors]) -> Quantiles:
    """Conformal quantiles by horizon over these series; that of a year, on few, is at least as wide as of 90 days."""
    pooled: Errors = defaultdict(list)
    for part in parts:
        for key, errors in part.items():
            pooled[key] += errors
    return Quantiles(
        **{f"{kind}{level}": _widths(pooled, kind, level / 100) for kind in ("totals", "days") for level in (80, 95)}
    )


def _widths(pooled: Errors, kind: str, level: float) -> tuple[float, ...]:
    *widths, year = (_quantile(pooled[kind, knot], level) for knot in range(len(KNOTS)))
    return (*widths, max(year, widths[-1]))


def _quantile(errors: Sequence[Matrix], level: float) -> float:
    if not errors:
        return 0.0
    return round(float(np.quantile(np.concatenate(errors), conformal(level, len(errors)))), 2)


def halves(cases: Sequence[Case], errors: dict[str, Errors]) -> Held:
    """What held where the prior is learned from one half of the series and the other is judged, both ways.

    As in the product, back-tests before the origin are learned from, too: of series in the judged half.
    """
    names, held = sorted(errors), defaultdict(list)
    for half in range(2):
        judged = set(names[half::2])
        prior = prior_of(errors[name] for name in names if name not in judged)
        for origin in range(ORIGINS):
            group = [one for one in cases if one.origin == origin and one.name in judged]
            for name, seen in inside(group, prior).items():
                held[name] += seen
    return held


def left_out(errors: dict[str, Errors]) -> list[str]:
    """The lines of a table: how often totals held, each series judged by a prior of all others, at all its origins."""
    lines = ["| totals of | origins | series | 80 % | 95 % |", "| --- | ---: | ---: | ---: | ---: |"]
    priors = {name: prior_of(one for other, one in errors.items() if other != name) for name in errors}
    for knot, days in enumerate(KNOTS[1:], start=1):
        own = {name: np.concatenate(one["totals", knot]) for name, one in errors.items() if one["totals", knot]}
        held = [
            np.mean(np.concatenate([off <= getattr(priors[name], level)[knot] for name, off in own.items()]))
            for level in ("totals80", "totals95")
        ]
        count = sum(off.size for off in own.values())
        lines.append(f"| {days} days | {count} | {len(own)} | {held[0]:.1%} | {held[1]:.1%} |")
    return lines


def inside(cases: Sequence[Case], prior: Quantiles = PRIOR) -> Held:
    """By interval, whether it held, for cases cut at one origin."""
    held: Held = defaultdict(list)
    quantiles = quantiles_of(
        joined([scored(one.history, one.said.tests, one.said.backs) for one in cases]), None, prior
    )
    for one in cases:
        (unrest,) = unrest_of(one.said.calm)
        ahead = one.said.ahead[0]
        for days in (30, 90):
            band, came = total_interval(float(ahead[:days].sum()), days, unrest, quantiles), one.came[:days]
            held[f"{days}-day totals 80 %"].append(band.lower80 <= np.nansum(came) <= band.upper80)
            held[f"{days}-day totals 95 %"].append(band.lower95 <= np.nansum(came) <= band.upper95)
        for day, band in zip(one.came, day_intervals(ahead.tolist(), unrest, quantiles), strict=True):
            if np.isfinite(day):
                held["days 80 %"].append(band.lower80 <= day <= band.upper80)
                held["days 95 %"].append(band.lower95 <= day <= band.upper95)
    return held


def joined(parts: Sequence[Scores]) -> Scores:
    names = ("mase", "month", "quarter", "totals", "days")
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def cover_lines(real: Held, invented: Held) -> list[str]:
    lines = ["| interval | promised | held, real series, by halves | held, bills |", "| --- | ---: | ---: | ---: |"]
    return lines + [
        f"| {name} | {name.split()[-2]} % | {np.mean(real[name]):.1%} | {np.mean(invented[name]):.1%} |"
        for name in sorted(real)
    ]
