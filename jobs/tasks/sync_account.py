"""Reads one account: credentials out of the vault, inventory from the provider, findings and alerts into the store.

What was read is stored first and may be stored again; what follows from it is one transaction with the run's end.
"""

import asyncio
import random
from datetime import timedelta
from typing import Any

import structlog
from arq import Retry
from arq.constants import in_progress_key_prefix
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.account import Account, record_sync
from documents.alert import AlertSource, Cause, raise_alert
from documents.sync_parking import MOST_PARKINGS, UNDISTURBED, park_run
from documents.sync_run import ENDED, LEASE, SyncRun, SyncState, announce_sync, update_run
from documents.touch import can_be_narrow, is_touch_due, settle_touches, take_touches
from documents.transaction import Transaction
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import Conflict, ProviderError, Refused
from domain.facts.severity import Severity
from jobs.account_reading import read_account
from jobs.account_storing import Widened, forget_what_was_seen, store_read
from jobs.context import JobContext
from jobs.lease import CalledAside, CancelAsked, Lease, LeaseLost
from jobs.queue import SYNC_ACCOUNT, ask_checks, request_narrow_sync, resume_parked

log = structlog.get_logger()

MAX_TRIES = 4
FIRST_RETRY_SECONDS = 15
# The largest accounts that were measured take some minutes; the lease tells a dead worker much earlier.
SYNC_TIMEOUT = timedelta(minutes=60)
# Events of one sync come no faster, however small its parts.
TOLD_EVERY_SECONDS = 0.5


async def sync_account(ctx: dict[str, Any], *, org_id: str, run_id: str) -> str:
    """One run to its end; a run that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(SYNC_ACCOUNT, org_id)
    run = await SyncRun.get_in(scope, run_id)
    if run.state in ENDED:
        return run.state.value
    account = await Account.get_in(scope, str(run.account_id))

    async def keep_job() -> None:
        if "redis" in ctx:
            await ctx["redis"].pexpire(in_progress_key_prefix + ctx["job_id"], 2 * LEASE)

    began = context.now()

    async def is_called_aside() -> bool:
        now = context.now()
        can = not run.is_narrow and run.parkings < MOST_PARKINGS and now - began >= UNDISTURBED
        return can and await is_touch_due(account, now) and await can_be_narrow(account)

    lease = Lease(context, run, keep_job, is_called_aside)
    try:
        run = await lease.take()
        return await _attempt(context, account, run, lease)
    except LeaseLost:
        # Another worker is on it, or was until a moment ago; whoever comes then finds out how it ended.
        raise Retry(defer=LEASE) from None
    except CalledAside:
        return await _park(context, account, run)
    except Widened:
        raise Retry(defer=0) from None
    except PyMongoError:
        raise Retry(defer=FIRST_RETRY_SECONDS) from None
    finally:
        await lease.drop()


async def _attempt(context: JobContext, account: Account, run: SyncRun, lease: Lease) -> str:
    run = await _begin(context, account, run)
    try:
        async with asyncio.timeout(SYNC_TIMEOUT.total_seconds()):
            return await lease.during(_synced(context, account, run, lease))
    except ProviderError as error:
        problem = f"{error.message} {error.advice}".strip()
        if error.is_retryable:
            return await _again(context, account, run, problem, error.retry_after)
        return await _fail(context, account, run, problem)
    except VaultUnavailable as error:
        log.warning("vault_unavailable", run_id=str(run.id), problem=str(error))
        return await _again(context, account, run, "The stored credentials could not be decrypted just now.")
    except TimeoutError:
        minutes = int(SYNC_TIMEOUT.total_seconds() // 60)
        return await _fail(context, account, run, f"Reading the account took longer than {minutes} minutes.")
    except Conflict as error:
        return await _fail(context, account, run, error.message)
    except (SecretLost, Refused) as error:
        return await _fail(context, account, run, f"{error} Connect the account again.")
    except CancelAsked:
        return await _cancel(context, account, run)
    except (LeaseLost, CalledAside, Widened, PyMongoError):
        raise
    except Exception:  # whatever broke, the customer is to see that the sync has ended
        log.exception("sync_broke", run_id=str(run.id))
        return await _fail(context, account, run, f"Something went wrong on our side; the log has it under {run.id}.")


async def _begin(context: JobContext, account: Account, run: SyncRun) -> SyncRun:
    """The run under way; the first attempt decides what is read, and takes what was waiting to be."""

    async def change(tx: Transaction) -> SyncRun:
        fields: dict[str, Any] = {"state": SyncState.RUNNING.value, "step": "Asking the provider"}
        if run.started_at is None:
            now = context.now()
            is_narrow = run.is_narrow and await can_be_narrow(account)
            is_due = account.next_cost_at is None or account.next_cost_at <= now
            fields |= {"started_at": now, "with_costs": is_due and not is_narrow}
            fields |= {"touched": await take_touches(account, tx.session)}
            # Somebody may have asked for the whole in between.
            fields |= {} if is_narrow else {"is_narrow": False}
        moved = await update_run(run, tx.session, **fields)
        announce_sync(tx, moved)
        return moved

    return await context.writer.commit(change)


async def _synced(context: JobContext, account: Account, run: SyncRun, lease: Lease) -> str:
    telling = asyncio.Lock()
    told = 0.0

    async def progress(service: str, done: int, total: int) -> None:
        # Parts are read side by side; while one step is being told of, the others need no telling but the last.
        nonlocal told
        now = asyncio.get_running_loop().time()
        if done < total and (telling.locked() or now - told < TOLD_EVERY_SECONDS):
            return
        async with telling:
            told = now
            await _step(context, run, f"Reading {service}", done=done, total=total)

    read = await read_account(context, account, run, progress)
    await _step(context, run, "Judging what was read")
    return await store_read(context, account, run, lease, read)


async def _park(context: JobContext, account: Account, run: SyncRun) -> str:
    """Let what has just changed be read first; the end of that has this one go on."""

    async def change(tx: Transaction) -> SyncRun:
        parked = await park_run(run, tx.session)
        if parked is None:
            raise LeaseLost
        await request_narrow_sync(tx, account)
        announce_sync(tx, parked)
        return parked

    return (await context.writer.commit(change)).state.value


async def _again(
    context: JobContext, account: Account, run: SyncRun, problem: str, retry_after: timedelta | None = None
) -> str:
    """Try once more after a pause that grows; after MAX_TRIES attempts the run has failed."""
    tries = run.tries + 1
    if tries >= MAX_TRIES:
        return await _fail(context, account, run, problem)
    await _step(context, run, f"Waiting to try again: {problem}", tries=tries)
    backoff: float = FIRST_RETRY_SECONDS * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
    raise Retry(defer=max(backoff, retry_after.total_seconds() if retry_after else 0.0))


async def _step(context: JobContext, run: SyncRun, step: str, **fields: Any) -> SyncRun:
    async def change(tx: Transaction) -> SyncRun:
        moved = await update_run(run, tx.session, step=step, **fields)
        announce_sync(tx, moved)
        return moved

    return await context.writer.commit(change)


async def _cancel(context: JobContext, account: Account, run: SyncRun) -> str:
    """What was read stays, and nothing follows from it."""
    at = context.now()

    async def change(tx: Transaction) -> SyncRun:
        ended = await update_run(run, tx.session, step="Cancelled", state=SyncState.CANCELLED.value, ended_at=at)
        await settle_touches(tx, account, run, at, is_read=False)
        await resume_parked(tx, account.id)
        announce_sync(tx, ended)
        return ended

    ended = await context.writer.commit(change)
    await forget_what_was_seen(account, run)
    return ended.state.value


async def _fail(context: JobContext, account: Account, run: SyncRun, problem: str) -> str:
    at = context.now()
    cause = Cause(
        fingerprint=f"sync:{account.id}",
        source=AlertSource.SYNC,
        severity=Severity.HIGH,
        title=f"{account.name} cannot be synced",
        message=problem,
        account_id=account.id,
    )

    async def change(tx: Transaction) -> None:
        ended = await update_run(
            run, tx.session, state=SyncState.FAILED.value, step="Failed", problem=problem, ended_at=at
        )
        if ended.state is not SyncState.FAILED:  # another worker is on it by now
            raise LeaseLost
        await record_sync(account, problem=problem, at=at, session=tx.session)
        await settle_touches(tx, account, run, at, is_read=False)
        await resume_parked(tx, account.id)
        await raise_alert(tx, account.org_id, cause, at)
        announce_sync(tx, ended)
        ask_checks(tx, account.org_id)

    await context.writer.commit(change)
    await forget_what_was_seen(account, run)
    log.warning("sync_failed", account_id=str(account.id), problem=problem)
    return SyncState.FAILED.value
