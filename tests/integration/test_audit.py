"""The audit log: in the transaction of the change, in one chain for each organization, whoever meets whom."""

import asyncio
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.audit import Act, acting
from documents.audit_key import is_signed
from documents.transaction import Transaction, commit
from domain.audit.canonical import GENESIS, entry_hash
from domain.audit.seal import head_members
from domain.errors import Conflict
from tests.factories.tenant import Tenant, make_tenant

ACT = Act(action="thing.change", actor="user:1", address="::1", request_id="request-1")


async def chain_of(tenant: Tenant) -> list[dict[str, Any]]:
    rows = documents.AuditEntry.rows()
    return await rows.find({"org_id": tenant.organization.id}, sort=[("seq", 1)]).to_list()


async def head_of(tenant: Tenant) -> dict[str, Any] | None:
    return await documents.AuditHead.get_pymongo_collection().find_one({"_id": tenant.organization.id})


def budget_of(tenant: Tenant, name: str = "b") -> documents.Budget:
    return documents.Budget(org_id=tenant.organization.id, name=name, amount=1, currency="USD", thresholds=[50])


async def test_fifty_changes_at_once_keep_the_chain_whole(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction, number: int) -> None:
        tx.audit(tenant.organization.id, target=f"thing:{number}", before={"n": 0}, after={"n": number})

    with acting(ACT):
        await asyncio.gather(*(backend.writer.commit(lambda tx, n=n: change(tx, n)) for n in range(50)))

    chain = await chain_of(tenant)
    assert [entry["seq"] for entry in chain] == list(range(1, 51))
    assert {entry["target"] for entry in chain} == {f"thing:{number}" for number in range(50)}
    assert [entry["prev_hash"] for entry in chain] == [GENESIS, *(entry["hash"] for entry in chain[:-1])]
    assert all(entry["hash"] == entry_hash(entry) for entry in chain)
    head = await head_of(tenant)
    assert head is not None
    assert (head["last"], head["hash"]) == (50, chain[-1]["hash"])
    members = head_members(tenant.org_id, 50, chain[-1]["hash"])
    assert is_signed(members, head["signature"], backend.keys.audit[0].public)


async def test_a_change_that_fails_leaves_no_entry(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction) -> None:
        tx.audit(tenant.organization.id, target="thing:1")
        raise Conflict("no")

    with acting(ACT), pytest.raises(Conflict):
        await backend.writer.commit(change)

    assert await chain_of(tenant) == []
    assert await head_of(tenant) is None


async def test_an_entry_that_fails_leaves_no_change(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    taken = {"_id": tenant.organization.id, "org_id": tenant.organization.id, "seq": 1}
    await documents.AuditEntry.rows().insert_one(taken)

    async def change(tx: Transaction) -> None:
        await budget_of(tenant).insert(session=tx.session)
        tx.audit(tenant.organization.id, target="budget:1")

    with acting(ACT), pytest.raises(Exception, match="org_seq"):
        await backend.writer.commit(change)

    assert await documents.Budget.find_in(tenant.scope, {}) is None
    assert await head_of(tenant) is None


async def test_an_act_that_says_nothing_of_its_change_is_not_committed(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction) -> None:
        await budget_of(tenant).insert(session=tx.session)

    with acting(ACT), pytest.raises(RuntimeError, match=r"thing\.change"):
        await backend.writer.commit(change)

    assert await documents.Budget.find_in(tenant.scope, {}) is None


async def test_nothing_is_audited_of_nobody_or_without_a_key(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    async def change(tx: Transaction) -> None:
        tx.audit(tenant.organization.id, target="thing:1")

    async def announce(org_id: str, seq: int) -> None: ...

    with pytest.raises(RuntimeError, match="nobody acts"):
        await backend.writer.commit(change)
    with acting(ACT), pytest.raises(RuntimeError, match="no key"):
        await commit(change, announce=announce)

    assert await chain_of(tenant) == []


async def test_nothing_is_audited_in_an_organization_without_an_id(backend: Backend) -> None:
    async def change(tx: Transaction) -> None:
        tx.audit(None, target="thing:1")

    with acting(ACT), pytest.raises(RuntimeError, match="not stored yet"):
        await backend.writer.commit(change)
