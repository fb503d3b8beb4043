"""Costs over time: what can be asked for, and the lining up of sums in columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from domain.costs.value import SUMS
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter

# Three years of days; wider questions are asked by week or month.
MOST_PERIODS = 1_100
MOST_GROUPS = 100
_MOST_GROUPINGS = 3
_EARLIEST = date(2000, 1, 1)
_LATEST = date(2100, 1, 1)


class Grain(StrEnum):
    """WEEK is the ISO week, Monday to Sunday; days are UTC."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


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

    The `top` groups by the first metric are told apart, the others are added up. `currency` is needed only where the
    rows are in more than one. Raises Invalid for a question that is too wide or makes no sense.
    """

    first: date
    until: date
    grain: Grain = Grain.DAY
    group_by: tuple[Dimension | TagKey, ...] = ()
    metrics: tuple[Metric, ...] = (Metric.BILLED,)
    top: int = 20
    currency: str | None = None
    where: CostFilter = field(default_factory=CostFilter)

    def __post_init__(self) -> None:
        if not _EARLIEST <= self.first < self.until <= _LATEST:
            raise Invalid("first must come before until, and both must lie in this century.", path=("until",))
        if len(self.group_by) > _MOST_GROUPINGS or len(set(self.group_by)) < len(self.group_by):
            raise Invalid(f"Group by at most {_MOST_GROUPINGS} different things.", path=("groupBy",))
        if not self.metrics or len(set(self.metrics)) < len(self.metrics):
            raise Invalid("Name one or more different metrics.", path=("metrics",))
        if not 1 <= self.top <= MOST_GROUPS:
            raise Invalid(f"top must lie between 1 and {MOST_GROUPS}.", path=("top",))
        if len(self.periods()) > MOST_PERIODS:
            raise Invalid(
                f"This asks for more than {MOST_PERIODS} periods: take fewer days or a coarser grain.", path=("until",)
            )

    @property
    def is_coarse(self) -> bool:
        """Whether sums by day and billing account are fine enough to answer it."""
        named = {part.dimension for part in self.where.dimensions}
        return {*self.group_by, *named} <= {Dimension.BILLING_ACCOUNT} and not self.where.tags

    def periods(self) -> list[date]:
        """The first day of every period that the days touch. Stops a little above what is allowed."""
        found = [period_of(self.first, self.grain)]
        while len(found) <= MOST_PERIODS and (following := _after(found[-1], self.grain)) < self.until:
            found.append(following)
        return found


def period_of(day: date, grain: Grain) -> date:
    """The first day of the period a day lies in."""
    if grain is Grain.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if grain is Grain.WEEK else day


def _after(period: date, grain: Grain) -> date:
    if grain is Grain.MONTH:
        return (period + timedelta(days=31)).replace(day=1)
    return period + timedelta(days=7 if grain is Grain.WEEK else 1)


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Sums of one group as the store adds them up: per period the metrics in the order asked for.

    `values` has one entry per grouping, None for rows without a value; `label` is the printed name, if there is one.
    """

    values: tuple[str | None, ...]
    label: str | None
    points: Sequence[tuple[date, Sequence[Decimal]]]


@dataclass(frozen=True, slots=True)
class CostGroup:
    """One line of a chart: `amounts` has a column per metric, aligned with the periods; `totals` adds each up."""

    values: tuple[str | None, ...]
    label: str | None
    amounts: dict[Metric, list[Decimal]]

    @property
    def totals(self) -> dict[Metric, Decimal]:
        return {metric: _sum(column) for metric, column in self.amounts.items()}


@dataclass(frozen=True, slots=True)
class CostSeries:
    """`groups` are the dearest first. `rest` adds up the `rest_count` others; `all` adds up everything.

    `currency` is None when there are no rows at all.
    """

    currency: str | None
    periods: list[date]
    groups: list[CostGroup]
    rest: CostGroup | None
    rest_count: int
    all: CostGroup


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
            place = self._places[period]
            for metric, amount in zip(self._question.metrics, amounts, strict=True):
                for column in (group.amounts[metric], self._all.amounts[metric]):
                    column[place] = SUMS.add(column[place], amount)

    def built(self) -> CostSeries:
        """Everything that was added."""
        return CostSeries(
            currency=self._currency,
            periods=list(self._places),
            groups=self._groups,
            rest=self._rest if self._rest_count else None,
            rest_count=self._rest_count,
            all=self._all,
        )

    def _blank(self, values: tuple[str | None, ...], label: str | None) -> CostGroup:
        amounts = {metric: [Decimal(0)] * len(self._places) for metric in self._question.metrics}
        return CostGroup(values, label, amounts)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = SUMS.add(total, amount)
    return total
