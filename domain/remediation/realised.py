"""What remediations have really saved, told from the bills of their resource before and after. Not what they may save.

The mean daily cost of the 14 days before and of the 14 days after are compared. The days from the first call to the end
belong to neither: their bill is part of both.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from domain.allocation.split import Share, split
from domain.costs.billed_resource import DAYS_OF_MONTH
from domain.facts.money import EXACT, Money
from domain.facts.remediation import RealisedState

# Two whole weeks, so that every weekday counts alike (facts/remediation_rules.json, saving_rules).
WINDOW = timedelta(days=14)
# Bills are a few days late, and those of a month are final by the middle of the next: later ones do not come.
PATIENCE = timedelta(days=45)
_DAY = timedelta(days=1)
_PLACES = 2
_HUNDREDTH = Decimal("0.01")
_SHARP = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Change:
    """What one remediation did to a resource. The resource changed from `first_on` to `last_on`, in UTC, both included.

    `estimate` is the monthly saving that was expected. Of one that was taken back `last_on` is the day of that.
    """

    id: str
    first_on: date
    last_on: date
    estimate: Money | None
    is_rolled_back: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What a resource cost each day in `currency`, None where it was billed in several or not at all.

    `told` are the days of which the bill is complete: one of them without a cost cost nothing.
    """

    costs: Mapping[date, Decimal]
    currency: str | None
    told: Collection[date]


@dataclass(frozen=True, slots=True)
class Realised:
    """`amount` a month, None unless it is KNOWN; less than nothing where it costs more than before.

    `confidence` is 1 - error / size, and not less than 0: `size` is that of the difference of the two mean daily costs,
    `error` its standard error, the root of variance / days before + variance / days after (sample variances, as Welch
    has it). 1 where costs are the same each day, 0.5 where the saving is twice its error, 0 where it drowns in it or a
    side has one day only.
    """

    state: RealisedState
    amount: Decimal | None = None
    currency: str | None = None
    confidence: Decimal | None = None


def together(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes of one resource, those together that one cannot tell apart: where one begins no more than WINDOW
    after another, among the days by which that is measured.
    """
    chain: list[Change] = []
    for change in sorted(changes, key=lambda one: (one.first_on, one.last_on, one.id)):
        if chain and change.first_on > max(one.last_on for one in chain) + WINDOW:
            yield chain
            chain = []
        chain.append(change)
    if chain:
        yield chain


def days_of(changes: Sequence[Change]) -> tuple[date, date]:
    """(first, until): the days, until before the last, of which the bill must tell for changes that stand together."""
    return min(one.first_on for one in changes) - WINDOW, max(one.last_on for one in changes) + WINDOW + _DAY


def realised(changes: Sequence[Change], bill: Bill, today: date) -> dict[str, Realised]:
    """What each of some changes of one resource has saved, by id; changes that stand together share one saving.

    It is shared out in proportion to the estimates, or evenly where there are none in one currency. The parts add up to
    the whole to the cent. What was taken back saves nothing any more.
    """
    found: dict[str, Realised] = {}
    for chain in together(changes):
        lasting = [one for one in chain if not one.is_rolled_back]
        found |= {one.id: _nothing(one, bill) for one in chain if one.is_rolled_back}
        if lasting:
            found |= _shared(lasting, measured(bill, days_of(chain), _between(chain), today))
    return found


def _nothing(change: Change, bill: Bill) -> Realised:
    currency = bill.currency or (change.estimate.currency if change.estimate else None)
    return Realised(RealisedState.KNOWN, _ZERO, currency, Decimal(1))


def _between(chain: Sequence[Change]) -> tuple[date, date]:
    return min(one.first_on for one in chain), max(one.last_on for one in chain)


def measured(bill: Bill, days: tuple[date, date], between: tuple[date, date], today: date) -> Realised:
    """What was saved a month by all that was changed on the days `between`, both included, to the cent.

    `days` are (first, until) of what is looked at. Days before the first with a cost do not count: the resource was not
    there, or not billed. WAITING while the bill lacks days after, for PATIENCE; UNKNOWN without a cost before.
    """
    (first, until), (begun, ended) = days, between
    before = [day for day in _each(first, begun) if day in bill.told]
    billed = [day for day in before if day in bill.costs]
    is_late = today > ended + PATIENCE
    if not billed or bill.currency is None:
        is_coming = not is_late and begun - _DAY not in bill.told
        return Realised(RealisedState.WAITING if is_coming else RealisedState.UNKNOWN)
    after = list(_each(ended + _DAY, until))
    if not all(day in bill.told for day in after):
        return Realised(RealisedState.UNKNOWN if is_late else RealisedState.WAITING)
    former = [bill.costs.get(day, _ZERO) for day in before if day >= billed[0]]
    present = [bill.costs.get(day, _ZERO) for day in after]
    daily = _SHARP.subtract(_mean(former), _mean(present))
    amount = _SHARP.multiply(daily, DAYS_OF_MONTH).quantize(_HUNDREDTH, rounding=ROUND_HALF_EVEN)
    return Realised(RealisedState.KNOWN, amount, bill.currency, _confidence(daily, former, present))


def _each(first: date, until: date) -> Iterator[date]:
    return (first + _DAY * number for number in range((until - first).days))


def _mean(costs: Sequence[Decimal]) -> Decimal:
    return _SHARP.divide(_sum(costs), Decimal(len(costs)))


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    total = _ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _confidence(daily: Decimal, former: Sequence[Decimal], present: Sequence[Decimal]) -> Decimal:
    if min(len(former), len(present)) < 2:
        return _ZERO
    error = _SHARP.sqrt(_SHARP.add(_squared_error(former), _squared_error(present)))
    size = abs(daily)
    if error >= size:
        return _ZERO if error else Decimal(1)
    return (1 - _SHARP.divide(error, size)).quantize(_HUNDREDTH, rounding=ROUND_HALF_EVEN)


def _squared_error(costs: Sequence[Decimal]) -> Decimal:
    """The square of the standard error of the mean."""
    mean, count = _mean(costs), len(costs)
    squares = _sum([_SHARP.power(_SHARP.subtract(cost, mean), 2) for cost in costs])
    return _SHARP.divide(squares, Decimal(count * (count - 1)))


def _shared(chain: Sequence[Change], whole: Realised) -> dict[str, Realised]:
    if whole.amount is None:
        return {one.id: whole for one in chain}
    weights = _weights(chain)
    parts = split(whole.amount, [Share(one.id, weight) for one, weight in zip(chain, weights, strict=True)], _PLACES)
    return {
        one.id: Realised(whole.state, part, whole.currency, whole.confidence)
        for one, part in zip(chain, parts, strict=True)
    }


def _weights(chain: Sequence[Change]) -> list[Decimal]:
    estimates = [one.estimate for one in chain if one.estimate is not None]
    amounts = [max(one.estimate.amount, _ZERO) if one.estimate else _ZERO for one in chain]
    is_alike = len({estimate.currency for estimate in estimates}) == 1
    return amounts if is_alike and any(amounts) else [Decimal(1)] * len(chain)
