"""Moves a remediation on: its new state, what is announced of it, the alert where a person must hear, in one change."""

from datetime import datetime
from typing import Any

from documents.account import Account
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.finding import resolve_finding
from documents.remediation import Remediation, announce_remediation, move
from documents.remediation_policy_run import note_outcome
from documents.transaction import Transaction
from domain.facts.remediation import Left, RemediationState
from domain.facts.severity import Severity
from jobs.context import JobContext
from jobs.queue import request_sync


class Lost(Exception):
    """Another worker has it by now, or it is in another state."""


S = RemediationState
# What a person must hear of, and how bad it is.
ALARMING: dict[RemediationState, tuple[Severity, str]] = {
    S.STOPPED: (Severity.HIGH, "stands half-way"),
    S.UNVERIFIED: (Severity.HIGH, "did not mend its fault"),
    S.UNDONE: (Severity.MEDIUM, "failed and was taken back"),
}
# After these the account is read again, so that inventory, findings and controls see what was done.
CHANGED = frozenset({S.DONE, S.UNVERIFIED, S.UNDONE, S.STOPPED, S.ROLLED_BACK})


async def settle(
    context: JobContext,
    remediation: Remediation,
    holder: str,
    to: RemediationState,
    *,
    account: Account | None = None,
    **fields: Any,
) -> Remediation:
    """It in its new state. Raises Lost when it is not this worker's any more."""
    now = context.now()

    async def change(tx: Transaction) -> Remediation:
        return await settle_in(tx, remediation, holder, to, now, account=account, **fields)

    return await context.writer.commit(change)


async def settle_in(
    tx: Transaction,
    remediation: Remediation,
    holder: str,
    to: RemediationState,
    now: datetime,
    *,
    account: Account | None = None,
    **fields: Any,
) -> Remediation:
    """The same within a change that does more."""
    known, ours = frozenset({remediation.state}), {"holder": holder}
    moved = await move(remediation, tx.session, among=known, to=to, where=ours, troubled_at=None, **fields)
    if moved is None:
        raise Lost
    await _tell(tx, moved)
    if to is S.DONE:
        await resolve_finding(tx, moved.org_id, moved.finding_id, now)
    if to is S.REFUSED and moved.policy_run_id is not None:
        await note_outcome(moved.policy_run_id, "refused", [Left.NO_PLAN], tx.session)
    if account is not None and to in CHANGED and account.is_connected:
        await request_sync(tx, account)
    announce_remediation(tx, moved)
    return moved


async def note(context: JobContext, remediation: Remediation, holder: str, step: str, **fields: Any) -> Remediation:
    """What is being done now, in plain words. Raises Lost."""

    async def change(tx: Transaction) -> Remediation:
        moved = await move(
            remediation,
            tx.session,
            among=frozenset({remediation.state}),
            where={"holder": holder},
            step=step,
            **fields,
        )
        if moved is None:
            raise Lost
        announce_remediation(tx, moved)
        return moved

    return await context.writer.commit(change)


async def _tell(tx: Transaction, remediation: Remediation) -> None:
    at, fingerprint = remediation.ended_at or remediation.created_at, f"remediation:{remediation.id}"
    if remediation.state not in ALARMING:
        await resolve_alerts(tx, remediation.org_id, [fingerprint], at)
        return
    severity, what = ALARMING[remediation.state]
    cause = Cause(
        fingerprint=fingerprint,
        source=AlertSource.REMEDIATION,
        severity=severity,
        category=AlertCategory(remediation.category.value),
        title=f"The remediation of {remediation.resource_name} {what}",
        message=remediation.problem or "Look at its calls to see how far it came.",
        account_id=remediation.account_id,
        finding_id=remediation.finding_id,
        resource_id=remediation.resource_id,
        resource_native_id=remediation.resource_native_id,
        region=remediation.region,
    )
    await raise_alert(tx, remediation.org_id, cause, at)
