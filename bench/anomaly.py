"""Measures the detector of cost anomalies on labelled series: python -m bench.anomaly --data DIR --out flags.json."""

import argparse
import gzip
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench import anomaly_beside, anomaly_score
from bench.anomaly_data import Detector, Flags, Series, Table, read, table_of, write
from domain.anomalies.flag import Direction
from domain.anomalies.replay import Outcome, glance, replay
from domain.anomalies.settings import Sensitivity, Settings

BESIDE: dict[str, Detector] = {
    "3 x mean of 7 days": anomaly_beside.naive,
    "weekday median and MAD": anomaly_beside.weekday_median,
}
SPEED_SERIES = 10_000
# Of each series, before that day.
LEARNED_DAYS = 120


def detect(series: Sequence[Series], settings: Settings | None = None) -> Flags:
    """Upward flags as [day, confidence], by series. A partial last day is only looked at, as a job would."""
    chosen = settings or Settings()
    whole = [one for one in series if one.is_whole]
    partial = [one for one in series if not one.is_whole]
    found: Flags = {one.id: [] for one in series}
    if whole:
        table = table_of(whole)
        _add(found, table, replay(table.costs, table.first, None, table.known, chosen))
    if partial:
        table = table_of(partial)
        outcome = replay(table.costs[:, :-1], table.first, None, table.known, chosen)
        _add(found, table, outcome)
        today = table.first + table.costs.shape[1] - 1
        _flags(found, table, glance(table.costs[:, -1], today, outcome.state, table.known, chosen))
    return found


def _add(found: Flags, table: Table, outcome: Outcome) -> None:
    _flags(found, table, outcome.flags)


def _flags(found: Flags, table: Table, flags: Sequence[Any]) -> None:
    for flag in flags:
        if flag.direction is Direction.UP:
            found[table.ids[flag.series]].append([flag.on.isoformat(), round(flag.confidence, 4)])


def seconds_a_day(series: Sequence[Series]) -> float:
    """Of one core, to score one more day of 10,000 series, made of these again and again."""
    table = table_of(series)
    rows = np.resize(np.arange(len(series)), SPEED_SERIES)
    before = table.costs[:, -LEARNED_DAYS - 1 : -1]
    day = table.first + table.costs.shape[1] - 1
    state = replay(before, day - before.shape[1]).state.rows(rows)
    started = time.process_time()
    replay(table.costs[rows, -1:], day[rows], state)
    return time.process_time() - started


def _line(name: str, result: dict[str, Any]) -> str:
    strata = "  ".join(f"{key} {one['fp_share']:.1%}" for key, one in result["by_stratum"].items())
    return (
        f"{name:<24} F1 {result['f1']:.4f}  false {result['fp_share']:.1%} ({strata})  "
        f"recall {result['recall']:.4f}  "
        f"3x {result['recall_3x']:.4f}  delay {result['delay_median']:.0f}  "
        f"calibration {result['calibration']['error']:.3f}"
    )


def _details(result: dict[str, Any]) -> str:
    kinds = ", ".join(f"{kind} {one['recall']:.2f}" for kind, one in result["by_kind"].items())
    traps = ", ".join(f"{kind} {one['triggered']}/{one['n']}" for kind, one in result["traps"].items())
    bins = ", ".join(
        f"{one['stated']:.3f} -> {one['true']:.3f} ({one['alerts']})" for one in result["calibration"]["bins"]
    )
    volume = f"{result['fp_per_1000_series_days']:.2f} false alerts per 1,000 series-days"
    return f"recall by kind: {kinds}\nfalse alerts by trap: {traps}\nstated -> true: {bins}\n{volume}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sensitivity", type=Sensitivity, default=Sensitivity.MEDIUM)
    asked = parser.parse_args()
    series = read(asked.data)
    started = time.process_time()
    ours = detect(series, Settings(sensitivity=asked.sensitivity))
    took = time.process_time() - started
    if asked.out:
        write(asked.out, ours)
    days = sum(len(one.costs) for one in series)
    print(f"{len(series)} series, {days} days scored in {took:.1f} s of one core")
    print(f"10,000 series, one more day: {seconds_a_day(series):.2f} s of one core")
    if (asked.data / "labels.json.gz").exists():
        labels = anomaly_score.labels_of(json.loads(gzip.decompress((asked.data / "labels.json.gz").read_bytes())))
        for name, detector in BESIDE.items():
            print(_line(name, anomaly_score.score(labels, detector(series))))
        result = anomaly_score.score(labels, ours)
        print(_line("ours", result), _details(result), sep="\n")


if __name__ == "__main__":
    main()
