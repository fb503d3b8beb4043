"""Takes away what was read of a disconnected account, in small steps: findings, alerts, resources, at last itself.

Waits for a sync that still runs: what it wrote afterwards would stay. Run again, it goes on where it was.
"""

from typing import Any

from arq import Retry
from beanie import PydanticObjectId

from auth.scope import scope_of_job
from documents.account import Account, AccountState
from documents.connection import announce_account, end_disconnect, has_bills, remove_resources, resolve_some
from documents.sync_run import find_active_run
from documents.transaction import Transaction
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
    while await _resolve(context, account):
        pass
    while await remove_resources(account):
        pass
    is_billed = await has_bills(account)

    async def change(tx: Transaction) -> AccountState | None:
        state = await end_disconnect(account, is_billed, tx.session)
        announce_account(tx, account)
        return state

    state = await context.writer.commit(change)
    return "removed" if state is None else state.value


async def _resolve(context: JobContext, account: Account) -> int:
    async def change(tx: Transaction) -> int:
        return await resolve_some(tx, account, context.now())

    return await context.writer.commit(change)
