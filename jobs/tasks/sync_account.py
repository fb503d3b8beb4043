"""Reads one account: credentials out of the vault, inventory from the provider, findings and alerts into the store.

What was read is stored first and may be stored again; what follows from it is one transaction with the run's end.
"""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import structlog
from arq import Retry
from arq.constants import in_progress_key_prefix
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.account import Account, record_sync
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.finding import known_findings, record_findings
from documents.finding_suppression import ALERT_FROM, finding_fingerprint
from documents.nudge import settle_nudges
from documents.resource import record_gone
from documents.resource_change import ChangeKind
from documents.resource_record import UNCHANGED
from documents.sync_read import forget_seen, stored_gaps
from documents.sync_run import ENDED, LEASE, SyncRun, SyncState, announce_sync, is_narrow_still, update_run
from documents.touch import can_be_narrow, settle_touches, take_touches
from documents.transaction import Transaction
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import Conflict, ProviderError, Refused
from domain.facts.severity import Severity
from domain.findings import FindingChanges, FiringFinding, compare
from jobs.account_reading import AccountRead, read_account
from jobs.context import JobContext
from jobs.judging import judge_account
from jobs.lease import CancelAsked, Lease, LeaseLost
from jobs.queue import SYNC_ACCOUNT, ask_checks

log = structlog.get_logger()

MAX_TRIES = 4
FIRST_RETRY_SECONDS = 15
# The largest accounts that were measured take some minutes; the lease tells a dead worker much earlier.
SYNC_TIMEOUT = timedelta(minutes=60)
# Events of one sync come no faster, however small its parts.
TOLD_EVERY_SECONDS = 0.5


class Widened(Exception):
    """Somebody has asked for the whole while a narrow run was under way: what it has read is the beginning of it."""


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

    lease = Lease(context, run, keep_job)
    try:
        run = await lease.take()
        return await _attempt(context, account, run, lease)
    except LeaseLost:
        # Another worker is on it, or was until a moment ago; whoever comes then finds out how it ended.
        raise Retry(defer=LEASE) from None
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
    except (LeaseLost, Widened, PyMongoError):
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
    return await _store(context, account, run, lease, read)


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
        announce_sync(tx, ended)
        return ended

    ended = await context.writer.commit(change)
    await forget_seen(run)
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
        await raise_alert(tx, account.org_id, cause, at)
        announce_sync(tx, ended)
        ask_checks(tx, account.org_id)

    await context.writer.commit(change)
    await forget_seen(run)
    log.warning("sync_failed", account_id=str(account.id), problem=problem)
    return SyncState.FAILED.value


async def _store(context: JobContext, account: Account, run: SyncRun, lease: Lease, read: AccountRead) -> str:
    at = context.now()
    await _step(context, run, "Judging what was read")
    gone = await record_gone(account, run, read.is_gone, at, kinds=read.kinds)
    known = {finding.key for finding in await known_findings(account)}
    judged = await judge_account(account, read, read.has_seen, known, at, read.kinds if run.is_narrow else None)

    async def change(tx: Transaction) -> SyncRun:
        await lease.keep(tx.session)
        if run.is_narrow and not await is_narrow_still(run, tx.session):
            raise Widened
        changes = compare(str(account.id), await known_findings(account, tx.session), judged.inventory)
        finding_ids = await record_findings(account, changes, judged.rows, at, tx)
        for finding in (*changes.opened, *changes.reopened):
            if finding.judgement.rule.severity.rank <= ALERT_FROM.rank:
                resource = finding.judgement.resource
                resource_id = judged.rows[resource.kind, resource.native_id]
                cause = _cause(account, finding, finding_ids[finding.key], resource_id)
                await raise_alert(tx, account.org_id, cause, at)
        over = [finding_fingerprint(account.id, one.key.rule_id, one.key.native_id) for one in changes.resolved]
        await resolve_alerts(tx, account.org_id, over, at)
        await _settle(tx, account, run, at)
        ended = await update_run(run, tx.session, **_summary(read, changes, gone, at))
        announce_sync(tx, ended)
        ask_checks(tx, account.org_id)
        return ended

    ended = await context.writer.commit(change)
    await forget_seen(run)
    return ended.state.value


async def _settle(tx: Transaction, account: Account, run: SyncRun, at: datetime) -> None:
    """What the end of a sync that has read says of its account; a narrow one says nothing of the whole."""
    if not run.is_narrow:
        await resolve_alerts(tx, account.org_id, [f"sync:{account.id}"], at)
        await record_sync(account, problem=None, at=at, session=tx.session)
        await settle_nudges(tx, account, run.started_at or at, at)
    await settle_touches(tx, account, run, at, is_read=True)


def _cause(account: Account, finding: FiringFinding, finding_id: Any, resource_id: Any) -> Cause:
    judgement = finding.judgement
    return Cause(
        fingerprint=finding_fingerprint(account.id, finding.key.rule_id, finding.key.native_id),
        source=AlertSource.FINDING,
        severity=judgement.rule.severity,
        category=AlertCategory(judgement.rule.category.value),
        title=f"{judgement.rule.title}: {judgement.resource.name}",
        message=judgement.observation.reason if judgement.observation else judgement.rule.description,
        account_id=account.id,
        finding_id=finding_id,
        resource_id=resource_id,
        resource_native_id=judgement.resource.native_id,
        region=judgement.resource.region,
        tags=judgement.resource.tags,
    )


def _summary(read: AccountRead, changes: FindingChanges, gone: int, at: datetime) -> dict[str, Any]:
    gaps, counts = read.coverage.gaps, read.sink.counts
    added, unchanged = counts[ChangeKind.ADDED], counts[UNCHANGED]
    changed = counts[ChangeKind.CHANGED] + counts[ChangeKind.BACK]
    return {
        "state": (SyncState.PARTIAL if gaps else SyncState.SUCCEEDED).value,
        "step": "Done",
        "resources": added + changed + unchanged,
        "added": added,
        "changed": changed,
        "gone": gone,
        "unchanged": unchanged,
        "findings_opened": len(changes.opened) + len(changes.reopened),
        "findings_resolved": len(changes.resolved),
        "gaps": [f"{gap.service}{f' in {gap.region}' if gap.region else ''}: {gap.reason}" for gap in gaps],
        "unread": stored_gaps(gaps),
        "ended_at": at,
    }
