"""How good forecasts of costs are, and how long ten thousand take, beside seasonal-naive in the same run."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.forecast_cover import cover_lines, errors_by_series, halves, inside, left_out, prior_of
from bench.forecast_data import AHEAD, DATA, Case, invented_cases, real_cases
from bench.forecast_speed import speed_lines
from domain.forecasting.band import PRIOR
from domain.forecasting.matrix import Matrix

PAGE = Path(__file__).resolve().parents[1] / "docs" / "models" / "cost-forecast.md"
BEGIN, END = "<!-- figures: written by python -m bench forecast --write -->", "<!-- end of figures -->"
WEEK = 7
NAMES = ("MASE of 14 days", "MASE of 30 days", "error of 30-day totals", "error of 90-day totals")
# What the recipe for forecasts measured with the same three models on 50 series of this kind. It does not say over how
# many days its MASE is; held against the one of 14.
FLOOR = (1.02, None, 0.204, 0.256)


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


def accuracy(cases: Sequence[Case]) -> tuple[list[float], list[str]]:
    """Figures in the order of NAMES, and the lines of the page."""
    ours = np.array([errors(one.history, one.said.ahead, one.came) for one in cases])
    beside = np.array([errors(one.history, naive(one.history, AHEAD), one.came) for one in cases])
    count = len({one.name for one in cases})
    lines = ["| | this model | seasonal-naive | ratio |", "| --- | ---: | ---: | ---: |"]
    for column, name in enumerate(NAMES):
        mine, other = ours[:, column].mean(), beside[:, column].mean()
        told = [f"{value:.2f}" if column < 2 else f"{value:.1%}" for value in (mine, other)]
        lines.append(f"| {name} | {told[0]} | {told[1]} | {mine / other:.2f} |")
    middle = np.median(ours, axis=0)
    lines += ["", f"Medians of the errors of totals: {middle[2]:.1%} and {middle[3]:.1%}."]
    return list(ours.mean(axis=0)), [f"{len(cases)} origins of {count} series.", "", *lines, ""]


def measured(path: Path) -> tuple[list[float], list[str]]:
    """Figures of the real series, and the lines of the page."""
    real, bills = list(real_cases(path)), list(invented_cases())
    figures, real_lines = accuracy(real)
    _, bill_lines = accuracy(bills)
    by_series = errors_by_series(path)
    cover = cover_lines(halves(real, by_series), inside(bills))
    others = ["", "Each real series judged by the prior of all others:", "", *left_out(by_series)]
    lines = ["Real daily usage: ", *real_lines, "Invented bills: ", *bill_lines, *cover, *others, ""]
    return figures, [line.rstrip() for line in lines]


def write(lines: Sequence[str]) -> None:
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    PAGE.write_text("\n".join([head + BEGIN, "", *lines, "", END]) + rest.split(END)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="series_id, date, value; gzipped")
    parser.add_argument("--series", type=int, nargs="*", default=[2_000, 10_000], help="how many for the time")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/models/cost-forecast.md")
    parser.add_argument("--prior", action="store_true", help="only print what PRIOR in domain/forecasting/band.py is")
    chosen = parser.parse_args()
    if chosen.prior:
        print(prior_of(errors_by_series(chosen.data).values()), "now:", PRIOR)
        return
    figures, lines = measured(chosen.data)
    lines += speed_lines(chosen.series) if chosen.series else []
    print("\n".join(lines))
    if chosen.write:
        write(lines)
    for name, floor, figure in zip(NAMES, FLOOR, figures, strict=True):
        if floor is not None and figure > floor:
            raise SystemExit(f"The {name} is {figure:.3f}, above {floor}.")


if __name__ == "__main__":
    main()
