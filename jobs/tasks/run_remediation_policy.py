"""Starts policies whose time has come, and runs them. Run twice, nothing is planned twice."""

from typing import Any

from beanie import PydanticObjectId
from bson import ObjectId

from auth.scope import scope_of_job
from documents.remediation_choice import Place, taken_by
from documents.remediation_policy import RemediationPolicy, claim_policy, due_policies
from documents.remediation_policy_run import RemediationPolicyRun, open_policy_run, unended_runs
from documents.remediation_settings import is_stopped
from documents.rule_setting import choices
from documents.transaction import Transaction
from domain.facts.remediation import PolicyCause
from jobs.context import JobContext
from jobs.queue import LOOK_FOR_FINDINGS, RUN_REMEDIATION_POLICY, ask_policy_run
from jobs.remediating.policy_running import run_policy


async def run_remediation_policy(ctx: dict[str, Any], *, org_id: str, run_id: str) -> int:
    """One run to its end; one that has ended is left alone. Returns how many remediations it has asked for."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(RUN_REMEDIATION_POLICY, org_id)
    run = await RemediationPolicyRun.find_in(scope, {"_id": ObjectId(run_id)})
    return 0 if run is None or run.ended_at is not None else await run_policy(context, run)


async def look_for_findings(ctx: dict[str, Any], *, org_id: str, policy_id: str, account_id: str, sync_id: str) -> int:
    """After a sync: a run for the findings in the account that nobody has tried to mend, where there are any.

    Each such batch is a run of its own. Returns how many remediations it has asked for.
    """
    context: JobContext = ctx["context"]
    scope = scope_of_job(LOOK_FOR_FINDINGS, org_id)
    policy = await RemediationPolicy.find_in(scope, {"_id": ObjectId(policy_id), "is_enabled": True})
    if policy is None or await is_stopped(policy.org_id) or not await _is_any(policy, ObjectId(account_id)):
        return 0
    run = RemediationPolicyRun(
        org_id=policy.org_id,
        policy_id=PydanticObjectId(policy_id),
        policy_version=policy.version,
        key=f"sync:{sync_id}",
        cause=PolicyCause.FINDING,
        planned_for=context.now(),
        account_id=PydanticObjectId(account_id),
        created_at=context.now(),
    )
    opened = await open_policy_run(run)
    return 0 if opened.ended_at is not None else await run_policy(context, opened)


async def _is_any(policy: RemediationPolicy, account_id: ObjectId) -> bool:
    off = (await choices(policy.org_id)).off
    async for one in taken_by(policy, off, [Place(policy.rule_ids, account_id)]):
        if one.is_new and one.left is None:
            return True
    return False


async def start_due_policies(ctx: dict[str, Any]) -> int:
    """By the clock: a run for each policy whose time has come, and those asked for anew whose job may be lost.

    Of the times that were missed while nobody worked only the last one counts. Returns how many were started.
    """
    context: JobContext = ctx["context"]
    now, started = context.now(), 0
    for policy in await due_policies(now):

        async def start(tx: Transaction, policy: RemediationPolicy = policy) -> bool:
            if policy.next_run_at is None or not await claim_policy(policy, now, tx.session):
                return False
            run = RemediationPolicyRun(
                org_id=policy.org_id,
                policy_id=PydanticObjectId(str(policy.id)),
                policy_version=policy.version,
                key=f"schedule:{policy.next_run_at.isoformat()}",
                cause=PolicyCause.SCHEDULE,
                planned_for=policy.next_run_at,
                created_at=now,
            )
            ask_policy_run(tx, await open_policy_run(run, tx.session))
            return True

        started += await context.writer.commit(start)
    for run in await unended_runs(now):

        async def ask(tx: Transaction, run: RemediationPolicyRun = run) -> None:
            ask_policy_run(tx, run)

        await context.writer.commit(ask)
    return started
