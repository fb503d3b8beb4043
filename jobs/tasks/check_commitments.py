"""Looks once a day which commitments end soon: an alert 60, 30 and 7 days before, once each."""

from datetime import date, timedelta
from typing import Any

from beanie import PydanticObjectId

from auth.scope import scope_of_job
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.commitment import CommitmentEnd, commitment_ends
from documents.organization import living_organizations
from documents.transaction import Transaction
from domain.costs.commitments import THRESHOLDS, commitment_key, threshold_of
from domain.facts.severity import Severity
from jobs.context import JobContext

JOB = "check_commitments"
# So near, nothing else can be bought in its place without haste.
URGENT = 7


async def check_commitments(ctx: dict[str, Any]) -> int:
    """Tell every organization of its commitments that end soon; returns how many alerts were raised now."""
    context: JobContext = ctx["context"]
    today, raised = context.now().date(), 0
    for org_id in await living_organizations():
        scope = scope_of_job(JOB, str(org_id))
        for end in await commitment_ends(scope, today, today + timedelta(days=max(THRESHOLDS) + 1)):
            raised += await _tell(context, org_id, end, today)
    return raised


async def _tell(context: JobContext, org_id: PydanticObjectId, end: CommitmentEnd, today: date) -> bool:
    at, left = context.now(), (end.ends_on - today).days
    threshold = threshold_of(left)
    if threshold is None:
        return False

    async def change(tx: Transaction) -> bool:
        is_new = await raise_alert(tx, org_id, _cause(end, threshold, left), at)
        # The nearer one says all that those before it said.
        earlier = [_fingerprint(end, days) for days in THRESHOLDS if days > threshold]
        await resolve_alerts(tx, org_id, earlier, at)
        return is_new

    return await context.writer.commit(change)


def _fingerprint(end: CommitmentEnd, threshold: int) -> str:
    return f"commitment:{commitment_key(end.native_id)}:{end.ends_on}:{threshold}"


def _cause(end: CommitmentEnd, threshold: int, left: int) -> Cause:
    called = end.name or end.native_id
    return Cause(
        fingerprint=_fingerprint(end, threshold),
        source=AlertSource.CHECK,
        severity=Severity.HIGH if threshold <= URGENT else Severity.MEDIUM,
        title=f"Commitment ends in {left} days: {called}" if left else f"Commitment ends today: {called}",
        message=(
            f"{end.native_id} ends on {end.ends_on}. From then on what it covers is paid on demand. Look "
            "at commitments to see how far it is used and what it covers, and decide whether to renew it."
        ),
        resource_native_id=end.native_id,
        category=AlertCategory.FINOPS,
        is_once=True,
    )
