"""What costs are going to be, a document for each series: the days ahead, and what back-tests say of them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.forecast_run import ForecastRun
from domain.errors import NotFound
from domain.facts.scope import Scope
from domain.forecasting.band import Unrest
from domain.forecasting.event import SeriesKey
from domain.forecasting.models import ForecastModel
from domain.forecasting.tree import ForecastLevel

# Days ahead are whole numbers of this, so that children add up to their parents exactly.
UNIT = Decimal("0.0001")


class CostForecast(TenantDocument):
    """The series of `level`, one `edition_id` of a run. `ahead`: each day from `first` (midnight), in ten-thousandths.

    `days_known` is how long the series is. `month_spent` and `year_spent`: what the month, or year, of `first` has
    cost before it. `mase` and the mean errors of totals are those of `tests` back-tests, None where there were none.
    """

    noun: ClassVar[str] = "forecast"

    edition_id: PydanticObjectId
    level: ForecastLevel
    currency: str
    sub_account_id: str | None = None
    service_name: str | None = None
    target_id: str | None = None
    first: datetime
    ahead: list[int]
    unrest: Unrest
    model: ForecastModel
    days_known: int
    month_spent: Decimal
    year_spent: Decimal
    tests: int = 0
    mase: float | None = None
    month_error: float | None = None
    quarter_error: float | None = None

    class Settings:
        name = "cost_forecasts"
        indexes = [
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("edition_id", ASCENDING),
                    ("level", ASCENDING),
                    ("sub_account_id", ASCENDING),
                    ("service_name", ASCENDING),
                ],
                name="series",
            ),
        ]

    @property
    def days(self) -> list[date]:
        begin = self.first.date()
        return [begin + timedelta(days=number) for number in range(len(self.ahead))]


# They would show forecasts that are staged or replaced.
for _name in ("get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"):
    setattr(CostForecast, _name, CostForecast._closed)


async def stage_forecasts(forecasts: Sequence[dict[str, Any]]) -> None:
    """Store forecasts that are not shown yet."""
    if forecasts:
        await CostForecast.rows().insert_many(forecasts, ordered=False)


async def clear_forecasts(org_id: ObjectId, kept: Sequence[ObjectId | None]) -> int:
    """Delete the forecasts of all other editions; returns how many."""
    query = {"org_id": org_id, "edition_id": {"$nin": [id for id in kept if id is not None]}}
    return (await CostForecast.rows().delete_many(query)).deleted_count


async def forecasts_of(
    scope: Scope, run: ForecastRun, level: ForecastLevel, key: SeriesKey | None = None, target_id: str | None = None
) -> list[CostForecast]:
    """The shown forecasts of one series: one for each currency, or that of the key's."""
    query: dict[str, Any] = {"edition_id": run.edition_id, "level": level.value, "target_id": target_id}
    if key is not None:
        query |= {"sub_account_id": key.sub_account, "service_name": key.service}
        query |= {"currency": key.currency} if key.currency else {}
    rows = CostForecast.rows().find({**query, **CostForecast.within(scope)}).limit(100)
    return [CostForecast.stored(raw) async for raw in rows]


async def shown_forecast(
    scope: Scope, run: ForecastRun, level: ForecastLevel, key: SeriesKey, target_id: str | None = None
) -> CostForecast:
    """The one forecast of a series. Raises NotFound where there is none, or several currencies and none is named."""
    found = await forecasts_of(scope, run, level, key, target_id)
    if not found:
        raise NotFound("There is no forecast of this: it has had no costs in the last 400 days.")
    if len(found) > 1:
        currencies = ", ".join(sorted(one.currency for one in found))
        raise NotFound(f"These costs are in {currencies} and do not add up: name one currency.")
    return found[0]
