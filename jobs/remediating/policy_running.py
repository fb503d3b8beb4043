"""Runs a policy: has what it takes planned, and counts what it leaves to people and why."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bson import ObjectId

from documents.audit import Act, acting
from documents.remediation import Remediation, add_remediation, announce_remediation, move
from documents.remediation_choice import Place, Taken, taken_by
from documents.remediation_policy import RemediationPolicy, find_policy
from documents.remediation_policy_run import RemediationPolicyRun, end_policy_run, note_dry_rule, note_planned
from documents.remediation_settings import is_stopped
from documents.rule_setting import Choices, choices
from documents.transaction import Transaction
from domain.compliance.mending import rules_that_mend
from domain.errors import Conflict
from domain.facts.remediation import Left, PolicyCause, RemediationState
from domain.remediation_policy import print_of
from domain.rules.registry import get_rule
from jobs.context import JobContext
from jobs.queue import ask_remediation

# Each plan reads the account. People do not read more at once either; the next run goes on.
MOST_PLANNED = 100
PLANNED = "remediation.plan"
STOPPED = "Remediations are stopped: nothing new is planned."
ANEW = "It was the plan of a dry run; its policy has planned it anew, and may run that."
OFF = "The policy was changed, switched off or deleted before this run had ended."


async def run_policy(context: JobContext, run: RemediationPolicyRun) -> int:
    """The run to its end; returns how many remediations it has asked for this time. Run again it goes on."""
    left: Counter[Left] = Counter()
    matched, planned = 0, run.planned
    policy, problem = await find_policy(run.policy_id), await _problem(run)
    if policy is None or problem is not None:
        await end_policy_run(run, context.now(), left=left, problem=problem or OFF)
        return 0
    chosen = await choices(policy.org_id)
    async for one in taken_by(policy, chosen.off, places_of(run, policy), ObjectId(str(run.id))):
        if run.cause is PolicyCause.FINDING and not (one.is_new or one.is_ours):
            continue
        matched += 1
        if one.is_ours or problem is not None:
            continue
        shown_by = _replaced(run, policy, chosen, one)
        reason = None if shown_by is not None else one.left
        if reason is None and planned >= MOST_PLANNED:
            reason = Left.TOO_MANY
        if reason is None and (problem := await _problem(run)) is None:
            reason = await _plan(context, run, policy, chosen, one, shown_by)
            planned += reason is None
        if reason is not None:
            left[reason] += 1
    await end_policy_run(run, context.now(), matched=matched, left=left, problem=problem)
    return planned - run.planned


async def _problem(run: RemediationPolicyRun) -> str | None:
    """Why it plans nothing more; asked before each plan."""
    policy = await find_policy(run.policy_id)
    if policy is None or not policy.is_enabled or policy.version != run.policy_version:
        return OFF
    return STOPPED if await is_stopped(run.org_id) else None


def places_of(run: RemediationPolicyRun, policy: RemediationPolicy) -> Sequence[Place] | None:
    """Where a run looks; None: wherever its policy does."""
    if run.cause is PolicyCause.CONTROL:
        rules = set(policy.rule_ids)
        return [Place(rules & rules_that_mend(one.control_id), one.account_id) for one in run.controls]
    return None if run.account_id is None else [Place(policy.rule_ids, run.account_id)]


def _is_shown(policy: RemediationPolicy, chosen: Choices, rule_id: str) -> bool:
    """Whether a dry run has made a plan of the rule as it is now."""
    printed = print_of(policy.version, get_rule(rule_id), chosen.chosen.get(rule_id, {}))
    return policy.shown.get(rule_id) == printed


def _replaced(run: RemediationPolicyRun, policy: RemediationPolicy, chosen: Choices, taken: Taken) -> ObjectId | None:
    """The plan of an earlier dry run, where this run may do what that has shown. A batch after a sync does not: it
    comes so soon that nobody has had the time to look.
    """
    is_soon = run.is_dry or run.cause is PolicyCause.FINDING
    return None if is_soon or not _is_shown(policy, chosen, taken.finding["rule_id"]) else taken.shown_by


async def _plan(
    context: JobContext,
    run: RemediationPolicyRun,
    policy: RemediationPolicy,
    chosen: Choices,
    taken: Taken,
    shown_by: ObjectId | None,
) -> Left | None:
    """Have it planned, in the place of `shown_by`; why not, where another remediation of the finding was faster."""
    made, now = _remediation(run, policy, taken), context.now()
    made.due_at, rule = now, get_rule(made.rule_id)
    is_new = not _is_shown(policy, chosen, rule.id)

    async def change(tx: Transaction) -> None:
        if shown_by is not None:
            await _replace(tx, shown_by, now)
        await add_remediation(made, tx.session)
        await note_planned(run, tx.session)
        if is_new:
            await note_dry_rule(run, rule.id, tx.session)
        ask_remediation(tx, made.org_id, made.id, "plan")
        announce_remediation(tx, made)
        tx.audit(made.org_id, target=f"remediation:{made.id}", after={"rule_id": rule.id, "finding": made.finding_id})

    try:
        with acting(Act(action=PLANNED, actor=f"policy:{policy.id}")):
            await context.writer.commit(change)
    except Conflict:
        return Left.OPEN_ALREADY
    return None


async def _replace(tx: Transaction, shown_by: ObjectId, at: datetime) -> None:
    """Unless people have begun to approve it meanwhile: then it stays, and the new one is refused."""
    waiting, untouched = frozenset({RemediationState.PLANNED}), {"approvals": [], "is_dry": True}
    moved = await move(
        shown_by, tx.session, among=waiting, to=RemediationState.EXPIRED, where=untouched, problem=ANEW, ended_at=at
    )
    if moved is not None:
        announce_remediation(tx, moved)


def _remediation(run: RemediationPolicyRun, policy: RemediationPolicy, taken: Taken) -> Remediation:
    finding, rule = taken.finding, get_rule(taken.finding["rule_id"])
    return Remediation(
        org_id=policy.org_id,
        account_id=finding["account_id"],
        finding_id=finding["_id"],
        resource_id=finding["resource_id"],
        resource_native_id=finding["resource_native_id"],
        resource_name=taken.resource_name,
        region=finding["region"],
        rule_id=rule.id,
        category=rule.category,
        risk=rule.risk,
        requested_by=run.asked_by,
        policy_id=policy.id,
        policy_run_id=run.id,
        policy_author=policy.changed_by,
        reason=policy.reason or f"The policy {policy.name} asks for it.",
        step="Works out what would be done",
    )
