"""Alerts that belong together, raised as detectors raise them, and the incidents that follow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents.alert import AlertCategory, AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from jobs.tasks.dispatch_events import dispatch_events
from tests.factories.tenant import Tenant

ACCOUNT = PydanticObjectId("0123456789abcdef01234567")


def event(name: str, minutes: float = 0, **fields: Any) -> Cause:
    """Something that a provider told of, so many minutes after an hour ago."""
    whole: dict[str, Any] = {
        "source": AlertSource.EVENT,
        "category": AlertCategory.SECOPS,
        "severity": Severity.MEDIUM,
        "account_id": ACCOUNT,
        "occurred_at": an_hour_ago() + timedelta(minutes=minutes),
        **fields,
    }
    return Cause(fingerprint=name, title=name, message="m", **whole)


def an_hour_ago() -> datetime:
    """On the whole minute, so that gaps between causes of one test are what the test says."""
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)


def the_example() -> tuple[Cause, Cause, Cause]:
    """An unusual access key, instances in a region where there were none, and what they cost."""
    place = {"region": "ap-south-2"}
    key = event("Unusual access key", principal="AKIAEXAMPLE", severity=Severity.HIGH, **place)
    machines = event("Instances in a new region", 12, principal="AKIAEXAMPLE", resource_native_id="i-1", **place)
    cost: dict[str, Any] = {"source": AlertSource.ANOMALY, "category": AlertCategory.FINOPS}
    return key, machines, event("Cost jump", 50, **cost, **place)


async def raise_all(backend: Backend, tenant: Tenant, causes: Sequence[Cause]) -> None:
    """Raise these in one transaction, as a sync does."""

    async def change(tx: Transaction) -> None:
        for cause in causes:
            await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(change)


async def follow_up(backend: Backend, tenant: Tenant) -> int:
    """Have what follows from the events of the tenant done; returns how many events that were."""
    return await dispatch_events(options(backend)["ctx"], org_id=tenant.org_id)


async def raised_and_matched(backend: Backend, tenant: Tenant, *causes: Cause) -> None:
    """Both of the above."""
    await raise_all(backend, tenant, causes)
    await follow_up(backend, tenant)


async def stored_incidents(tenant: Tenant) -> list[documents.Incident]:
    """All of a tenant, the oldest first."""
    found = await documents.Incident.list_in(tenant.scope, {})
    return sorted(found, key=lambda incident: incident.number)


async def titles_of(incident: documents.Incident) -> list[str]:
    """What belongs to it, as it happened."""
    rows = documents.IncidentMember.rows().find({"incident_id": incident.id}, sort=[("at", 1), ("_id", 1)])
    return [raw["title"] async for raw in rows]
