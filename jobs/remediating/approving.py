"""What becomes of a plan that a policy has asked for: approved by the policy, or left to people, in one commit."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from documents.audit import Act, acting
from documents.remediation import Remediation
from documents.remediation_count import begin_counts, spans, take_one
from documents.remediation_policy import RemediationPolicy, find_policy, note_shown
from documents.remediation_policy_run import RemediationPolicyRun, find_run, note_dry_rule, note_outcome
from documents.remediation_settings import RemediationSettings, settings_of
from documents.transaction import Transaction
from domain.facts.remediation import Left, PolicyMode, RemediationState
from domain.remediation.approval import BY_POLICY
from domain.remediation.automation import Decision, Situation, decide
from domain.remediation_policy import lower, print_of
from domain.rules.registry import get_rule
from domain.rules.rule import Setting
from jobs.context import JobContext
from jobs.remediating.settling import settle_in

DECIDED = "remediation.decide"


async def settle_by_policy(
    context: JobContext,
    remediation: Remediation,
    holder: str,
    planned: Mapping[str, Any],
    chosen: Mapping[str, Setting],
    *,
    run_id: ObjectId,
    may_act: bool,
) -> Remediation:
    """PLANNED with why it waits for people, or APPROVED. `planned` are its fields, `chosen` the rule's parameters that
    it was planned with, `run_id` the run that has asked for it. Raises Lost.

    Decided in the commit that stores the plan: there never is one that was planned and not decided.
    """
    now = context.now()
    await begin_counts(remediation.org_id, remediation.rule_id, spans(run_id, now), now)
    as_planned = remediation.model_copy(update=dict(planned))

    async def change(tx: Transaction) -> Remediation:
        policy = await find_policy(remediation.policy_id, tx.session)
        decision = await _decided(tx, as_planned, policy, chosen, now, may_act=may_act)
        fields = {**planned, "policy_says": decision.says, "is_dry": Left.DRY in decision.reasons}
        if decision.is_approved and policy is not None:
            fields |= _approved(as_planned, policy, decision, now)
        to = RemediationState.APPROVED if decision.is_approved else RemediationState.PLANNED
        moved = await settle_in(tx, remediation, holder, to, now, **fields)
        outcome = "approved" if decision.is_approved else "waiting"
        await note_outcome(run_id, outcome, decision.reasons, tx.session)
        tx.audit(
            moved.org_id,
            target=f"remediation:{moved.id}",
            before={"state": remediation.state},
            after={"state": moved.state, "plan_hash": moved.plan_hash, "approvals": moved.approvals},
            reason=decision.says,
        )
        return moved

    with acting(Act(action=DECIDED, actor=f"policy:{remediation.policy_id}")):
        return await context.writer.commit(change)


def _approved(remediation: Remediation, policy: RemediationPolicy, decision: Decision, at: datetime) -> dict[str, Any]:
    approval = {
        "by": str(policy.id),
        "policy_version": policy.version,
        "at": at,
        "plan_hash": remediation.plan_hash,
        "reason": decision.says,
        "via": BY_POLICY,
    }
    return {"approvals": [approval], "approved_at": at, "due_at": at, "step": "Waits for its turn"}


async def _decided(
    tx: Transaction,
    remediation: Remediation,
    policy: RemediationPolicy | None,
    chosen: Mapping[str, Setting],
    now: datetime,
    *,
    may_act: bool,
) -> Decision:
    """Counts what it approves, and notes what it has shown."""
    settings = await settings_of(remediation.org_id, tx.session)
    run = await find_run(remediation.policy_run_id, tx.session)
    is_dry = await _is_dry(tx, remediation, policy, run, chosen)
    situation = Situation(
        risk=remediation.risk,
        is_production=remediation.is_production,
        mode=PolicyMode.PROPOSE if policy is None else policy.mode,
        is_dry=is_dry,
        has_credentials=may_act,
        missing=remediation.missing,
        is_on=policy is not None and policy.is_enabled,
        is_allowed=settings.allows_automation,
        is_stopped=settings.is_stopped,
    )
    decision = decide(situation)
    if decision.is_approved and policy is not None and run is not None:
        named, most = spans(ObjectId(str(run.id)), now), _most(settings, policy)
        full = await take_one(remediation.org_id, remediation.rule_id, named, most, tx.session)
        decision = decision if full is None else decide(replace(situation, full=full))
    return decision


def _most(settings: RemediationSettings, policy: RemediationPolicy) -> tuple[int, int]:
    day = lower(settings.most_per_day, policy.most_per_day)
    return day, lower(settings.most_per_run, policy.most_per_run)


async def _is_dry(
    tx: Transaction,
    remediation: Remediation,
    policy: RemediationPolicy | None,
    run: RemediationPolicyRun | None,
    chosen: Mapping[str, Setting],
) -> bool:
    """Whether this plan only shows what the policy would do: its run was asked to, or policy, remedy or parameters are
    not those of an earlier dry plan of the rule. Then it is one now, and its whole run is dry for the rule.
    """
    if policy is None or run is None:
        return True
    rule_id = remediation.rule_id
    printed = print_of(policy.version, get_rule(rule_id), chosen)
    is_new = policy.shown.get(rule_id) != printed
    if is_new:
        await note_shown(policy, rule_id, printed, tx.session)
        await note_dry_rule(run, rule_id, tx.session)
    return run.is_dry or is_new or rule_id in run.dry_rule_ids


async def still_stands(remediation: Remediation) -> bool:
    """Whether an approval counts that a policy has given: it is as it was then, it is on, and it may approve."""
    given = next((one for one in remediation.approvals if one["via"] == BY_POLICY), None)
    if given is None:
        return True
    policy = await find_policy(remediation.policy_id)
    if policy is None or not policy.is_enabled or policy.version != given["policy_version"]:
        return False
    return (await settings_of(remediation.org_id)).allows_automation
