"""Looks once a day which exceptions of controls end soon; an alert tells of each until it has ended or is revoked."""

from typing import Any

from documents.alert import AlertCategory, AlertSource, Cause, raise_alert, resolve_alerts
from documents.control_exception import ControlException, ending_exceptions, fingerprint, fresh_exception
from documents.transaction import Transaction
from domain.facts.severity import Severity
from jobs.context import JobContext


async def check_exceptions(ctx: dict[str, Any]) -> int:
    """Raise or end the alert of every exception whose end is near or was lately; returns how many are raised."""
    context: JobContext = ctx["context"]
    at, raised = context.now(), 0
    for exception in await ending_exceptions(at):

        async def change(tx: Transaction, exception: ControlException = exception) -> bool:
            fresh = await fresh_exception(exception.id, tx.session)
            if fresh is None or not fresh.is_ending(at):
                await resolve_alerts(tx, exception.org_id, [fingerprint(exception.id)], at)
                return False
            await raise_alert(tx, fresh.org_id, _cause(fresh), at)
            return True

        raised += await context.writer.commit(change)
    return raised


def _cause(exception: ControlException) -> Cause:
    what = f"{len(exception.resources)} resources" if exception.resources else "everything in an account"
    return Cause(
        fingerprint=fingerprint(exception.id),
        source=AlertSource.CHECK,
        severity=Severity.MEDIUM,
        category=AlertCategory.COMPLIANCE,
        title=f"An exception of {exception.control_id} ends soon",
        message=f"It covers {what} until {exception.ends_at:%Y-%m-%d %H:%M} UTC. What still fails then fails the "
        "control: mend it, or ask for another exception with requestControlException.",
        account_id=exception.account_id,
    )
