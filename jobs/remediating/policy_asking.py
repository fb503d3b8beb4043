"""Asks policies to look for work after a sync and after a round of checks. Where there is none it costs one read."""

from collections.abc import Sequence
from datetime import datetime

from beanie import PydanticObjectId
from bson import ObjectId

from documents.remediation_policy import policies_for
from documents.remediation_policy_run import FailedControl, RemediationPolicyRun, open_policy_run
from documents.sync_run import SyncRun
from documents.transaction import Transaction
from domain.compliance.mending import rules_that_mend
from domain.facts.remediation import PolicyCause, PolicyTrigger
from jobs.queue import ask_findings_look, ask_policy_run


async def ask_after_sync(tx: Transaction, sync: SyncRun) -> None:
    """Have the policies look for findings that are new in this account. In the transaction that stores the findings."""
    for policy in await policies_for(sync.org_id, PolicyTrigger.FINDING, tx.session):
        if policy.covers(sync.account_id):
            ask_findings_look(tx, policy, sync.account_id, ObjectId(str(sync.id)))


async def ask_after_checks(
    tx: Transaction, org_id: PydanticObjectId, failed: Sequence[FailedControl], at: datetime
) -> None:
    """Start the policies that mend what came to fail. In the transaction that stores the checks."""
    if not failed:
        return
    for policy in await policies_for(org_id, PolicyTrigger.CONTROL, tx.session):
        wanted = [
            one
            for one in failed
            if (not policy.control_ids or one.control_id in policy.control_ids)
            and policy.covers(one.account_id)
            and not rules_that_mend(one.control_id).isdisjoint(policy.rule_ids)
        ]
        if wanted:
            run = RemediationPolicyRun(
                org_id=org_id,
                policy_id=PydanticObjectId(str(policy.id)),
                policy_version=policy.version,
                key=f"control:{ObjectId()}",
                cause=PolicyCause.CONTROL,
                planned_for=at,
                controls=wanted,
                created_at=at,
            )
            ask_policy_run(tx, await open_policy_run(run, tx.session))
