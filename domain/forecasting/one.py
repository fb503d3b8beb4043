"""The forecast of a single series, for whoever cannot wait for the nightly one: budgets, of any filter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from domain.forecasting.band import Quantiles, Unrest, total_interval
from domain.forecasting.models import FEW_DAYS, forecast
from domain.forecasting.unrest import unrest_of


@dataclass(frozen=True, slots=True)
class Projection:
    """The days from `first` on, and how unruly they are."""

    first: date
    ahead: list[Decimal]
    unrest: Unrest
    quantiles: Quantiles

    def reach(self, days: int) -> tuple[Decimal, Decimal, Decimal]:
        """What the first so many days come to: expected, and the ends of the interval of 80 %."""
        total = sum(self.ahead[:days], Decimal(0))
        interval = total_interval(float(total), max(1, days), self.unrest, self.quantiles)
        return total, _money(interval.lower80), _money(interval.upper80)


def projected(
    begin: date, amounts: Sequence[Decimal], until: date, quantiles: Quantiles, *, today: date
) -> Projection | None:
    """From daily amounts, of which the first is of the day `begin`, up to without `until`.

    The last day with costs before `today` is the last that is known. None where less than a week is.
    """
    known = [place for place, amount in enumerate(amounts) if amount and begin + timedelta(days=place) < today]
    if not known or known[-1] - known[0] + 1 < FEW_DAYS:
        return None
    history = np.array([[float(amount) for amount in amounts[known[0] : known[-1] + 1]]])
    first = begin + timedelta(days=known[-1] + 1)
    found = forecast(history, first, max(0, (until - first).days))
    (unrest,) = unrest_of(found.calm)
    return Projection(first, [_money(amount) for amount in found.ahead[0]], unrest, quantiles)


def _money(amount: float) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))
