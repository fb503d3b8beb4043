"""Connects the other accounts of an organization, through the one that was connected for all of them."""

from typing import Any

import orjson
import structlog
from arq import Retry
from beanie import PydanticObjectId

from auth.scope import scope_of_job
from connectors.reading.source import Member, Reach
from connectors.registry import registration_of
from documents.account import Account, sealed
from documents.job_progress import announce_job
from documents.member_account import hold_parent, leave_members, store_member
from documents.sync_run import end_waiting_run
from documents.transaction import Transaction
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import Conflict, PlanMissing, ProviderError, Refused
from domain.facts.job import JobKind, JobProgress, JobState
from jobs.context import JobContext
from jobs.queue import DISCOVER_MEMBERS, ask_disconnect, request_sync

log = structlog.get_logger()

MAX_TRIES = 4
FIRST_RETRY_SECONDS = 60


async def discover_members(ctx: dict[str, Any], *, org_id: str, account_id: str) -> int:
    """Returns how many accounts there are besides the parent. An account that is not connected for all is left alone.

    Accounts that cannot be entered are connected, too: their syncs fail and say why.
    """
    context: JobContext = ctx["context"]
    parent = await Account.find_in(scope_of_job(DISCOVER_MEMBERS, org_id), {"_id": PydanticObjectId(account_id)})
    registration = None if parent is None else registration_of(parent.provider)
    if parent is None or registration is None or registration.members is None:
        return 0
    if not (parent.is_connected and parent.all_accounts):
        return 0
    told = _Told(context, parent)
    try:
        credentials = registration.credentials.model_validate(orjson.loads(await _secret(context, parent)))
        async with registration.open(credentials, _reach(context, parent)) as source:
            members = await registration.members(source, credentials)
    except PlanMissing as error:
        # Nobody can list them this way, which does not say that there are none.
        return await told.unknown(error)
    except (ProviderError, VaultUnavailable) as error:
        if ctx["job_try"] < MAX_TRIES:
            raise Retry(defer=FIRST_RETRY_SECONDS * 2 ** (ctx["job_try"] - 1)) from error
        return await told.unknown(error)
    except (SecretLost, Refused) as error:
        return await told.unknown(error)
    try:
        return await _store(context, parent, [one for one in members if one.native_id != parent.native_id], told)
    except Conflict as error:
        # Disconnected or given other credentials meanwhile: the next try sees which, and may find nothing to tell of.
        await told.unknown(error)
        if ctx["job_try"] < MAX_TRIES:
            raise Retry(defer=FIRST_RETRY_SECONDS) from error
        return 0


class _Told:
    """Tells how far the discovery is."""

    def __init__(self, context: JobContext, parent: Account) -> None:
        self._context = context
        self._parent = parent
        self._started_at = context.now()

    def announce(self, tx: Transaction, state: JobState, done: int, total: int, problem: str | None = None) -> None:
        """Add it to a change."""
        progress = JobProgress(
            kind=JobKind.MEMBER_DISCOVERY,
            id=str(self._parent.id),
            subject=f"Account:{self._parent.id}",
            state=state,
            step="Accounts connected",
            done=done,
            total=total,
            problem=problem,
            started_at=self._started_at,
            ended_at=None if state is JobState.RUNNING else self._context.now(),
        )
        announce_job(tx, self._parent.org_id, progress)

    async def unknown(self, error: Exception) -> int:
        """Say why nobody knows which accounts there are; returns 0."""
        log.warning("members_unknown", account_id=str(self._parent.id), problem=str(error))

        async def change(tx: Transaction) -> None:
            self.announce(tx, JobState.FAILED, 0, 0, str(error))

        await self._context.writer.commit(change)
        return 0


async def _secret(context: JobContext, parent: Account) -> str:
    return await context.vault.open(parent.credentials or b"")


def _reach(context: JobContext, parent: Account) -> Reach:
    return Reach(
        guard=context.guards.of(parent.provider, str(parent.id)),
        allow_private_endpoint=context.allow_private_endpoints,
        now=context.now,
    )


async def _store(context: JobContext, parent: Account, members: list[Member], told: _Told) -> int:
    for number, member in enumerate(members, start=1):
        revealed = member.credentials.revealed()  # type: ignore[attr-defined]  # every vendor's class has it
        cipher = await context.vault.seal(str(parent.org_id), orjson.dumps(revealed).decode())

        async def change(
            tx: Transaction, member: Member = member, cipher: bytes = cipher, number: int = number
        ) -> None:
            await hold_parent(tx, parent)
            told.announce(tx, JobState.RUNNING, number, len(members))
            account, is_new = await store_member(tx, parent, member.native_id, member.name, sealed(cipher))
            if is_new:
                await request_sync(tx, account)

        await context.writer.commit(change)

    async def leave(tx: Transaction) -> None:
        await hold_parent(tx, parent)
        for account in await leave_members(tx, parent, {member.native_id for member in members}):
            await end_waiting_run(tx, account, "The account left its organization.", context.now())
            ask_disconnect(tx, account)
        told.announce(tx, JobState.SUCCEEDED, len(members), len(members))

    await context.writer.commit(leave)
    return len(members)
