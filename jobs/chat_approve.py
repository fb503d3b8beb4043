"""What Approve and Decline in a chat do to a remediation: by the rules of the graph, and into the same log."""

from datetime import timedelta

from auth.notice_action import NoticeAction
from documents.remediation import Remediation
from documents.remediation_act import approve, as_audited, cancel
from documents.remediation_settings import settings_of
from documents.session import has_signed_in_since
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden, StepUpRequired
from domain.facts.remediation import RemediationState
from domain.facts.scope import Scope
from domain.remediation.approval import approvers
from jobs.chat import ChatPerson
from jobs.context import JobContext
from jobs.notices import global_id
from jobs.queue import ask_remediation

S = RemediationState
VIA = "slack"
# A press shows an account in Slack, no second factor. Who has shown CloudWatcher itself who they are within a working
# day, in a session that is open, is still with the company and has not been signed out.
SIGNED_IN_WITHIN = timedelta(hours=12)
ALREADY = "Approved already, by you. Nothing was changed."
DECLINED = "Declined: nothing is done."


class AlreadyApproved(Conflict):
    """The same person pressed before, or the press is told of twice: nothing is done, and nothing was refused."""


async def decide(context: JobContext, person: ChatPerson, scope: Scope, action: NoticeAction) -> str:
    """What was done, in plain words. Raises Refused where the graph would, and where it is not for a chat."""
    _, id, plan_hash = action.subject.split(":")

    async def change(tx: Transaction) -> str:
        before = await Remediation.get_in(scope, id, session=tx.session)
        if action.name == "approve" and str(person.user.id) in approvers(before.approvals, plan_hash):
            raise AlreadyApproved(ALREADY, current=before)
        await _check(context, person, before, plan_hash, tx)
        if action.name == "approve":
            return await _approve(context, person, before, plan_hash, tx)
        moved = await cancel(tx, before, person.user.own_id, "Declined in Slack.", context.now())
        _audit(tx, before, moved)
        return DECLINED

    return await context.writer.commit(change)


async def _check(
    context: JobContext, person: ChatPerson, remediation: Remediation, plan_hash: str, tx: Transaction
) -> None:
    """Raises Conflict for what does not wait any more, Forbidden for what is not decided in a chat."""
    if remediation.state is not S.PLANNED:
        state = remediation.state.value.lower().replace("_", " ")
        raise Conflict(f"It does not wait for an approval any more: it is {state}. Nothing was changed.")
    if remediation.plan_hash != plan_hash:
        raise Conflict(f"The plan is another one by now. Read it, and decide there: {_link(context, remediation)}")
    policy = (await settings_of(remediation.org_id, tx.session)).approval
    if not policy.counts_in_chat(remediation.risk, is_production=remediation.is_production):
        raise Forbidden(f"A plan of this risk is not decided in Slack. Do it there: {_link(context, remediation)}")
    since = context.now() - SIGNED_IN_WITHIN
    if not await has_signed_in_since(person.user.own_id, since, with_factor=bool(person.user.factors)):
        hours = SIGNED_IN_WITHIN // timedelta(hours=1)
        factor = " with your second factor" if person.user.factors else ""
        raise StepUpRequired(
            f"You have not signed in to CloudWatcher{factor} within {hours} hours. Sign in and press again, or decide "
            f"there: {_link(context, remediation)}"
        )


async def _approve(
    context: JobContext, person: ChatPerson, before: Remediation, plan_hash: str, tx: Transaction
) -> str:
    moved = await approve(tx, before, person.user.own_id, plan_hash, "", VIA, context.now())
    ask_remediation(tx, moved.org_id, moved.id, f"approved-{moved.version}")
    _audit(tx, before, moved)
    if moved.state is S.APPROVED:
        return "Approved: it is done when its turn comes."
    given = len(approvers(moved.approvals, plan_hash))
    return f"Approved: {given} of {moved.approvals_needed}. It waits for another person."


def _audit(tx: Transaction, before: Remediation, after: Remediation) -> None:
    told = as_audited(before), as_audited(after)
    tx.audit(after.org_id, target=f"remediation:{after.id}", before=told[0], after=told[1])


def _link(context: JobContext, remediation: Remediation) -> str:
    return f"{context.public_url}/remediations/{global_id('Remediation', remediation.id)}"
