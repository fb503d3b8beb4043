"""Reads one account: credentials out of the vault, inventory from the provider, findings and alerts into the store.

What was read is stored first and may be stored again; what follows from it is one transaction with the run's end.
"""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from arq import Retry
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from connectors.clouds.aws import inventory
from connectors.guard import AccountGuard
from documents.account import Account, record_sync, record_verified
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.finding import known_findings, record_findings
from documents.resource import changes_seen, record_gone, record_resources, resource_ids
from documents.sync_run import ENDED, SyncRun, SyncState, announce_sync, update_run
from documents.transaction import Transaction
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import ProviderError, Refused
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import InventorySnapshot
from domain.facts.severity import Severity
from domain.findings import FindingChanges, FiringFinding, compare
from domain.rules.judgement import JudgedInventory, judge_inventory
from domain.rules.registry import all_rules
from domain.rules.rule import RuleContext
from jobs.context import JobContext
from jobs.health import record_health, watched
from jobs.queue import SYNC_ACCOUNT

log = structlog.get_logger()

MAX_TRIES = 4
FIRST_RETRY_SECONDS = 15
SYNC_TIMEOUT = timedelta(minutes=5)
# Findings below this severity are shown but wake nobody.
ALERT_FROM = Severity.MEDIUM


async def sync_account(ctx: dict[str, Any], *, org_id: str, run_id: str) -> str:
    """One run to its end; a run that has ended is left alone. Returns the state it ended in."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(SYNC_ACCOUNT, org_id)
    run = await SyncRun.get_in(scope, run_id)
    if run.state in ENDED:
        return run.state.value
    account = await Account.get_in(scope, str(run.account_id))
    started = run.started_at or context.now()
    run = await _step(context, run, "Asking the provider", state=SyncState.RUNNING.value, started_at=started)
    try:
        async with asyncio.timeout(SYNC_TIMEOUT.total_seconds()):
            return await _store(context, account, run, await _read_watched(context, account, run))
    except ProviderError as error:
        if error.is_retryable and ctx["job_try"] < MAX_TRIES:
            await _step(context, run, f"Waiting to try again: {error.message}")
            raise Retry(defer=_pause(error, ctx["job_try"])) from error
        return await _fail(context, account, run, f"{error.message} {error.advice}".strip())
    except TimeoutError:
        minutes = int(SYNC_TIMEOUT.total_seconds() // 60)
        return await _fail(context, account, run, f"Reading the account took longer than {minutes} minutes.")
    except VaultUnavailable as error:
        log.warning("vault_unavailable", run_id=run_id, problem=str(error))
        if ctx["job_try"] < MAX_TRIES:
            raise Retry(defer=FIRST_RETRY_SECONDS * 2 ** (ctx["job_try"] - 1)) from error
        return await _fail(context, account, run, "The stored credentials could not be decrypted just now.")
    except (SecretLost, Refused) as error:
        return await _fail(context, account, run, f"{error} Connect the account again.")
    except PyMongoError:
        raise Retry(defer=FIRST_RETRY_SECONDS) from None
    except Exception:
        log.exception("sync_broke", run_id=run_id)
        return await _fail(context, account, run, f"Something went wrong on our side; the log has it under {run_id}.")


def _pause(error: ProviderError, tries: int) -> float:
    backoff: float = FIRST_RETRY_SECONDS * 2 ** (tries - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
    return max(backoff, error.retry_after.total_seconds() if error.retry_after else 0.0)


async def _read_watched(context: JobContext, account: Account, run: SyncRun) -> InventorySnapshot:
    async with watched(context, account) as guard:
        try:
            snapshot = await _read(context, account, run, guard)
        except ProviderError:
            await record_health(context, account, guard.report(), None)
            raise
        await record_health(context, account, guard.report(), snapshot.incomplete)
        return snapshot


async def _read(context: JobContext, account: Account, run: SyncRun, guard: AccountGuard) -> InventorySnapshot:
    secret = await context.vault.open(account.credentials or b"")
    credentials = AwsCredentials.model_validate(orjson.loads(secret))

    telling = asyncio.Lock()

    async def progress(step: str, done: int, total: int) -> None:
        # Services are read side by side; while one step is being told of, the others need no telling.
        if not telling.locked():
            async with telling:
                await _step(context, run, f"Reading {step}", done=done, total=total)

    return await inventory.fetch_inventory(
        credentials, on_progress=progress, guard=guard, allow_private_endpoint=context.allow_private_endpoints
    )


async def _step(context: JobContext, run: SyncRun, step: str, **fields: Any) -> SyncRun:
    async def change(tx: Transaction) -> SyncRun:
        moved = await update_run(run, tx.session, step=step, **fields)
        announce_sync(tx, moved)
        return moved

    return await context.writer.commit(change)


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
        await record_sync(account, problem=problem, at=at, session=tx.session)
        await raise_alert(tx, account.org_id, cause, at)
        announce_sync(tx, ended)

    await context.writer.commit(change)
    log.warning("sync_failed", account_id=str(account.id), problem=problem)
    return SyncState.FAILED.value


async def _store(context: JobContext, account: Account, run: SyncRun, snapshot: InventorySnapshot) -> str:
    at = context.now()
    if not await record_verified(account, snapshot.account_native_id):
        problem = f"AWS account {snapshot.account_native_id} is connected already. Remove one of the two."
        return await _fail(context, account, run, problem)
    await _step(context, run, "Judging what was read")
    await record_resources(account, snapshot.resources, at)
    await record_gone(account, snapshot, at)
    rows = await resource_ids(account, at)
    judged = await asyncio.to_thread(_judge, snapshot, at, await changes_seen(account))

    async def change(tx: Transaction) -> SyncRun:
        changes = compare(str(account.id), await known_findings(account, tx.session), judged)
        finding_ids = await record_findings(account, changes, rows, at, tx)
        for finding in (*changes.opened, *changes.reopened):
            if finding.judgement.rule.severity.rank <= ALERT_FROM.rank:
                await raise_alert(tx, account.org_id, _cause(account, finding, finding_ids[finding.key]), at)
        over = [f"finding:{account.id}:{ended.key.rule_id}:{ended.key.native_id}" for ended in changes.resolved]
        await resolve_alerts(tx, account.org_id, [*over, f"sync:{account.id}"], at)
        await record_sync(account, problem=None, at=at, session=tx.session)
        ended = await update_run(run, tx.session, **_summary(snapshot, changes, at))
        announce_sync(tx, ended)
        return ended

    ended = await context.writer.commit(change)
    return ended.state.value


def _judge(snapshot: InventorySnapshot, at: datetime, changed_at: dict[str, datetime]) -> JudgedInventory:
    return judge_inventory(all_rules(), snapshot, RuleContext(now=at, changed_at=changed_at))


def _cause(account: Account, finding: FiringFinding, finding_id: Any) -> Cause:
    judgement = finding.judgement
    return Cause(
        fingerprint=f"finding:{account.id}:{finding.key.rule_id}:{finding.key.native_id}",
        source=AlertSource.FINDING,
        severity=judgement.rule.severity,
        title=f"{judgement.rule.title}: {judgement.resource.name}",
        message=judgement.observation.reason if judgement.observation else judgement.rule.description,
        account_id=account.id,
        finding_id=finding_id,
    )


def _summary(snapshot: InventorySnapshot, changes: FindingChanges, at: datetime) -> dict[str, Any]:
    gaps = [f"{gap.service}{f' in {gap.region}' if gap.region else ''}: {gap.reason}" for gap in snapshot.incomplete]
    state = SyncState.PARTIAL if gaps else SyncState.SUCCEEDED
    return {
        "state": state.value,
        "step": "Done",
        "resources": len(snapshot.resources),
        "findings_opened": len(changes.opened) + len(changes.reopened),
        "findings_resolved": len(changes.resolved),
        "gaps": gaps,
        "ended_at": at,
    }
