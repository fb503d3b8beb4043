"""Moves one remediation on by as much as can be done now; the clock finds those that wait."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from bson import ObjectId
from pymongo.errors import PyMongoError

from auth.scope import scope_of_job
from documents.account import Account
from documents.remediation import (
    Remediation,
    announce_remediation,
    due_remediations,
    let_go,
    move,
    take,
    waiting_too_long,
)
from documents.transaction import Transaction
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import NotFound, ProviderError, Refused
from domain.facts.remediation import WORKED_ON, RemediationState
from jobs.context import JobContext
from jobs.queue import RUN_REMEDIATION, ask_remediation
from jobs.remediating import running
from jobs.remediating.entering import MayNotAct
from jobs.remediating.executing import Later
from jobs.remediating.planning import plan
from jobs.remediating.settling import Lost, note, settle

log = structlog.get_logger()
S = RemediationState
# What cannot be read just now is tried again so often apart, and given up after so long.
AGAIN = timedelta(seconds=20)
GIVEN_UP_AFTER = timedelta(minutes=30)
# States in which something may have been changed in the account: they are never left without an alert.
TOUCHED = frozenset({S.RUNNING, S.VERIFYING, S.UNDOING, S.ROLLING_BACK})


async def run_remediation(ctx: dict[str, Any], *, org_id: str, remediation_id: str) -> str:
    """One remediation as far as it goes now. Returns the state it is in."""
    context: JobContext = ctx["context"]
    holder = uuid.uuid4().hex
    remediation = await take(ObjectId(remediation_id), holder, context.now())
    if remediation is None or str(remediation.org_id) != org_id:
        return "left alone"
    due_at: datetime | None = context.now()
    try:
        while remediation.state in WORKED_ON:
            remediation = await _step(context, remediation, holder)
        due_at = None
    except Later as later:
        due_at = context.now() + later.pause
    except (Lost, PyMongoError):
        due_at = context.now() + AGAIN
    finally:
        with suppress(PyMongoError):
            await let_go(remediation, holder, due_at)
    return remediation.state.value


async def _step(context: JobContext, remediation: Remediation, holder: str) -> Remediation:
    scope = scope_of_job(RUN_REMEDIATION, str(remediation.org_id))
    try:
        account = await Account.get_in(scope, str(remediation.account_id))
        return await _worked_on(context, remediation, account, holder)
    except ProviderError as error:
        return await _put_off(context, remediation, holder, f"{error.message} {error.advice}".strip())
    except VaultUnavailable:
        return await _put_off(context, remediation, holder, "The stored credentials cannot be opened just now.")
    except MayNotAct:
        return await _give_up(context, remediation, holder, "There are no credentials that may change this account.")
    except (SecretLost, NotFound, Refused) as error:
        return await _give_up(context, remediation, holder, str(error))
    except (Later, Lost, PyMongoError):
        raise
    except Exception:  # whatever broke, a person is to see that it has ended
        log.exception("remediation_broke", remediation_id=str(remediation.id))
        said = f"Something went wrong on our side; the log has it under {remediation.id}."
        return await _give_up(context, remediation, holder, said)


async def _worked_on(context: JobContext, remediation: Remediation, account: Account, holder: str) -> Remediation:
    match remediation.state:
        case S.PLANNING:
            return await plan(context, remediation, account, holder)
        case S.APPROVED:
            return await running.begin(context, remediation, account, holder)
        case S.RUNNING:
            return await running.execute(context, remediation, account, holder)
        case S.VERIFYING:
            return await running.verify(context, remediation, account, holder)
        case _:
            return await running.undo(context, remediation, account, holder)


async def _put_off(context: JobContext, remediation: Remediation, holder: str, problem: str) -> Remediation:
    """Try again in a while; after GIVEN_UP_AFTER without success it ends."""
    now = context.now()
    if remediation.troubled_at is None:
        await note(context, remediation, holder, f"Waits to try again: {problem}", troubled_at=now)
    elif now - remediation.troubled_at > GIVEN_UP_AFTER:
        return await _give_up(context, remediation, holder, problem)
    raise Later(AGAIN)


async def _give_up(context: JobContext, remediation: Remediation, holder: str, problem: str) -> Remediation:
    to = S.STOPPED if remediation.state in TOUCHED else S.VOID if remediation.state is S.APPROVED else S.REFUSED
    current = await take(remediation.id, holder, context.now())
    if current is None or current.state is not remediation.state:
        raise Lost
    return await settle(context, current, holder, to, problem=problem, ended_at=context.now(), step=None)


async def ask_due_remediations(ctx: dict[str, Any]) -> int:
    """By the clock: asks for those that wait for a worker, and ends what nobody approved in time. Returns how many."""
    context: JobContext = ctx["context"]
    now = context.now()
    due = await due_remediations(now)
    for org_id, remediation_id in due:

        async def change(tx: Transaction, org_id: str = org_id, remediation_id: str = remediation_id) -> None:
            ask_remediation(tx, org_id, remediation_id, f"{int(now.timestamp())}")

        await context.writer.commit(change)
    for remediation in await waiting_too_long(now):
        await _expire(context, remediation, now)
    return len(due)


async def _expire(context: JobContext, remediation: Remediation, now: datetime) -> None:
    async def change(tx: Transaction) -> None:
        problem = "Nobody approved it in time, or it could not begin before the approval ended."
        waiting = frozenset({S.PLANNED, S.APPROVED})
        where = {"expires_at": {"$lte": now}, "started_at": None}
        moved = await move(
            remediation, tx.session, among=waiting, to=S.EXPIRED, where=where, problem=problem, ended_at=now
        )
        if moved is not None:
            announce_remediation(tx, moved)

    await context.writer.commit(change)
