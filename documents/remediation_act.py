"""What people do with remediations: approve, cancel, take back. Of two at once one is told that it came too late."""

from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.remediation import Remediation, announce_remediation, move
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts.remediation import CAN_CANCEL, CAN_ROLL_BACK, RemediationState
from domain.remediation.approval import approvers
from domain.remediation_plan import is_undoable

S = RemediationState


async def approve(
    tx: Transaction, remediation: Remediation, by: ObjectId, plan_hash: str, reason: str, via: str, at: datetime
) -> Remediation:
    """It with one approval more, and APPROVED with the last. Raises Conflict where that may not be."""
    _check_approval(remediation, by, plan_hash, at)
    approval = {"by": str(by), "at": at, "plan_hash": plan_hash, "reason": reason, "via": via}
    counted = len(approvers([*remediation.approvals, approval], plan_hash))
    fields: dict[str, Any] = {}
    if counted >= remediation.approvals_needed:
        fields = {"to": S.APPROVED, "approved_at": at, "due_at": at, "step": "Waits for its turn"}
    moved = await move(
        remediation,
        tx.session,
        among=frozenset({S.PLANNED}),
        # Of this plan, and with no approval that was not counted: two at once are one after the other.
        where={"plan_hash": plan_hash, "version": remediation.version},
        push={"approvals": approval},
        **fields,
    )
    if moved is None:
        raise Conflict("Somebody was faster. Look at the remediation again.", current=remediation)
    announce_remediation(tx, moved)
    return moved


def _check_approval(remediation: Remediation, by: ObjectId, plan_hash: str, at: datetime) -> None:
    """Raises Conflict where this person may not approve this plan now."""
    if remediation.state is not S.PLANNED:
        raise Conflict(f"It waits for no approval: it is {remediation.state}.", current=remediation)
    if remediation.plan_hash != plan_hash:
        path = ("input", "planHash")
        raise Conflict("The plan is another one by now. Read it, then approve that.", path=path, current=remediation)
    if remediation.expires_at is not None and remediation.expires_at <= at:
        raise Conflict("The time for an approval is over. Plan it again.", current=remediation)
    if remediation.requested_by == by:
        raise Conflict("Somebody else must approve it than who has asked for it.", current=remediation)
    if remediation.policy_author == by:
        raise Conflict("Somebody else must approve it than who has set its policy.", current=remediation)
    if str(by) in approvers(remediation.approvals, plan_hash):
        raise Conflict("You have approved it already. Somebody else must, too.", current=remediation)
    if remediation.missing:
        lacking = ", ".join(remediation.missing[:5])
        raise Conflict(f"It cannot be done: the permission {lacking} is missing. Plan it again once it is granted.")


async def cancel(tx: Transaction, remediation: Remediation, by: ObjectId, reason: str, at: datetime) -> Remediation:
    """CANCELLED, or asked to take back what it has done where it runs. Raises Conflict where it has ended."""
    problem = f"Cancelled. {reason}".strip()
    moved = await move(
        remediation,
        tx.session,
        among=CAN_CANCEL - {S.RUNNING},
        to=S.CANCELLED,
        cancel_asked_by=by,
        ended_at=at,
        step=None,
        problem=problem,
    )
    if moved is None:
        moved = await move(remediation, tx.session, among=frozenset({S.RUNNING}), cancel_asked_by=by)
    if moved is None:
        raise Conflict("There is nothing to cancel any more.", current=remediation)
    announce_remediation(tx, moved)
    return moved


def as_audited(remediation: Remediation) -> dict[str, Any]:
    """The fields as the audit log compares them, whichever way somebody acted."""
    told = {"rule_id", "state", "plan_hash", "approvals", "resource_native_id", "reason", "rollback_reason"}
    fields: dict[str, Any] = remediation.model_dump(mode="json", include=told)
    return fields


async def roll_back(
    tx: Transaction, remediation: Remediation, by: ObjectId, reason: str, at: datetime, *, even_if_changed: bool
) -> Remediation:
    """ROLLING_BACK. Raises Conflict where nothing can be taken back."""
    if remediation.state not in CAN_ROLL_BACK or not is_undoable(remediation.steps, remediation.made):
        raise Conflict("Nothing of it can be taken back.", current=remediation)
    moved = await move(
        remediation,
        tx.session,
        among=frozenset({remediation.state}),
        to=S.ROLLING_BACK,
        rolled_back_by=by,
        rollback_reason=reason,
        rolled_back_from=remediation.state.value,
        rollback_forced=even_if_changed or remediation.state is S.STOPPED,
        problem=None,
        due_at=at,
        ended_at=None,
        step="Takes back what was done",
    )
    if moved is None:
        raise Conflict("Somebody was faster. Look at the remediation again.", current=remediation)
    announce_remediation(tx, moved)
    return moved
