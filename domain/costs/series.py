"""Costs over time: what can be asked for, and the lining up of sums in columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.costs.exchange import UsedRates
from domain.costs.value import SUMS
from domain.errors import Invalid
from domain.facts.cost_dimension import ROLLED_UP, Dimension
from domain.facts.cost_filter import CostFilter

# Three years of days; wider questions are asked by week or month.
MOST_PERIODS = 1_100
MOST_GROUPS = 100
# By the hour costs are read from billed rows alone, of which a fortnight is what a chart can show.
MOST_HOURLY_DAYS = 14
# Ten years: each has a rate of its own, which the store is handed.
MOST_CONVERTED_DAYS = 3_700
_MOST_GROUPINGS = 3
_EARLIEST = date(2000, 1, 1)
_LATEST = date(2100, 1, 1)


class Grain(StrEnum):
    """WEEK is the ISO week, Monday to Sunday; days and hours are UTC. A charge counts whole where it begins."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


class Metric(StrEnum):
    """The FOCUS costs: as invoiced; with commitments spread over their use; at list price; at contract price."""

    BILLED = "BILLED"
    EFFECTIVE = "EFFECTIVE"
    LIST = "LIST"
    CONTRACTED = "CONTRACTED"


@dataclass(frozen=True, slots=True)
class TagKey:
    """Group by the value of this tag."""

    key: str


@dataclass(frozen=True, slots=True)
class CostQuestion:
    """Costs from the day `first` up to but without the day `until`, by period and group.

    The `top` groups by the first metric are told apart, the others are added up. Where the rows are in more than one
    currency, `currency` takes those in one of them, or `convert_to` turns all into one by the rate of each day.
    Raises Invalid for a question that is too wide or makes no sense.
    """

    first: date
    until: date
    grain: Grain = Grain.DAY
    group_by: tuple[Dimension | TagKey, ...] = ()
    metrics: tuple[Metric, ...] = (Metric.BILLED,)
    top: int = 20
    currency: str | None = None
    where: CostFilter = field(default_factory=CostFilter)
    convert_to: str | None = None

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.first < self.until <= _LATEST:
            raise Invalid("first must come before until, and both must lie in this century.", path=("until",))
        if len(self.group_by) > _MOST_GROUPINGS or len(set(self.group_by)) < len(self.group_by):
            raise Invalid(f"Group by at most {_MOST_GROUPINGS} different things.", path=("groupBy",))
        if not self.metrics or len(set(self.metrics)) < len(self.metrics):
            raise Invalid("Name one or more different metrics.", path=("metrics",))
        if not 1 <= self.top <= MOST_GROUPS:
            raise Invalid(f"top must lie between 1 and {MOST_GROUPS}.", path=("top",))
        days = (self.until - self.first).days
        if self.grain is Grain.HOUR and days > MOST_HOURLY_DAYS:
            raise Invalid(f"By the hour ask for at most {MOST_HOURLY_DAYS} days.", path=("until",))
        if self.convert_to is not None and days > MOST_CONVERTED_DAYS:
            raise Invalid(f"Converted costs are told of at most {MOST_CONVERTED_DAYS} days.", path=("until",))
        if len(self.periods()) > MOST_PERIODS:
            raise Invalid(
                f"This asks for more than {MOST_PERIODS} periods: take fewer days or a coarser grain.", path=("until",)
            )

    @property
    def is_coarse(self) -> bool:
        """Whether sums by day and billing account are fine enough to answer it."""
        is_daily = self.grain is not Grain.HOUR
        return is_daily and self._parts <= {Dimension.BILLING_ACCOUNT} and not self.where.tags

    @property
    def needs_lines(self) -> bool:
        """Whether daily sums are too coarse to answer it, so that billed rows must be added up."""
        return (
            self.grain is Grain.HOUR or not {part for part in self._parts if isinstance(part, Dimension)} <= ROLLED_UP
        )

    @property
    def is_monthly(self) -> bool:
        """Whether sums by month are fine enough to answer it, but for months it cuts. A rate is one of a day."""
        return self.grain in _MONTHS and self.convert_to is None and not self.needs_lines

    def cuts(self, first_on: date, last_on: date) -> bool:
        """Whether of charges that begin from the one day to the other it may want a part of a month alone."""
        begins_whole = self.first.day == 1 or self.first <= first_on
        ends_whole = self.until.day == 1 or last_on < self.until
        return not (begins_whole and ends_whole)

    @property
    def _parts(self) -> set[Dimension | TagKey]:
        return {*self.group_by, *(part.dimension for part in self.where.dimensions)}

    def periods(self) -> list[date]:
        """The first day of every period that the days touch, by the hour the instant (UTC) at which each begins.

        Stops a little above what is allowed.
        """
        if self.grain is Grain.HOUR:
            start, hours = _midnight(self.first), (self.until - self.first).days * 24
            return [start + timedelta(hours=hour) for hour in range(hours)]
        found = [period_of(self.first, self.grain)]
        while len(found) <= MOST_PERIODS and (following := _after(found[-1], self.grain)) < self.until:
            found.append(following)
        return found


def daily(grain: Grain) -> Grain:
    """The grain. Raises Invalid for one that is finer than a day, where sums are kept by day."""
    if grain is Grain.HOUR:
        raise Invalid("These are kept by day: take DAY or a coarser grain.", path=("input", "grain"))
    return grain


def period_of(day: date, grain: Grain) -> date:
    """The first day of the period a day lies in; an hour's is the day itself."""
    if grain in _MONTHS:
        months = _MONTHS[grain]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return day - timedelta(days=day.weekday()) if grain is Grain.WEEK else day


def _after(period: date, grain: Grain) -> date:
    if grain in _MONTHS:
        # A few days past its end.
        return (period + timedelta(days=_MONTHS[grain] * 31)).replace(day=1)
    return period + timedelta(days=7 if grain is Grain.WEEK else 1)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Sums of one group as the store adds them up: per period the metrics in the order asked for.

    `values` has one entry per grouping, None for rows without a value; `label` is the printed name, if there is one.
    `original` has, where `points` were converted, what they were before, with its currency.
    """

    values: tuple[str | None, ...]
    label: str | None
    points: Sequence[tuple[date, Sequence[Decimal]]]
    original: Sequence[tuple[str, date, Sequence[Decimal]]] = ()


@dataclass(frozen=True, slots=True)
class CostGroup:
    """One line of a chart: `amounts` has a column per metric, aligned with the periods; `totals` adds each up.

    `original` has such columns by currency where `amounts` were converted: as billed.
    """

    values: tuple[str | None, ...]
    label: str | None
    amounts: dict[Metric, list[Decimal]]
    original: dict[str, dict[Metric, list[Decimal]]] = field(default_factory=dict)

    @property
    def totals(self) -> dict[Metric, Decimal]:
        return {metric: total_of(column) for metric, column in self.amounts.items()}


@dataclass(frozen=True, slots=True)
class CostSeries:
    """`groups` are the dearest first. `rest` adds up the `rest_count` others; `all` adds up everything.

    `currency` is None when there are no rows at all. `begins` has the instant (UTC) at which each period begins.
    `rates` are those the costs were converted by.
    """

    currency: str | None
    periods: list[date]
    groups: list[CostGroup]
    rest: CostGroup | None
    rest_count: int
    all: CostGroup
    begins: list[datetime] = field(default_factory=list)
    rates: list[UsedRates] = field(default_factory=list)


class SeriesBuilder:
    """Lines up groups that arrive dearest first. Holds `top` groups and two sums, however many arrive."""

    def __init__(self, question: CostQuestion, currency: str | None) -> None:
        self._question = question
        self._currency = currency
        self._places = {period: place for place, period in enumerate(question.periods())}
        self._groups: list[CostGroup] = []
        self._rest = self._blank((), None)
        self._rest_count = 0
        self._all = self._blank((), None)

    def add(self, sums: GroupSums) -> None:
        """Take in the next group."""
        if len(self._groups) < self._question.top:
            group = self._blank(sums.values, sums.label)
            self._groups.append(group)
        else:
            group = self._rest
            self._rest_count += 1
        for period, amounts in sums.points:
            for one in (group, self._all):
                self._enter(one.amounts, period, amounts)
        for currency, period, amounts in sums.original:
            for one in (group, self._all):
                self._enter(one.original.setdefault(currency, self._columns()), period, amounts)

    def _enter(self, columns: dict[Metric, list[Decimal]], period: date, amounts: Sequence[Decimal]) -> None:
        place = self._places[period]
        for metric, amount in zip(self._question.metrics, amounts, strict=True):
            columns[metric][place] = SUMS.add(columns[metric][place], amount)

    def built(self, rates: Iterable[UsedRates] = ()) -> CostSeries:
        """Everything that was added, and the `rates` it was converted by."""
        return CostSeries(
            currency=self._currency,
            periods=[period.date() if isinstance(period, datetime) else period for period in self._places],
            begins=[period if isinstance(period, datetime) else _midnight(period) for period in self._places],
            rates=list(rates),
            groups=self._groups,
            rest=self._rest if self._rest_count else None,
            rest_count=self._rest_count,
            all=self._all,
        )

    def _blank(self, values: tuple[str | None, ...], label: str | None) -> CostGroup:
        return CostGroup(values, label, self._columns())

    def _columns(self) -> dict[Metric, list[Decimal]]:
        return {metric: [Decimal(0)] * len(self._places) for metric in self._question.metrics}


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    total = Decimal(0)
    for amount in amounts:
        total = SUMS.add(total, amount)
    return total
