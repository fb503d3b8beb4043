"""Writes a stay of a provider's person down in every client it is in: for them to see, and in their audit logs.

In small transactions, each of which holds the ends of a few audit logs. Run again, it goes on where it was.
"""

from collections.abc import Sequence
from typing import Any

from beanie import PydanticObjectId

from documents.audit import Act, acting
from documents.client_access import ClientAccess, find_access
from documents.provider_visit import AT_ONCE, clients_of, end_visits, not_told, open_visits, tell_clients
from documents.transaction import Transaction
from jobs.context import JobContext


async def record_visits(ctx: dict[str, Any], *, org_id: str, access_id: str) -> int:
    """Returns in how many clients it wrote something."""
    context: JobContext = ctx["context"]
    access = await find_access(PydanticObjectId(access_id))
    written = 0
    with acting(_act(access, "clients.enter")):
        missing = await not_told(access, await clients_of(access))
        for start in range(0, len(missing), AT_ONCE):
            written += await _tell(context, access, missing[start : start + AT_ONCE])
    if access.ended_at is not None:
        with acting(_act(access, "clients.leave")):
            while clients := await open_visits(access):
                written += await _end(context, access, clients)
    return written


async def _tell(context: JobContext, access: ClientAccess, clients: Sequence[PydanticObjectId]) -> int:
    async def change(tx: Transaction) -> int:
        await tell_clients(tx, access, clients)
        return len(clients)

    return await context.writer.commit(change)


async def _end(context: JobContext, access: ClientAccess, clients: Sequence[PydanticObjectId]) -> int:
    async def change(tx: Transaction) -> int:
        await end_visits(tx, access, clients)
        return len(clients)

    return await context.writer.commit(change)


def _act(access: ClientAccess, action: str) -> Act:
    return Act(action=action, actor=f"user:{access.user_id}", acting_for=f"organization:{access.msp_id}")
