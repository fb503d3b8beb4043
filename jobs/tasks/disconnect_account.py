"""Takes away what was read of a disconnected account, in small steps: findings, alerts, resources, at last itself.

Waits for a sync that still runs: what it wrote afterwards would stay. Run again, it goes on where it was.
"""

from datetime import datetime
from typing import Any

from arq import Retry
from beanie import PydanticObjectId

from auth.scope import scope_of_job
from documents.account import Account, AccountState
from documents.connection import announce_account, end_disconnect, has_bills, remove_resources, resolve_some
from documents.job_progress import announce_job
from documents.sync_run import find_active_run
from documents.transaction import Transaction
from domain.facts.job import JobKind, JobProgress, JobState
from jobs.context import JobContext
from jobs.queue import DISCONNECT_ACCOUNT

LOOK_AGAIN_SECONDS = 5


async def disconnect_account(ctx: dict[str, Any], *, org_id: str, account_id: str) -> str:
    """Returns how the account stands now; an account that is connected, or gone, is left alone."""
    context: JobContext = ctx["context"]
    account = await Account.find_in(scope_of_job(DISCONNECT_ACCOUNT, org_id), {"_id": PydanticObjectId(account_id)})
    if account is None or account.state is not AccountState.DISCONNECTING:
        return "left alone"
    if await find_active_run(account) is not None:
        raise Retry(defer=LOOK_AGAIN_SECONDS)
    started_at = context.now()
    taken = await _taken_away(context, account, started_at)
    is_billed = await has_bills(account)

    async def change(tx: Transaction) -> AccountState | None:
        state = await end_disconnect(account, is_billed, tx.session)
        announce_account(tx, account)
        done = progress(account, JobState.SUCCEEDED, "Taken away", taken, started_at)
        announce_job(tx, account.org_id, done.model_copy(update={"ended_at": context.now()}))
        return state

    state = await context.writer.commit(change)
    return "removed" if state is None else state.value


async def _taken_away(context: JobContext, account: Account, started_at: datetime) -> int:
    """Take all of it away but the account itself; returns how many rows."""
    done = 0
    while some := await _resolve(context, account, done, started_at):
        done += some
    while some := await remove_resources(account):
        done += some
        await _tell(context, account, progress(account, JobState.RUNNING, "Removing resources", done, started_at))
    return done


async def _resolve(context: JobContext, account: Account, done: int, started_at: datetime) -> int:
    async def change(tx: Transaction) -> int:
        some = await resolve_some(tx, account, context.now())
        step = "Resolving findings and alerts"
        announce_job(tx, account.org_id, progress(account, JobState.RUNNING, step, done + some, started_at))
        return some

    return await context.writer.commit(change)


async def _tell(context: JobContext, account: Account, progress: JobProgress) -> None:
    async def change(tx: Transaction) -> None:
        announce_job(tx, account.org_id, progress)

    await context.writer.commit(change)


def progress(account: Account, state: JobState, step: str, done: int, started_at: datetime) -> JobProgress:
    """How far the disconnection of an account is, in rows that are done with."""
    id = str(account.id)
    return JobProgress(
        kind=JobKind.DISCONNECTION,
        id=id,
        subject=f"Account:{id}",
        state=state,
        step=step,
        done=done,
        started_at=started_at,
    )
