"""What every minute asks for: due syncs, jobs whose relay was lost, old events. Serves all tenants."""

from typing import Any

from documents.account import Account, claim_due_accounts
from documents.alert_change import wake_snoozed
from documents.connection import find_disconnecting
from documents.event import prune_events
from documents.mail import find_stranded_mails
from documents.member_account import find_parents
from documents.organization import find_deleted
from documents.sync_parking import find_left_parked
from documents.sync_run import SyncRun, find_stranded_runs
from documents.touch import claim_touched_accounts
from documents.transaction import Transaction
from jobs.context import JobContext
from jobs.queue import (
    ask_disconnect,
    ask_discovery,
    ask_erasure,
    ask_mail_again,
    ask_sync,
    request_narrow_sync,
    request_sync,
    resume_parked,
)


async def start_due_syncs(ctx: dict[str, Any]) -> int:
    """Open a run for every account whose sync is due; returns how many. One being synced keeps its run."""
    context: JobContext = ctx["context"]
    accounts = await claim_due_accounts(context.now())
    for account in accounts:

        async def change(tx: Transaction, account: Account = account) -> SyncRun:
            return await request_sync(tx, account)

        await context.writer.commit(change)
    return len(accounts)


async def start_narrow_syncs(ctx: dict[str, Any]) -> int:
    """Open a narrow run for every account in which something has changed that may be read again; returns how many."""
    context: JobContext = ctx["context"]
    accounts = await claim_touched_accounts(context.now())
    for account in accounts:

        async def change(tx: Transaction, account: Account = account) -> None:
            await request_narrow_sync(tx, account)

        await context.writer.commit(change)
    return len(accounts)


async def ask_again(ctx: dict[str, Any]) -> int:
    """Ask anew for runs that have not ended although nobody touched them lately: Redis may have lost their job, or the
    run that one had stepped aside for was ended before it began.

    arq refuses an ask whose job it still has, so nothing runs twice at once.
    """
    context: JobContext = ctx["context"]
    runs = await find_stranded_runs(context.now())
    for run in runs:

        async def change(tx: Transaction, run: SyncRun = run) -> None:
            ask_sync(tx, run)

        await context.writer.commit(change)
    left = await find_left_parked()
    for run in left:

        async def resume(tx: Transaction, run: SyncRun = run) -> None:
            await resume_parked(tx, run.account_id)

        await context.writer.commit(resume)
    return len(runs) + len(left)


async def ask_for_mails_again(ctx: dict[str, Any]) -> int:
    """Ask anew for mails that have waited for long: Redis may have lost their job. Returns how many."""
    context: JobContext = ctx["context"]
    mails = await find_stranded_mails(context.now())

    async def change(tx: Transaction) -> None:
        for mail in mails:
            ask_mail_again(tx, mail)

    await context.writer.commit(change)
    return len(mails)


async def erase_again(ctx: dict[str, Any]) -> int:
    """Ask anew for the erasure of deleted organizations: a job may have been lost, or another have written after it."""
    context: JobContext = ctx["context"]
    deleted = await find_deleted(context.now())

    async def change(tx: Transaction) -> None:
        for org_id in deleted:
            ask_erasure(tx, org_id)

    await context.writer.commit(change)
    return len(deleted)


async def disconnect_again(ctx: dict[str, Any]) -> int:
    """Ask anew for the end of disconnections that were begun: a job may have been lost. Returns how many."""
    context: JobContext = ctx["context"]
    accounts = await find_disconnecting()

    async def change(tx: Transaction) -> None:
        for account in accounts:
            ask_disconnect(tx, account)

    await context.writer.commit(change)
    return len(accounts)


async def look_for_members(ctx: dict[str, Any]) -> int:
    """Ask for a look at the accounts of every organization that is connected as a whole. Returns how many."""
    context: JobContext = ctx["context"]
    parents = await find_parents()

    async def change(tx: Transaction) -> None:
        for parent in parents:
            ask_discovery(tx, parent)

    await context.writer.commit(change)
    return len(parents)


async def forget_old_events(ctx: dict[str, Any]) -> int:
    """Prune the event logs beyond the retention; cursors older than that get StreamReset."""
    context: JobContext = ctx["context"]
    return await prune_events(context.now() - context.event_retention)


async def wake_alerts(ctx: dict[str, Any]) -> int:
    """Open again the alerts that were put away until now; returns how many."""
    context: JobContext = ctx["context"]
    return await context.writer.commit(lambda tx: wake_snoozed(tx, context.now()))
