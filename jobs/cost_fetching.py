"""Holds a cost source while it is fetched, and says how that ended: fetched, to be tried again, or failed."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from connectors.billing.feed import TooLarge
from documents.account import Account
from documents.alert import raise_alert
from documents.cost_source import LEASE, CostSource, keep_fetch, leave_fetch, record_ended, take_fetch
from documents.transaction import Transaction
from domain.errors import ProviderError, Refused
from domain.facts.job import JobState
from domain.facts.scope import Scope
from jobs.context import JobContext
from jobs.cost_fetch import CostFetch, FetchFailed, FetchLost, FetchReport, check_account, sooner
from jobs.cost_fetch_telling import cause_of

log = structlog.get_logger()

T = TypeVar("T")
RENEW_EVERY = LEASE / 3
# What passes by itself is told of when it has not passed by the third try.
MAX_TRIES, FIRST_PAUSE = 3, timedelta(minutes=5)


async def _nothing() -> None:
    """Nobody else is to be told that it goes on."""


async def fetch_source(
    context: JobContext,
    scope: Scope,
    source_id: str,
    *,
    time_limit: timedelta,
    on_renew: Callable[[], Awaitable[None]] = _nothing,
) -> FetchReport | str | None:
    """Fetch one source now. None when it is not to be fetched: another worker does, it is paused, or gone.

    A text says what is wrong; that is noted at the source, and an alert stands unless it may pass by itself.
    """
    fetcher = str(uuid.uuid4())
    found = await CostSource.find_in(scope, {"_id": ObjectId(source_id)})
    source = found and await take_fetch(ObjectId(source_id), fetcher, context.now())
    if source is None:
        return None
    try:
        return await _attempt(context, scope, source, fetcher, time_limit, on_renew)
    except FetchLost:
        return None
    finally:
        with suppress(PyMongoError):
            await asyncio.shield(leave_fetch(ObjectId(source_id), fetcher))


async def _attempt(
    context: JobContext,
    scope: Scope,
    source: CostSource,
    fetcher: str,
    time_limit: timedelta,
    on_renew: Callable[[], Awaitable[None]],
) -> FetchReport | str:
    account = await Account.find_in(scope, {"_id": source.account_id})
    fetch: CostFetch | None = None
    retry_after: timedelta | None = None
    is_passing = False
    try:
        fetch = CostFetch(context, scope, source, check_account(source, account), fetcher)
        async with asyncio.timeout(time_limit.total_seconds()):
            return await _held(context, source, fetcher, on_renew, fetch.run())
    except ProviderError as error:
        problem = f"{error.message} {_advice(error)}".strip()
        is_passing, retry_after = error.is_retryable and not isinstance(error, TooLarge), error.retry_after
    except TimeoutError:
        problem = f"It was not done within {int(time_limit.total_seconds() // 60)} minutes. What was loaded is kept."
        is_passing = True
    except (Refused, FetchFailed) as error:
        problem = str(error)
    except (FetchLost, PyMongoError):
        raise
    except Exception:  # whatever broke, the customer is to see that the fetch has ended
        log.exception("fetch_broke", source_id=str(source.id))
        problem = f"Something went wrong on our side; the log has it under {source.id}."
    await _fail(context, source, fetcher, fetch, problem, is_passing=is_passing, retry_after=retry_after)
    return problem


async def _fail(
    context: JobContext,
    source: CostSource,
    fetcher: str,
    fetch: CostFetch | None,
    problem: str,
    *,
    is_passing: bool,
    retry_after: timedelta | None,
) -> None:
    at, tries = context.now(), source.tries + 1
    changes: dict[str, Any] = {"problem": problem, "tries": tries}
    if is_passing:
        pause = max(FIRST_PAUSE * 2 ** min(tries - 1, 6), retry_after or timedelta())
        changes["next_fetch_at"] = sooner(source.next_fetch_at, at + pause)

    async def change(tx: Transaction) -> None:
        if not await record_ended(ObjectId(str(source.id)), fetcher, changes, tx.session):
            raise FetchLost
        if not is_passing or tries >= MAX_TRIES:
            await raise_alert(tx, source.org_id, cause_of(source, problem), at)
        if fetch is not None:
            fetch.telling.announce(tx, JobState.FAILED, "Failed", problem=problem)

    await context.writer.commit(change)
    log.warning("fetch_failed", source_id=str(source.id), problem=problem)


async def _held(
    context: JobContext,
    source: CostSource,
    fetcher: str,
    on_renew: Callable[[], Awaitable[None]],
    work: Coroutine[Any, Any, T],
) -> T:
    """What the work gives. It is cancelled, and FetchLost raised, when the source is not ours any more."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY.total_seconds())
            if not await keep_fetch(ObjectId(str(source.id)), fetcher, context.now()):
                raise FetchLost
            await on_renew()

    working, renewing = asyncio.create_task(work), asyncio.create_task(renew())
    try:
        await asyncio.wait((working, renewing), return_when=asyncio.FIRST_COMPLETED)
        if renewing.done() and not working.done():
            renewing.result()
        return await working
    finally:
        working.cancel()
        renewing.cancel()
        await asyncio.gather(working, renewing, return_exceptions=True)


def _advice(error: ProviderError) -> str:
    """Written for syncs; bills are fetched."""
    return (
        error.advice.replace("The sync goes on", "It goes on")
        .replace("the sync tries", "it is tried")
        .replace("then sync again", "then fetch the bills again")
    )
