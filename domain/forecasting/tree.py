"""Series and what they add up to: organization, accounts, services. Parents are the sums of their children."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from domain.forecasting.event import SeriesKey
from domain.forecasting.matrix import Matrix


class ForecastLevel(StrEnum):
    """What one forecast is about. TARGET is a target of allocation, which is no part of the sums."""

    TOTAL = "TOTAL"
    ACCOUNT = "ACCOUNT"
    SERVICE = "SERVICE"
    ACCOUNT_SERVICE = "ACCOUNT_SERVICE"
    TARGET = "TARGET"


class Branch(NamedTuple):
    """One forecast: what it is about, and the rows that add up to it. `key` has None for what is added up."""

    level: ForecastLevel
    key: SeriesKey
    rows: tuple[int, ...]


def branches_of(keys: Sequence[SeriesKey]) -> list[Branch]:
    """A branch for each row, in their order, then those of services, accounts and the totals of each currency."""
    leaves = [Branch(ForecastLevel.ACCOUNT_SERVICE, key, (row,)) for row, key in enumerate(keys)]
    sums: dict[tuple[ForecastLevel, SeriesKey], list[int]] = {}
    for row, key in enumerate(keys):
        for level, parent in (
            (ForecastLevel.SERVICE, key._replace(sub_account=None)),
            (ForecastLevel.ACCOUNT, key._replace(service=None)),
            (ForecastLevel.TOTAL, SeriesKey(key.currency, None, None)),
        ):
            sums.setdefault((level, parent), []).append(row)
    return leaves + [Branch(level, key, tuple(rows)) for (level, key), rows in sums.items()]


def summed(values: Matrix, branches: Sequence[Branch]) -> Matrix:
    """The rows of each branch added up; holes count as nothing, and where all rows have one there is one."""
    found = np.empty((len(branches), *values.shape[1:]))
    for place, branch in enumerate(branches):
        rows = values[list(branch.rows)]
        found[place] = np.where(np.isnan(rows).all(axis=0), np.nan, np.nansum(rows, axis=0))
    return found
