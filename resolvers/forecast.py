"""Forecasts of costs: what is expected, and what people know of costs to come."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.cost_forecast import UNIT, shown_forecast
from documents.cost_forecast import CostForecast as StoredForecast
from documents.cost_load import is_loaded_since
from documents.forecast_run import ForecastRun, run_of
from domain.errors import Invalid, NotFound
from domain.facts.scope import Scope
from domain.forecasting.band import PRIOR
from domain.forecasting.event import SeriesKey
from domain.forecasting.outlook import Total, bands, month_end, quality_of, total_of, year_end
from domain.forecasting.tree import ForecastLevel
from resolvers.context import Info
from resolvers.fields import query
from schema.directives import Cost
from schema.forecast import CostForecast, CostForecastInput, ForecastBackTest, ForecastCoverage, ForecastTotal
from schema.node import local_id


@strawberry.type
class ForecastQueries:
    @query(
        CostForecast,
        may=Permission.COSTS_READ,
        directives=(Cost(weight=20),),
        description="What costs are going to be. Made every night, and within the hour after costs were loaded.",
    )
    async def cost_forecast(
        self,
        info: Info,
        input: Annotated[CostForecastInput, strawberry.argument(description="Of what, and how far.")],
    ) -> Any:
        context = info.context
        scope = context.scope.narrowed(context.organization(input.organization_id))
        run = await run_of(scope)
        if run is None or run.edition_id is None or run.read_at is None or run.made_at is None:
            raise NotFound("There is no forecast yet: one is made within the hour after the first costs are loaded.")
        stored = await shown_forecast(scope, run, *_series(input), await _target(scope, input))
        is_stale = await is_loaded_since(scope, run.read_at)
        return _shown(run, run.made_at, stored, input.horizon.days, is_stale)


async def _target(scope: Scope, input: CostForecastInput) -> str | None:
    """The target that is asked about, None where none is. Raises Invalid, and NotFound as for any other id."""
    if input.target_id is None:
        return None
    if input.sub_account_id is not None or input.service_name is not None:
        raise Invalid("Name a target, or an account and a service.", path=("input", "targetId"))
    target = await documents.AllocationTarget.get_in(scope, local_id("AllocationTarget", input.target_id))
    return str(target.id)


def _series(input: CostForecastInput) -> tuple[ForecastLevel, SeriesKey]:
    if input.target_id is not None:
        return ForecastLevel.TARGET, SeriesKey(input.currency or "", None, None)
    named = (input.sub_account_id is not None, input.service_name is not None)
    level = {
        (False, False): ForecastLevel.TOTAL,
        (True, False): ForecastLevel.ACCOUNT,
        (False, True): ForecastLevel.SERVICE,
        (True, True): ForecastLevel.ACCOUNT_SERVICE,
    }[named]
    return level, SeriesKey(input.currency or "", input.sub_account_id, input.service_name)


def _shown(run: ForecastRun, made_at: datetime, stored: StoredForecast, horizon: int, is_stale: bool) -> CostForecast:
    ahead = [UNIT * units for units in stored.ahead]
    begin, quantiles = stored.first.date(), run.quantiles or PRIOR
    quality, note = quality_of(stored.days_known)
    month, year = month_end(begin), year_end(begin)

    def total(first: Any, until: Any, spent: Decimal) -> ForecastTotal:
        return _total(total_of(first, until, begin, ahead, spent, stored.unrest, quantiles))

    return CostForecast(
        level=stored.level,
        currency=stored.currency,
        days=stored.days[:horizon],
        mean=ahead[:horizon],
        **bands(ahead[:horizon], stored.unrest, quantiles),
        total=total(begin, begin + timedelta(days=horizon), Decimal(0)),
        month_end=total(begin.replace(day=1), month, stored.month_spent),
        year_end=total(begin.replace(month=1, day=1), year, stored.year_spent),
        model=stored.model,
        quality=quality,
        note=note,
        back_test=ForecastBackTest(
            tests=stored.tests,
            mase=stored.mase,
            month_error=stored.month_error,
            quarter_error=stored.quarter_error,
        ),
        coverage=None if run.coverage is None else ForecastCoverage(**run.coverage.model_dump()),
        made_at=made_at,
        data_until=begin - timedelta(days=1),
        is_stale=is_stale,
    )


def _total(total: Total) -> ForecastTotal:
    return ForecastTotal(**asdict(total), expected=total.spent + total.ahead)
