"""What people know of the future: a commitment that ends, a change that is planned."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict

from domain.forecasting.matrix import Matrix


class SeriesKey(NamedTuple):
    """One account x service in one currency; None where rows have none."""

    currency: str
    sub_account: str | None
    service: str | None


class KnownEvent(BaseModel):
    """From the day `first` up to but without `until` (None: for good) costs are other than the past says.

    By `amount` a day in `currency` more (or less, where it is negative), or `factor` times as much. None of
    `sub_account` or `service` means all of them.
    """

    model_config = ConfigDict(frozen=True)

    first: date
    until: date | None = None
    sub_account: str | None = None
    service: str | None = None
    currency: str | None = None
    amount: float | None = None
    factor: float | None = None

    def concerns(self, key: SeriesKey) -> bool:
        """Whether the series is one of those that change."""
        return (
            self.currency in (None, key.currency)
            and self.sub_account in (None, key.sub_account)
            and self.service in (None, key.service)
        )


def with_events(ahead: Matrix, keys: Sequence[SeriesKey], first: date, events: Sequence[KnownEvent]) -> Matrix:
    """The forecast with what is known; never below zero. An amount is shared out by what the series cost anyway."""
    changed = ahead.copy()
    for event in sorted(events, key=lambda event: event.factor is None):
        rows = [place for place, key in enumerate(keys) if event.concerns(key)]
        columns = _columns(event, first, ahead.shape[1])
        if not rows or columns.start >= columns.stop:
            continue
        if event.factor is not None:
            changed[rows, columns] *= event.factor
        else:
            changed[rows, columns] += (event.amount or 0.0) * _shares(ahead[rows])[:, None]
    return np.maximum(changed, 0.0)


def missing_keys(keys: Sequence[SeriesKey], events: Sequence[KnownEvent]) -> list[SeriesKey]:
    """Series that an event adds money to and that have no history yet."""
    lacking = [
        SeriesKey(event.currency, event.sub_account, event.service)
        for event in events
        if event.amount is not None and event.currency is not None and not any(event.concerns(key) for key in keys)
    ]
    return list(dict.fromkeys(lacking))


def _columns(event: KnownEvent, first: date, horizon: int) -> slice:
    begin = max(0, (event.first - first).days)
    end = horizon if event.until is None else min(horizon, max(0, (event.until - first).days))
    return slice(begin, end)


def _shares(ahead: Matrix) -> Matrix:
    totals = ahead.sum(axis=1)
    whole = totals.sum()
    return totals / whole if whole > 0 else np.full(totals.shape, 1 / totals.size)
