"""From daily costs and what people said to anomalies: the numbers of a scan, without the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from documents.anomaly_settings import AnomalySettings
from documents.cost_history import CostHistory, SeriesKey
from documents.cost_period import midnight
from domain.anomalies.flag import Direction, Flag, Rule
from domain.anomalies.known_event import KnownEvent, KnownKind
from domain.anomalies.replay import glance, replay
from domain.anomalies.settings import Sensitivity, Settings
from domain.anomalies.state import Bools, Floats
from domain.anomalies.yearly import Yearly
from domain.anomaly_feedback import Said, is_quiet, known_events
from domain.anomaly_grouping import Run, runs_of
from domain.costs.provider_name import provider_of
from domain.facts.anomaly import SAID_BY_PEOPLE, AnomalyFeedback, AnomalyState
from domain.facts.provider import Provider
from domain.forecasting import event as forecasting

_DAY = timedelta(days=1)
# How long after a day (UTC) has ended its provider may still add to it. Source: the anomaly recipe, section 6.
PROVISIONAL_FOR = {Provider.AZURE: timedelta(days=4), Provider.OTHER: timedelta(days=2)}
_PROVISIONAL_FOR = timedelta(days=1)
# A day's bill grows for about a day after it has ended; until then only an excess means anything.
WHOLE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scan:
    """The series of an organization as a matrix [series x days], row by row in the order of `keys`.

    `is_final` says of which days no correction is awaited. `is_partial`: the last day has not
    ended long enough ago to be delivered whole. `at` is when it is looked at.
    """

    keys: Sequence[SeriesKey]
    first: date
    costs: Floats
    is_final: Bools
    is_partial: bool
    at: datetime

    @property
    def newest(self) -> date:
        return self.first + timedelta(days=self.costs.shape[1] - 1)

    def cost(self, row: int, day: date) -> float:
        """What a series cost on a day; not a number where it was not delivered."""
        return float(self.costs[row, (day - self.first).days])


def scan_of(history: CostHistory, first: date, now: datetime) -> Scan:
    """The matrix up to the newest day that anything was delivered for. Raises ValueError where nothing was."""
    newest = history.newest
    if newest is None:
        raise ValueError("Nothing was delivered.")
    days = [first + _DAY * number for number in range((newest - first).days + 1)]
    keys = sorted(history.days, key=lambda key: tuple(part or "" for part in key))
    rows = [_row(history, key, days) for key in keys]
    final = [[now >= midnight(day + _DAY) + wait_of(key.provider) for day in days] for key in keys]
    shape = (len(keys), len(days))
    costs, is_final = np.array(rows, np.float64).reshape(shape), np.array(final, np.bool_).reshape(shape)
    return Scan(keys, first, costs, is_final, now < midnight(newest + _DAY) + WHOLE_AFTER, now)


def _row(history: CostHistory, key: SeriesKey, days: Sequence[date]) -> list[float]:
    """A day its billing account has rows for, but not this series, cost nothing; any other is not known."""
    own, delivered = history.days[key], history.delivered[key.billing_account_id]
    return [float(own.get(day, Decimal(0))) if day in delivered else float("nan") for day in days]


def wait_of(provider: str) -> timedelta:
    """How long after a day has ended its provider (as printed) may still add to it."""
    return PROVISIONAL_FOR.get(provider_of(provider), _PROVISIONAL_FOR)


def runs_in(
    scan: Scan,
    settings: AnomalySettings,
    stored: Mapping[str, Mapping[str, Any]],
    announced: Sequence[forecasting.KnownEvent],
    due: Yearly,
) -> list[Run]:
    """The anomalies the costs show, with what was said of stored ones (by key), what was announced, and what earlier
    years say is due, taken into account.
    """
    said = _said(scan, list(stored.values()))
    known = [*known_events(said), *planned_changes(scan, announced)]
    flags = _flags(scan, known, _settings(settings), due)
    return runs_of([flag for flag in flags if not is_quiet(flag, said)])


def planned_changes(scan: Scan, announced: Sequence[forecasting.KnownEvent]) -> list[KnownEvent]:
    """A new level for every series that an event concerns, from its first day on, and another from its end on."""
    return [
        KnownEvent(row, day, KnownKind.PLANNED_CHANGE)
        for row, key in enumerate(scan.keys)
        for event in announced
        if event.concerns(forecasting.SeriesKey(key.currency, key.sub_account_id, key.service_name))
        for day in (event.first, event.until)
        if day is not None
    ]


def _flags(scan: Scan, known: Sequence[KnownEvent], settings: Settings, due: Yearly) -> list[Flag]:
    """A last day that is not whole is only looked at for more than a whole day would cost."""
    whole = scan.costs.shape[1] - scan.is_partial
    each = slice(None)
    before = due.part(each, slice(whole))
    outcome = replay(scan.costs[:, :whole], scan.first, None, known, settings, scan.is_final[:, :whole], before)
    if not scan.is_partial:
        return list(outcome.flags)
    today = due.part(each, slice(whole, None))
    return [*outcome.flags, *glance(scan.costs[:, whole], scan.newest, outcome.state, known, settings, today)]


def _settings(chosen: AnomalySettings) -> Settings:
    return Settings(
        minimum_impact=float(chosen.minimum_impact),
        minimum_impact_ratio=chosen.minimum_percent / 100,
        sensitivity=Sensitivity(chosen.sensitivity.value),
        quiet=frozenset() if chosen.finds_drops else frozenset({Rule.DROP}),
    )


def _said(scan: Scan, stored: Sequence[Mapping[str, Any]]) -> list[Said]:
    rows = {key: row for row, key in enumerate(scan.keys)}
    found = []
    for raw in stored:
        row = rows.get(series_of(raw))
        if row is None or AnomalyState(raw["state"]) not in SAID_BY_PEOPLE:
            continue
        feedback = AnomalyFeedback.model_validate(raw["feedback"])
        days = [(date.fromisoformat(day["day"]), day["actual"], day["expected"]) for day in raw["days"]]
        found.append(
            Said(
                series=row,
                state=feedback.state,
                direction=Direction(raw["direction"]),
                days=tuple(day for day, _, _ in days),
                impact=max(abs(float(actual) - float(expected)) for _, actual, expected in days),
                from_on=feedback.from_on,
                until_on=feedback.until_on,
            )
        )
    return found


def series_of(raw: Mapping[str, Any]) -> SeriesKey:
    """The series a stored anomaly is of."""
    return SeriesKey(
        raw["provider"], raw["billing_account_id"], raw.get("sub_account_id"), raw["service_name"], raw["currency"]
    )
