"""Looks once a day whether the audit logs are as they were written; an alert tells of one that is not."""

from typing import Any

import structlog
from beanie import PydanticObjectId

from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.audit_key import KeyRing
from documents.audit_verification import verify_chain
from documents.organization import living_organizations
from documents.transaction import Transaction
from domain.audit.chain import Break
from domain.facts.severity import Severity
from jobs.context import JobContext

log = structlog.get_logger()

FINGERPRINT = "audit:chain"
# As the query for it: about a second for each organization. `cloudwatcher verify` checks everything.
MOST_CHECKED = 20_000


async def verify_audit(ctx: dict[str, Any]) -> int:
    """Verify the chain of every organization; returns how many are broken. The alert ends when one is whole again."""
    context: JobContext = ctx["context"]
    broken = 0
    for org_id in await living_organizations():
        try:
            broken += await verify_one(context, org_id)
        except Exception:  # one that cannot be read shall not keep the others from being looked at
            log.exception("audit_not_verified", organization_id=str(org_id))
    return broken


async def verify_one(context: JobContext, org_id: PydanticObjectId) -> bool:
    """Whether the chain of this organization is broken, which an alert says then."""
    keys = KeyRing(key.public for key in context.audit_keys)
    found = (await verify_chain(org_id, keys, at_most=MOST_CHECKED)).broken

    async def change(tx: Transaction) -> None:
        if found is None:
            await resolve_alerts(tx, org_id, [FINGERPRINT], context.now())
        else:
            await raise_alert(tx, org_id, _cause(found), context.now())

    await context.writer.commit(change)
    return found is not None


def _cause(found: Break) -> Cause:
    return Cause(
        fingerprint=FINGERPRINT,
        source=AlertSource.INTEGRATION,
        severity=Severity.CRITICAL,
        title="Audit log is not as it was written",
        message=f"From entry {found.seq} on: {found.problem} The database was changed behind CloudWatcher, or "
        "taken from an older backup. Leave it as it is and compare it with exports: `cloudwatcher verify` checks all.",
    )
