"""Daily cost series with known events for the anomaly detector, all ending in the last column of one table."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from domain.anomalies.judging import EPOCH
from domain.anomalies.known_event import KnownEvent, KnownKind


@dataclass(frozen=True)
class Series:
    """costs: dense days from first on; NaN where the day is missing. is_whole: the last day is complete."""

    id: str
    first: date
    costs: np.ndarray
    known: tuple[tuple[date, KnownKind], ...] = ()
    is_whole: bool = True


@dataclass(frozen=True)
class Table:
    """costs [series, day], with NaN in front of shorter series; first: days since 1970-01-01 of the first column."""

    ids: tuple[str, ...]
    costs: np.ndarray
    first: np.ndarray
    known: tuple[KnownEvent, ...]

    def day(self, row: int, column: int) -> str:
        return str(np.datetime64(int(self.first[row]) + column, "D"))


def table_of(series: Sequence[Series]) -> Table:
    width = max(len(one.costs) for one in series)
    costs = np.full((len(series), width), np.nan)
    for row, one in enumerate(series):
        costs[row, width - len(one.costs) :] = one.costs
    first = np.array([(one.first - EPOCH).days - (width - len(one.costs)) for one in series])
    known = [KnownEvent(row, on, kind) for row, one in enumerate(series) for on, kind in one.known]
    return Table(tuple(one.id for one in series), costs, first, tuple(known))


def read(folder: Path) -> list[Series]:
    """series.csv.gz and meta.json.gz, as the README beside them describes."""
    meta = {one["series_id"]: one for one in json.loads(gzip.decompress((folder / "meta.json.gz").read_bytes()))}
    days: dict[str, list[tuple[str, str]]] = {}
    with gzip.open(folder / "series.csv.gz", "rt", newline="") as lines:
        for row in csv.DictReader(lines):
            days.setdefault(row["series_id"], []).append((row["date"], row["cost"]))
    return [_series(id, rows, meta.get(id, {})) for id, rows in days.items()]


def _series(id: str, rows: Sequence[tuple[str, str]], meta: Mapping[str, Any]) -> Series:
    costs = np.array([float(cost) if cost else np.nan for _, cost in rows])
    known = [(date.fromisoformat(one["date"]), KnownKind(one["kind"].upper())) for one in meta.get("known_events", ())]
    return Series(id, date.fromisoformat(rows[0][0]), costs, tuple(known), meta.get("last_day_complete", True))


def write(path: Path, value: object) -> None:
    """As JSON, packed when the name ends in .gz."""
    text = json.dumps(value, indent=1).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


Flags = dict[str, list[Any]]
Detector = Callable[[Sequence[Series]], Flags]
