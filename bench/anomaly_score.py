"""Scores flags against labelled daily costs: what was hit, what was a false alert, how far confidence holds."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import fmean, median
from typing import Any

# Flags at most so many days apart are one alert.
ONE_ALERT = 2
# An alert that near to the end of an anomaly is about it.
NEAR = {"level_shift": 10, "slow_ramp": 10, "new_service": 8}
NEAR_OTHERS = 2
TRIPLES = ("spike_3x", "spike_multi")
# Growth in the background is no trap of its own.
BACKGROUND = "trap_trend_growth"
BINS = (0.0, 0.7, 0.8, 0.9, 0.95, 1.0000001)


@dataclass(frozen=True)
class Event:
    kind: str
    start: int
    end: int
    is_anomaly: bool
    impact: float

    @property
    def window(self) -> range:
        """The days on which a flag hits it."""
        last = {"level_shift": self.start + 6, "slow_ramp": self.end + 3, "new_service": self.start + 3}
        return range(self.start, last.get(self.kind, self.end) + 1)

    @property
    def near(self) -> range:
        return range(self.start, self.end + NEAR.get(self.kind, NEAR_OTHERS) + 1)


@dataclass(frozen=True)
class Label:
    series: str
    stratum: str
    scored: range
    events: tuple[Event, ...]
    ignored: tuple[range, ...]


@dataclass(frozen=True)
class Hit:
    kind: str
    stratum: str
    impact: float
    delay: int | None


@dataclass(frozen=True)
class Alert:
    """is_true is None where nobody can say: it is left out of every count."""

    stratum: str
    days: tuple[int, ...]
    confidence: float
    is_true: bool | None
    traps: frozenset[str]


def labels_of(raw: Sequence[Mapping[str, Any]]) -> list[Label]:
    return [_label(one) for one in raw]


def _label(raw: Mapping[str, Any]) -> Label:
    events = tuple(
        Event(one["kind"], _day(one["start"]), _day(one["end"]), one["anomaly"], one.get("impact_usd") or 0.0)
        for one in raw["events"]
    )
    return Label(
        raw["series_id"], raw["stratum"], _days(raw["eval_start"], raw["eval_end"]), events,
        tuple(_days(one["start"], one["end"]) for one in raw["ignore"]),
    )  # fmt: skip


def _day(text: str) -> int:
    return date.fromisoformat(text[:10]).toordinal()


def _days(start: str, end: str) -> range:
    return range(_day(start), _day(end) + 1)


def score(labels: Sequence[Label], flags: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """flags: by series the flagged days, or [day, confidence] each."""
    hits: list[Hit] = []
    alerts: list[Alert] = []
    traps: Counter[str] = Counter()
    triggered: Counter[str] = Counter()
    duplicates = 0
    for label in labels:
        days = _flagged(label, flags.get(label.series, ()))
        own = list(_alerts(label, days))
        hits += [_hit(label, event, days) for event in label.events if event.is_anomaly]
        alerts += own
        duplicates += _duplicates(label, own)
        false_days = {day for one in own if one.is_true is False for day in one.days}
        for event in label.events:
            if not event.is_anomaly and event.kind != BACKGROUND:
                traps[event.kind] += 1
                triggered[event.kind] += bool(false_days.intersection(range(event.start, event.end + 1)))
    days_scored = sum(len(label.scored) for label in labels)
    return {"series": len(labels), **_totals(hits, alerts, days_scored), "duplicates": duplicates,
            "by_kind": _by_kind(hits), "by_stratum": _by_stratum(hits, alerts),
            "traps": {kind: {"n": traps[kind], "triggered": triggered[kind]} for kind in sorted(traps)},
            "calibration": calibration(alerts)}  # fmt: skip


def _flagged(label: Label, flags: Sequence[Any]) -> dict[int, float]:
    pairs = [(flag, 1.0) if isinstance(flag, str) else (flag[0], float(flag[1])) for flag in flags]
    known = sorted((_day(day), confidence) for day, confidence in pairs)
    return {day: confidence for day, confidence in known if day in label.scored}


def _alerts(label: Label, flags: Mapping[int, float]) -> Iterator[Alert]:
    groups: list[list[int]] = []
    for day in flags:
        if groups and day - groups[-1][-1] <= ONE_ALERT:
            groups[-1].append(day)
        else:
            groups.append([day])
    for days in groups:
        is_true = True if _touches(days, label) else None if _is_ignored(days, label) else False
        traps = frozenset(
            one.kind for one in label.events
            if not one.is_anomaly and one.kind != BACKGROUND and any(one.start <= day <= one.end for day in days)
        )  # fmt: skip
        yield Alert(label.stratum, tuple(days), max(flags[day] for day in days), is_true, traps)


def _touches(days: Sequence[int], label: Label) -> bool:
    return any(day in one.near for one in label.events if one.is_anomaly for day in days)


def _is_ignored(days: Sequence[int], label: Label) -> bool:
    return any(day in window for window in label.ignored for day in days)


def _hit(label: Label, event: Event, flags: Mapping[int, float]) -> Hit:
    day = next((day for day in flags if day in event.window), None)
    return Hit(event.kind, label.stratum, event.impact, None if day is None else day - event.start)


def _duplicates(label: Label, alerts: Sequence[Alert]) -> int:
    """Further alerts about an anomaly that one has told of."""
    each = [
        sum(any(day in one.near for day in alert.days) for alert in alerts) for one in label.events if one.is_anomaly
    ]
    return sum(max(count - 1, 0) for count in each)


def _totals(hits: Sequence[Hit], alerts: Sequence[Alert], days: int) -> dict[str, Any]:
    found = [hit for hit in hits if hit.delay is not None]
    false = [alert for alert in alerts if alert.is_true is False]
    precision = _share(len(found), len(found) + len(false))
    recall = _share(len(found), len(hits))
    delays = [hit.delay for hit in found if hit.delay is not None]
    kinds = _by_kind(hits).values()
    return {
        "events": len(hits), "tp": len(found), "fp": len(false), "precision": precision, "fp_share": 1 - precision,
        "recall": recall, "f1": 2 * precision * recall / (precision + recall) if found else 0.0,
        "recall_3x": _recall([hit for hit in hits if hit.kind in TRIPLES]),
        "macro_recall": fmean(one["recall"] for one in kinds) if hits else 0.0,
        "dollar_recall": _share(sum(hit.impact for hit in found), sum(hit.impact for hit in hits)),
        "fp_per_1000_series_days": 1000 * len(false) / days,
        "delay_median": median(delays) if delays else math.nan, "delay_p90": _p90(delays),
        "plain_fp": sum(not alert.traps for alert in false),
    }  # fmt: skip


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _recall(hits: Sequence[Hit]) -> float:
    return _share(sum(hit.delay is not None for hit in hits), len(hits))


def _p90(delays: Sequence[int]) -> float:
    if not delays:
        return math.nan
    ordered, place = sorted(delays), 0.9 * (len(delays) - 1)
    low = int(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


def _by_kind(hits: Sequence[Hit]) -> dict[str, dict[str, Any]]:
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        grouped[hit.kind].append(hit)
    return {kind: _kind(grouped[kind]) for kind in sorted(grouped)}


def _kind(hits: Sequence[Hit]) -> dict[str, Any]:
    delays = [hit.delay for hit in hits if hit.delay is not None]
    return {"n": len(hits), "recall": _recall(hits), "delay_median": median(delays) if delays else math.nan}


def _by_stratum(hits: Sequence[Hit], alerts: Sequence[Alert]) -> dict[str, dict[str, Any]]:
    result = {}
    for stratum in sorted({one.stratum for one in (*hits, *alerts)}):
        own = [hit for hit in hits if hit.stratum == stratum]
        false = sum(alert.is_true is False for alert in alerts if alert.stratum == stratum)
        found = sum(hit.delay is not None for hit in own)
        result[stratum] = {
            "events": len(own), "recall": _recall(own),
            "recall_3x": _recall([hit for hit in own if hit.kind in TRIPLES]),
            "fp": false, "fp_share": _share(false, found + false),
        }  # fmt: skip
    return result


def calibration(alerts: Sequence[Alert]) -> dict[str, Any]:
    """By bins of stated confidence how many were true, and the mean distance between the two, weighted by alerts."""
    known = [alert for alert in alerts if alert.is_true is not None]
    bins = []
    for low, high in pairwise(BINS):
        own = [alert for alert in known if low <= alert.confidence < high]
        if own:
            stated, true = fmean(one.confidence for one in own), fmean(bool(one.is_true) for one in own)
            bins.append({"alerts": len(own), "stated": stated, "true": true})
    error = _share(sum(one["alerts"] * abs(one["stated"] - one["true"]) for one in bins), len(known))
    return {"bins": bins, "error": error}
