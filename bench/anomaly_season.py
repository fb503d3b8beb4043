"""Measures what knowing the season of last year is worth, on series of our own: python -m bench.anomaly_season."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from bench.anomaly_make import FAMILIES, SHARES, Random
from domain.anomalies.flag import Direction
from domain.anomalies.replay import replay
from domain.anomalies.yearly import Past, Yearly, span, yearly

# Two years of days, of which the end of the second is scored.
BEGIN, FIRST, SCORED, LAST = date(2025, 1, 6), date(2026, 7, 1), date(2026, 10, 1), date(2027, 1, 31)
DAYS = (LAST - BEGIN).days + 1
DAY = timedelta(days=1)
# Of the series this share has a season each year, this an incident of some days last year alone, and the rest neither.
SEASONAL, ONCE = 0.6, 0.2
# How far a season of this year is from that of last year, in log and in days.
UNLIKE, SHIFTED = 0.08, 2


@dataclass
class Made:
    """Costs of two years; the days of this year's season, and the injected ones within a season and outside of it."""

    costs: np.ndarray
    kind: str
    season: set[date] = field(default_factory=set)
    within: set[date] = field(default_factory=set)
    outside: set[date] = field(default_factory=set)


def place(day: date) -> int:
    return (day - BEGIN).days


def made(random: Random) -> Made:
    family = str(random.choice(list(FAMILIES), p=np.array(SHARES) / 100))
    level = float(np.exp(random.uniform(np.log(60), np.log(20_000))))
    one = Made(level * np.exp(FAMILIES[family](random, DAYS)), "plain")
    chance = random.random()
    if chance < SEASONAL:
        _season(random, one)
    elif chance < SEASONAL + ONCE:
        one.kind = "once"
        begin = place(date(2025, 11, 3)) + int(random.integers(0, 50))
        one.costs[begin : begin + int(random.integers(1, 5))] *= random.uniform(2, 5)
    _spikes(random, one)
    return one


def _season(random: Random, one: Made) -> None:
    """Begins between the middle of November and Christmas; each year about as strong, and on about the same days."""
    one.kind = "season"
    begin, length = int(random.integers(0, 38)), int(random.integers(7, 32))
    strength = random.uniform(np.log(1.4), np.log(3))
    for year in (2025, 2026):
        first = date(year, 11, 15) + DAY * (begin + int(random.integers(-SHIFTED, SHIFTED + 1)))
        days = [first + DAY * number for number in range(length)]
        one.costs[place(first) : place(first) + length] *= np.exp(strength + random.normal(0, UNLIKE))
        if year == 2026:
            one.season = {day for day in days if day <= LAST}


def _spikes(random: Random, one: Made) -> None:
    """One day at 1.8 to 5 times what it would have cost, within the season and outside of it."""
    inner = sorted(one.season)[2:-2]
    if inner:
        one.within = {inner[int(random.integers(len(inner)))]}
    after = [SCORED + DAY * number for number in range(40)]
    one.outside = {after[int(random.integers(len(after)))]}
    for day in one.within | one.outside:
        one.costs[place(day)] *= random.uniform(1.8, 5)


def told(series: Sequence[Made], due: Yearly | None) -> list[set[date]]:
    """The days of the scored part that are told of as too dear, by series."""
    costs = np.stack([one.costs[place(FIRST) :] for one in series])
    found: list[set[date]] = [set() for _ in series]
    for flag in replay(costs, FIRST, due=due).flags:
        if flag.on >= SCORED and flag.direction is Direction.UP:
            found[flag.series].add(flag.on)
    return found


def due_of(series: Sequence[Made]) -> Yearly:
    first, until = span(FIRST, LAST, 1)
    begin = max(first, BEGIN)
    past = Past(begin, np.stack([one.costs[place(begin) : place(until)] for one in series]))
    return yearly([past], FIRST, (LAST - FIRST).days + 1)


def line(name: str, series: Sequence[Made], found: Sequence[set[date]]) -> str:
    seasonal = [(one, days) for one, days in zip(series, found, strict=True) if one.season]
    quiet = sum(len(one.season - one.within) for one, _ in seasonal)
    loud = sum(len((one.season - one.within) & days) for one, days in seasonal)
    hit = sum(bool(one.within & days) for one, days in seasonal)
    alarmed = sum(bool((one.season - one.within) & days) for one, days in seasonal)
    outside = [bool(one.outside & days) for one, days in zip(series, found, strict=True)]
    false = sum(len(days - one.season - one.within - one.outside) for one, days in zip(series, found, strict=True))
    return (
        f"| {name} | {loud / quiet:.1%} | {alarmed / len(seasonal):.1%} | "
        f"{hit / sum(bool(one.within) for one, _ in seasonal):.3f} | {np.mean(outside):.3f} | {false} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    names = ("series", "days of the season told of", "seasons told of", "recall within", "outside", "other days told")
    print(f"| {' | '.join(names)} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for seed in asked.seeds:
        random = np.random.default_rng(seed)
        series = [made(random) for _ in range(asked.series)]
        print(line(f"seed {seed}, without last year", series, told(series, None)))
        print(line(f"seed {seed}, with last year", series, told(series, due_of(series))))


if __name__ == "__main__":
    main()
