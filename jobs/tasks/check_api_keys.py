"""Looks once a day which API keys end soon; an alert tells of each until it was replaced or is gone."""

from typing import Any

from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.api_key import ApiKey, ending_keys, fingerprint
from documents.service_account import ServiceAccount, enabled_accounts
from documents.transaction import Transaction
from domain.facts.severity import Severity
from jobs.context import JobContext


async def check_api_keys(ctx: dict[str, Any]) -> int:
    """Raise or end the alert of every key whose end is near or was lately; returns how many are raised."""
    context: JobContext = ctx["context"]
    at, raised = context.now(), 0
    keys = await ending_keys(at)
    accounts = await enabled_accounts({key.service_account_id for key in keys})
    for key in keys:
        account = accounts.get(key.service_account_id)

        async def change(tx: Transaction, key: ApiKey = key, account: ServiceAccount | None = account) -> bool:
            fresh = await key.fresh(tx.session)
            if account is None or fresh is None or not fresh.must_be_replaced(at):
                await resolve_alerts(tx, key.org_id, [fingerprint(key.id)], at)
                return False
            await raise_alert(tx, key.org_id, _cause(fresh, account), at)
            return True

        raised += await context.writer.commit(change)
    return raised


def _cause(key: ApiKey, account: ServiceAccount) -> Cause:
    return Cause(
        fingerprint=fingerprint(key.id),
        source=AlertSource.INTEGRATION,
        severity=Severity.MEDIUM,
        title=f"API key ends soon: {account.name}",
        message=f'The key "{key.name}" ends at {key.expires_at:%Y-%m-%d %H:%M} UTC, and what uses it is refused from '
        "then on. Replace it with rotateApiKey and give the program the new one.",
    )
