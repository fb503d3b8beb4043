"""Measures the detector on daily costs with labelled spikes, leaks, level shifts and drops, and announced purchases."""

import argparse
import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.anomaly_data import Series, table_of
from domain.anomalies.flag import Direction
from domain.anomalies.known_event import KnownKind
from domain.anomalies.replay import replay

KEYS = ("tenant", "provider", "account", "service", "region")
# An alert may follow the end of what it is about.
NEAR = timedelta(days=3)
ONE_ALERT = timedelta(days=3)
# Three turns of a month, after which fees are known; the labels begin there too.
WARM_UP = timedelta(days=90)


def read(folder: Path) -> tuple[list[Series], dict[str, list[dict[str, Any]]]]:
    """Series with their announced purchases, and the labels by series."""
    raw = json.loads((folder / "labels.json").read_text())
    days: dict[str, dict[date, float]] = defaultdict(dict)
    with gzip.open(folder / "daily_costs.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            days[_id(row)][date.fromisoformat(row["date"])] = float(row["cost_usd"])
    labels, planned = defaultdict(list), defaultdict(list)
    for one in raw["labels"]:
        labels[_id(one)].append(one)
    for one in raw["planned"]:
        planned[_id(one)].append((date.fromisoformat(one["date"]), KnownKind.COMMITMENT_PURCHASE))
    first, last = date.fromisoformat(raw["start"]), date.fromisoformat(raw["end"])
    return [_series(id, costs, planned[id], first, last) for id, costs in days.items()], labels


def _id(row: Mapping[str, Any]) -> str:
    return "/".join(row[key] for key in KEYS)


def _series(
    id: str, costs: Mapping[date, float], planned: Sequence[tuple[date, KnownKind]], first: date, last: date
) -> Series:
    """Before its first row a service cost nothing; a day without a row after it was not delivered."""
    begun = min(costs)
    each = (first + timedelta(days=day) for day in range((last - first).days + 1))
    dense = [costs.get(day, np.nan if day > begun else 0.0) for day in each]
    return Series(id, first, np.array(dense), tuple(planned))


def measure(series: Sequence[Series], labels: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """From WARM_UP days on. An alert is flags of one direction at most 3 days apart; true is one near a label of it."""
    table = table_of(series)
    flags: dict[tuple[str, Direction], list[date]] = defaultdict(list)
    begin = min(one.first for one in series) + WARM_UP
    for flag in replay(table.costs, table.first, None, table.known).flags:
        if flag.on >= begin:
            flags[table.ids[flag.series], flag.direction].append(flag.on)
    total, hit, false, alerts = Counter[str](), Counter[str](), [], 0
    for one in series:
        for direction in Direction:
            own = [label for label in labels.get(one.id, ()) if _direction(label) is direction]
            days = flags[one.id, direction]
            for label in own:
                total[_kind(label)] += 1
                hit[_kind(label)] += any(_within(day, label, timedelta(0)) for day in days)
            for alert in _grouped(days):
                alerts += 1
                if not any(_within(day, label, NEAR) for day in alert for label in own):
                    false.append((one.id, direction.value, alert[0].isoformat()))
    return {"events": total.total(), "alerts": alerts, "false": false, "recall": hit.total() / total.total(),
            "false_share": len(false) / (hit.total() + len(false)),
            "by_kind": {kind: (hit[kind], total[kind]) for kind in sorted(total)}}  # fmt: skip


def _direction(label: Mapping[str, Any]) -> Direction:
    return Direction.DOWN if label["type"] == "drop" else Direction.UP


def _kind(label: Mapping[str, Any]) -> str:
    return "spike 3x" if label["type"] == "spike" and label["factor"] >= 3 else str(label["type"])


def _within(day: date, label: Mapping[str, Any], near: timedelta) -> bool:
    return date.fromisoformat(label["start"]) <= day <= date.fromisoformat(label["end"]) + near


def _grouped(days: Sequence[date]) -> list[list[date]]:
    groups: list[list[date]] = []
    for day in days:
        if groups and day - groups[-1][-1] <= ONE_ALERT:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    result = measure(*read(parser.parse_args().data))
    kinds = ", ".join(f"{kind} {hit}/{total}" for kind, (hit, total) in result["by_kind"].items())
    print(f"{result['events']} labels, {result['alerts']} alerts, false {result['false_share']:.1%}")
    print(f"recall {result['recall']:.3f}: {kinds}")
    for one in result["false"]:
        print("false:", *one)


if __name__ == "__main__":
    main()
