"""Looks for anomalies in the daily costs of an organization, after each load and what people say of them."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from auth.scope import scope_of_job
from documents.account import ids_by_native_id
from documents.anomaly_run import note_anomaly_run
from documents.anomaly_settings import anomaly_settings
from documents.cost_anomaly import anomalies_since
from documents.cost_freshness import billed_since, newest_charge
from documents.cost_history import cost_history
from documents.cost_period import midnight
from documents.forecast_event import MOST_EVENTS, ForecastEvent
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.facts.job import JobKind, JobProgress, JobState
from jobs.anomaly_commitments import commitment_falls
from jobs.anomaly_finding import Keeping, explained
from jobs.anomaly_scan import Scan, runs_in, scan_of
from jobs.anomaly_year import due_in
from jobs.context import JobContext
from jobs.queue import DETECT_ANOMALIES, ask_anomaly_scan

# What recurs monthly takes three months to learn, and the days before the kept ones must be learned from.
LEARNED = timedelta(days=110)
# How far back anomalies are listed from the first scan on, and how far back a corrected bill is looked at again.
KEPT = timedelta(days=90)
RESCANNED = timedelta(days=45)
_DAY = timedelta(days=1)


async def detect_anomalies(ctx: dict[str, Any], *, org_id: str) -> int:
    """Store, announce and tell what is new; returns how many anomalies are other than before. Safe to repeat."""
    context: JobContext = ctx["context"]
    scope, now = scope_of_job(DETECT_ANOMALIES, org_id), context.now()
    newest = await newest_charge(scope)
    if newest is None:
        return 0
    newest = min(newest, now.date())
    first = _first_day(newest)
    history = await cost_history(scope, first, newest + _DAY)
    if history.newest is None:
        return 0
    settings, stored = await anomaly_settings(scope), await anomalies_since(scope, midnight(first))
    scan = scan_of(history, first, now)
    announced = [event.known() for event in await ForecastEvent.list_in(scope, {}, limit=MOST_EVENTS)]
    # From the first day of a month, so that what is due changes with the month only, too.
    due = await due_in(scope, scan, (newest - KEPT).replace(day=1))
    runs = await asyncio.to_thread(runs_in, scan, settings, stored, announced, due)
    since = newest - (RESCANNED if stored else KEPT)
    recent = [run for run in runs if run.last_on >= since]
    accounts = await ids_by_native_id(scope)
    found = await explained(scope, scan, history, recent, stored, accounts)
    found += await commitment_falls(scope, scan, history, settings, stored, since)
    looked_at = _accounts_in(scan, accounts)
    keeping = Keeping(PydanticObjectId(org_id), settings, found, stored, newest - RESCANNED, scan.newest, now)

    async def change(tx: Transaction) -> int:
        announce_job(tx, keeping.org_id, _progress(context, keeping, len(scan.keys)))
        await note_anomaly_run(tx, keeping.org_id, now, len(scan.keys), looked_at)
        return await keeping.write(tx)

    return await context.writer.commit(change)


def _accounts_in(scan: Scan, accounts: Mapping[str, ObjectId]) -> set[ObjectId]:
    """Those with costs of their own, and those that pay for others. `accounts` are by native id."""
    native_ids = {native_id for key in scan.keys for native_id in (key.sub_account_id, key.billing_account_id)}
    return {id for native_id, id in accounts.items() if native_id in native_ids}


def _progress(context: JobContext, keeping: Keeping, series: int) -> JobProgress:
    return JobProgress(
        kind=JobKind.ANOMALY_SCAN,
        id=f"{keeping.org_id}:{keeping.at.isoformat()}",
        subject=f"Organization:{keeping.org_id}",
        state=JobState.SUCCEEDED,
        step="Series looked at",
        done=series,
        total=series,
        started_at=keeping.at,
        ended_at=context.now(),
    )


async def look_daily(ctx: dict[str, Any]) -> int:
    """Ask for a look at every organization that is still billed, because days become final; returns how many."""
    context: JobContext = ctx["context"]
    org_ids = await billed_since(context.now().date() - RESCANNED)
    for org_id in org_ids:

        async def change(tx: Transaction, org_id: PydanticObjectId = org_id) -> None:
            ask_anomaly_scan(tx, org_id)

        await context.writer.commit(change)
    return len(org_ids)


def _first_day(newest: date) -> date:
    """The first day of a month, so that what is learned changes with the month only, and not with every day."""
    return (newest - KEPT - LEARNED).replace(day=1)
