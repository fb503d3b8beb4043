"""What is looked at once a day: API keys that end soon, and audit logs that are not as they were written."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import documents
from app.wiring import Backend
from app.worker import options
from documents.api_key import fingerprint
from documents.audit import Act, acting
from documents.base import utc_now
from documents.organization import living_organizations, mark_deleted
from documents.transaction import Transaction
from jobs.context import JobContext
from jobs.tasks import verify_audit as audit
from jobs.tasks.check_api_keys import check_api_keys
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.machine import Machine, add_key, make_machine
from tests.factories.tenant import Tenant, make_tenant


def job(backend: Backend) -> JobContext:
    context: JobContext = options(backend)["ctx"]["context"]
    return context


async def checked(backend: Backend, *, days_on: int = 0) -> None:
    context = job(backend)
    now = context.now
    object.__setattr__(context, "now", lambda: now() + timedelta(days=days_on))
    await check_api_keys({"context": context})


async def state_of(tenant: Tenant, name: str) -> str | None:
    alert = await documents.Alert.find_in(tenant.scope, {"fingerprint": name})
    return None if alert is None else alert.state.value


async def made_long_ago(machine: Machine) -> Machine:
    """As one of which most of the time is over."""
    long_ago = utc_now() - timedelta(days=80)
    await documents.ApiKey.rows().update_one({"_id": machine.key.id}, {"$set": {"created_at": long_ago}})
    return machine


async def ending(tenant: Tenant, *, days: float = 6, name: str = "machine") -> Machine:
    return await made_long_ago(await make_machine(tenant, "costs:read", name=name, lifetime=timedelta(days=days)))


async def test_a_key_that_ends_within_a_week_raises_one_alert(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    soon, later = await ending(tenant), await ending(tenant, days=8, name="later")

    await checked(backend)
    await checked(backend)

    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    assert alert.fingerprint == fingerprint(soon.key.id) != fingerprint(later.key.id)
    assert (alert.source, alert.category, alert.severity, alert.state) == (
        "INTEGRATION",
        "OPERATIONS",
        "MEDIUM",
        "OPEN",
    )
    assert alert.title == "API key ends soon: machine"
    assert f"{soon.key.expires_at:%Y-%m-%d %H:%M} UTC" in alert.message
    assert soon.token not in alert.message
    assert alert.times_raised == 1


async def test_keys_that_end_as_they_should_or_are_not_used_raise_none(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await make_machine(tenant, "costs:read", name="for a day")
    disabled, revoked = await ending(tenant, name="disabled"), await ending(tenant, name="revoked")
    await documents.ServiceAccount.rows().update_one({"_id": disabled.account.id}, {"$set": {"disabled_at": utc_now()}})
    await documents.ApiKey.rows().update_one({"_id": revoked.key.id}, {"$set": {"revoked_at": utc_now()}})

    await checked(backend)

    assert await documents.Alert.list_in(tenant.scope, {}) == []


@pytest.mark.parametrize("mutation", ["rotateApiKey", "revokeApiKey", "deleteServiceAccount"])
async def test_the_alert_ends_with_the_key_that_is_replaced_or_gone(
    graph: Graph, backend: Backend, mutation: str
) -> None:
    tenant = await make_tenant(backend)
    machine, other = await ending(tenant), await ending(tenant, name="other")
    await checked(backend)
    is_account = mutation == "deleteServiceAccount"
    id = global_id("ServiceAccount", machine.account.id) if is_account else global_id("ApiKey", machine.key.id)
    input = "ServiceAccountInput" if is_account else f"{mutation[0].upper()}{mutation[1:]}Input"

    document = f"mutation($input: {input}!) {{ {mutation}(input: $input) {{ __typename }} }}"
    answer = (await graph.ask(document, tenant.token, input={"id": id}))[mutation]
    await checked(backend)

    assert answer["__typename"].endswith("Success")
    assert await state_of(tenant, fingerprint(machine.key.id)) == "RESOLVED"
    assert await state_of(tenant, fingerprint(other.key.id)) == "OPEN"


async def test_the_alert_ends_when_the_key_has_ended(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    machine = await ending(tenant)
    follower = await made_long_ago(await add_key(machine.account, lifetime=timedelta(days=11)))
    await checked(backend)

    await checked(backend, days_on=7)

    assert await state_of(tenant, fingerprint(machine.key.id)) == "RESOLVED"
    assert await state_of(tenant, fingerprint(follower.key.id)) == "OPEN"


async def test_an_audit_log_that_was_changed_raises_an_alert_until_it_is_whole_again(backend: Backend) -> None:
    tenant, other = await make_tenant(backend), await make_tenant(backend)

    async def write(tx: Transaction) -> None:
        for one in (tenant, other):
            tx.audit(one.organization.id, target="thing:1")

    with acting(Act(action="thing.change", actor="user:1")):
        await backend.writer.commit(write)
    entries = documents.AuditEntry.rows()
    first: dict[str, Any] = await entries.find_one({"org_id": tenant.organization.id, "seq": 1}) or {}
    await entries.update_one({"_id": first["_id"]}, {"$set": {"actor": "user:somebody-else"}})

    assert await audit.verify_audit({"context": job(backend)}) >= 1
    alert = await documents.Alert.find_in(tenant.scope, {"fingerprint": audit.FINGERPRINT})
    await entries.update_one({"_id": first["_id"]}, {"$set": {"actor": first["actor"]}})
    still_broken = await audit.verify_one(job(backend), tenant.organization.id)

    assert alert is not None
    assert (alert.source, alert.category, alert.severity) == ("INTEGRATION", "OPERATIONS", "CRITICAL")
    assert "From entry 1 on:" in alert.message
    assert not still_broken
    assert await state_of(tenant, audit.FINGERPRINT) == "RESOLVED"
    assert await state_of(other, audit.FINGERPRINT) is None


async def test_one_log_that_cannot_be_read_does_not_keep_the_others_from_being_looked_at(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, unreadable = await make_tenant(backend), await make_tenant(backend)
    looked_at = []

    async def verify(_: JobContext, org_id: Any) -> bool:
        if org_id == unreadable.organization.id:
            raise RuntimeError("away")
        looked_at.append(org_id)
        return org_id == tenant.organization.id

    async def both() -> list[Any]:
        return [unreadable.organization.id, tenant.organization.id]

    monkeypatch.setattr(audit, "verify_one", verify)
    monkeypatch.setattr(audit, "living_organizations", both)

    assert await audit.verify_audit({"context": job(backend)}) == 1
    assert looked_at == [tenant.organization.id]


async def test_deleted_organizations_are_not_looked_at(backend: Backend) -> None:
    tenant, deleted = await make_tenant(backend), await make_tenant(backend)
    at: datetime = utc_now()
    await backend.writer.commit(lambda tx: mark_deleted(deleted.organization.id, at, tx.session))

    living = await living_organizations()

    assert tenant.organization.id in living
    assert deleted.organization.id not in living
