"""Keeps what the guard saw of an account as the health of its integration, while it is read and when it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from connectors.guard import AccountGuard
from connectors.guarding.samples import GuardReport
from documents.account import Account
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.integration_health import IntegrationHealth, Reported, announce_health, merge_health
from documents.transaction import Transaction
from domain.facts.health import CircuitBreaker, HealthState
from domain.facts.inventory import ServiceGap
from domain.facts.severity import Severity
from jobs.context import JobContext

log = structlog.get_logger()


async def record_health(
    context: JobContext, account: Account, report: GuardReport, gaps: Sequence[ServiceGap] | None
) -> None:
    """Merge a report into the health of the account, and announce IntegrationHealthChanged when that is news.

    `report` is `AccountGuard.report()`: everything this reading has seen so far. Give it as often as you like, at each
    change of a breaker and at the end; a later report of the same reading replaces the earlier one, and the same one
    again changes nothing. `gaps` are those of the sync that has ended; None while it goes on, or when it failed before
    it read anything: those of the last sync stay then. Commits a transaction of its own; call it outside of one.
    """
    at = context.now()
    reported = Reported(
        report=report.id,
        tallies=report.tallies,
        breakers=report.breakers,
        gaps=None if gaps is None else tuple(gaps),
    )

    async def change(tx: Transaction) -> None:
        row, is_news = await merge_health(account, reported, at, tx.session)
        if is_news:
            announce_health(tx, row)
            await _tell(tx, account, row, at, has_ended=gaps is not None)

    await context.writer.commit(change)


async def _tell(tx: Transaction, account: Account, row: IntegrationHealth, at: datetime, *, has_ended: bool) -> None:
    """An integration that fails is an alert until it does better; a sync that fails has an alert of its own."""
    fingerprint = f"integration:{account.id}"
    if row.state is not HealthState.FAILING:
        await resolve_alerts(tx, account.org_id, [fingerprint], at)
        return
    if not has_ended:
        return
    worst = row.problems[0] if row.problems else None
    cause = Cause(
        fingerprint=fingerprint,
        source=AlertSource.INTEGRATION,
        severity=Severity.HIGH,
        title=f"The integration of {account.name} fails",
        message=f"{worst.message} {worst.advice}" if worst else "It answers too little to be relied on.",
        account_id=account.id,
    )
    await raise_alert(tx, account.org_id, cause, at)


@asynccontextmanager
async def watched(context: JobContext, account: Account) -> AsyncIterator[AccountGuard]:
    """The guard for one reading of the account (give it to `Reach.guard`), whose breakers are told of at once.

    Whoever opens it calls `record_health(context, account, guard.report(), gaps)` at the end. A health that cannot be
    stored just now does not end the reading.
    """
    changed = asyncio.Event()

    def hear(_: CircuitBreaker) -> None:
        changed.set()

    guard = context.guards.of(account.provider, str(account.id), on_breaker=hear)

    async def tell() -> None:
        while True:
            await changed.wait()
            changed.clear()
            try:
                await record_health(context, account, guard.report(), None)
            except PyMongoError as error:
                log.warning("health_not_stored", account_id=str(account.id), problem=type(error).__name__)

    telling = asyncio.create_task(tell())
    try:
        yield guard
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
