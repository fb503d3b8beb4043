"""A question about costs as people keep it: with days that move along with today, or with fixed ones."""

from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.costs.series import CostQuestion, Grain, Metric, TagKey
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter


class RelativePeriod(StrEnum):
    """Days counted from today (UTC). The LAST ones end with yesterday or with the last whole month or year; the
    TO_DATE ones with today.
    """

    LAST_7_DAYS = "LAST_7_DAYS"
    LAST_30_DAYS = "LAST_30_DAYS"
    LAST_90_DAYS = "LAST_90_DAYS"
    MONTH_TO_DATE = "MONTH_TO_DATE"
    LAST_MONTH = "LAST_MONTH"
    LAST_12_MONTHS = "LAST_12_MONTHS"
    YEAR_TO_DATE = "YEAR_TO_DATE"
    LAST_YEAR = "LAST_YEAR"


_DAYS = {RelativePeriod.LAST_7_DAYS: 7, RelativePeriod.LAST_30_DAYS: 30, RelativePeriod.LAST_90_DAYS: 90}


def days_of(period: RelativePeriod, today: date) -> tuple[date, date]:
    """The first day, and the day after the last one."""
    month, year, tomorrow = today.replace(day=1), today.replace(month=1, day=1), today + timedelta(days=1)
    if period in _DAYS:
        return today - timedelta(days=_DAYS[period]), today
    return {
        RelativePeriod.MONTH_TO_DATE: (month, tomorrow),
        RelativePeriod.LAST_MONTH: ((month - timedelta(days=1)).replace(day=1), month),
        RelativePeriod.LAST_12_MONTHS: (month.replace(year=month.year - 1), month),
        RelativePeriod.YEAR_TO_DATE: (year, tomorrow),
        RelativePeriod.LAST_YEAR: (year.replace(year=year.year - 1), year),
    }[period]


class ViewGrouping(BaseModel):
    """A dimension or a tag, one of the two."""

    model_config = ConfigDict(frozen=True)

    dimension: Dimension | None = None
    tag: str | None = None


class ViewQuestion(BaseModel):
    """Either `period`, or `first` and `until`; the rest as in CostQuestion."""

    model_config = ConfigDict(frozen=True)

    period: RelativePeriod | None = None
    first: date | None = None
    until: date | None = None
    grain: Grain = Grain.DAY
    group_by: tuple[ViewGrouping, ...] = ()
    metrics: tuple[Metric, ...] = (Metric.BILLED,)
    top: int = 20
    currency: str | None = None
    convert_to: str | None = None
    where: CostFilter = CostFilter()

    def asked(self, today: date) -> CostQuestion:
        """The question on this day. Raises Invalid for one that makes no sense."""
        first, until = self._days(today)
        return CostQuestion(
            first=first,
            until=until,
            grain=self.grain,
            group_by=tuple(_part(grouping) for grouping in self.group_by),
            metrics=self.metrics,
            top=self.top,
            currency=self.currency,
            where=self.where,
            convert_to=self.convert_to,
        )

    def _days(self, today: date) -> tuple[date, date]:
        if (self.period is None) is (self.first is None or self.until is None):
            raise Invalid("Name either a period, or first and until.", path=("input", "period"))
        if self.period is not None:
            return days_of(self.period, today)
        assert self.first is not None and self.until is not None  # noqa: S101, PT018 - the line above says so
        return self.first, self.until


def _part(grouping: ViewGrouping) -> Dimension | TagKey:
    if grouping.dimension is not None:
        return grouping.dimension
    if not grouping.tag:
        raise Invalid("A grouping names a dimension or a tag.", path=("input", "groupBy"))
    return TagKey(grouping.tag)
