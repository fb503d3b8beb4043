"""Forecasts the costs of an organization anew: after loads, at most once an hour, and every night."""

import asyncio
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from auth.scope import scope_of_job
from documents.cost_forecast import clear_forecasts, stage_forecasts
from documents.cost_freshness import newest_charge
from documents.cost_period import midnight
from documents.daily_cost import daily_costs, daily_of
from documents.forecast_event import MOST_EVENTS, ForecastEvent
from documents.forecast_run import ForecastRun, claim_run, due_runs, give_up_run, show_edition
from documents.job_progress import announce_job
from documents.target_cost import target_costs
from documents.transaction import Transaction
from domain.facts import topic
from domain.facts.job import JobKind, JobProgress, JobState
from domain.facts.scope import Scope
from domain.forecasting.cleaning import without_partial_days
from jobs.context import JobContext
from jobs.forecasting.making import HISTORY_DAYS, History, Made, history_of, make_forecasts
from jobs.queue import FORECAST_COSTS, ask_budget_check, ask_forecast

# Loads come in bursts; a forecast is no better for being made after each of them.
_REST = timedelta(hours=1)
_DAY = timedelta(hours=23, minutes=30)
_BATCH = 500


async def forecast_costs(ctx: dict[str, Any], *, org_id: str) -> int:
    """Make the forecasts and show them in one step; returns how many series there are, 0 where it is too early.

    What was staged and is not shown, by this run or one that died, is deleted by the next.
    """
    context: JobContext = ctx["context"]
    scope, edition_id, at = scope_of_job(FORECAST_COSTS, org_id), ObjectId(), context.now()
    run = await claim_run(ObjectId(org_id), edition_id, at, _REST)
    if run is None:
        return 0
    try:
        return await _Run(context, scope, run, edition_id, at).make()
    except (Exception, asyncio.CancelledError):
        await asyncio.shield(give_up_run(ObjectId(org_id), edition_id))
        raise


async def ask_due_forecasts(ctx: dict[str, Any]) -> int:
    """Ask for the forecasts that costs came for in the last hour, and for those that are a day old."""
    context: JobContext = ctx["context"]
    now = context.now()
    due = await due_runs(wanted_before=now - _REST, daily_before=now - _DAY)

    async def change(tx: Transaction) -> None:
        for org_id in due:
            ask_forecast(tx, org_id)

    if due:
        await context.writer.commit(change)
    return len(due)


class _Run:
    """One making of an edition."""

    def __init__(self, context: JobContext, scope: Scope, run: ForecastRun, edition_id: ObjectId, at: datetime) -> None:
        self.context, self.scope, self.run, self.edition_id, self.at = context, scope, run, edition_id, at
        self.org_id = PydanticObjectId(scope.only())

    async def make(self) -> int:
        history = await self._history()
        if history is None:
            await self._show([], {"data_until": None, "series_count": 0})
            return 0
        events = [event.known() for event in await ForecastEvent.list_in(self.scope, {}, limit=MOST_EVENTS)]
        async with self.context.pool.opened() as pool:
            made = await make_forecasts(pool, history, events, self._tell)
        rows = [
            {**row, "org_id": self.org_id, "edition_id": self.edition_id, "created_at": self.at} for row in made.rows
        ]
        await self._show(rows, self._shown(history, made))
        # Readers that began with the one before end with it.
        await clear_forecasts(self.org_id, [self.edition_id, self.run.edition_id])
        return len(rows)

    async def _history(self) -> History | None:
        """Costs up to the last day that is over and delivered whole; None where there are none."""
        newest = await newest_charge(self.scope)
        if newest is None:
            return None
        first = min(newest + timedelta(days=1), self.at.date())
        history = await self._read(first)
        late = await asyncio.to_thread(without_partial_days, history.days)
        if late:
            history = await self._read(first - timedelta(days=late))
        return history if history.keys else None

    async def _read(self, first: date) -> History:
        begin, year = first - timedelta(days=HISTORY_DAYS), first.replace(month=1, day=1)
        month = first.replace(day=1)
        costs = await daily_costs(self.scope, begin, first, month=month, year=year)
        targets = await target_costs(self.scope, min(begin, year), first)
        owed = [(id, daily_of(currency, days, month, year)) for (id, currency), days in sorted(targets.items())]
        return await asyncio.to_thread(history_of, costs, first, owed)

    def _shown(self, history: History, made: Made) -> dict[str, Any]:
        return {
            "data_until": midnight(history.first - timedelta(days=1)),
            "series_count": len(made.rows),
            "quantiles": made.quantiles.model_dump(),
            "coverage": asdict(made.coverage),
        }

    async def _show(self, rows: list[dict[str, Any]], made: dict[str, Any]) -> None:
        for start in range(0, len(rows), _BATCH):
            await stage_forecasts(rows[start : start + _BATCH])
        made |= {"made_at": self.context.now(), "read_at": self.at}

        async def change(tx: Transaction) -> None:
            await show_edition(tx, self.org_id, self.edition_id, made)
            told = {"data_until": made["data_until"], "series_count": made["series_count"]}
            tx.announce(self.org_id, topic.costs(self.org_id), "ForecastMade", told)
            ask_budget_check(tx, self.org_id)
            announce_job(tx, self.org_id, self._progress(JobState.SUCCEEDED, len(rows), len(rows)))

        await self.context.writer.commit(change)

    async def _tell(self, done: int, total: int) -> None:
        async def change(tx: Transaction) -> None:
            announce_job(tx, self.org_id, self._progress(JobState.RUNNING, done, total))

        await self.context.writer.commit(change)

    def _progress(self, state: JobState, done: int, total: int) -> JobProgress:
        return JobProgress(
            kind=JobKind.FORECAST,
            id=str(self.edition_id),
            subject=f"Organization:{self.org_id}",
            state=state,
            step="Series forecast",
            done=done,
            total=total,
            started_at=self.at,
            ended_at=None if state is JobState.RUNNING else self.context.now(),
        )
