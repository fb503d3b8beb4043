"""An organization gets another name, and an end: for everybody at once, and for good."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import OrganizationKind, Role
from documents.base import TenantDocument, utc_now
from documents.every_document import ALL
from documents.organization import find_deleted
from documents.organization_erasure import erased_documents
from documents.vault import SecretLost
from jobs.tasks.erase_organization import erase_organization
from jobs.tasks.keep_house import erase_again
from tests.factories.backlog import forget_job, is_asked
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.rights import act, entries
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.test_costs import job_context

ME = "{ viewer { reach { organization { name managedBy { name } } } } }"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def delete(graph: Graph, tenant: Tenant, name: str | None = None) -> dict[str, Any]:
    fields = {"organizationId": tenant.global_id, "name": name or tenant.organization.name}
    return await act(graph, tenant.token, "deleteOrganization", **fields)


async def erase(backend: Backend, tenant: Tenant) -> int:
    return await erase_organization({"context": job_context(backend)}, org_id=tenant.org_id)


async def left(tenant: Tenant) -> dict[str, int]:
    """Collections with rows of the organization, and how many."""
    rows = {
        one.__name__: await one.get_pymongo_collection().count_documents({"org_id": tenant.organization.id})
        for one in ALL
        if issubclass(one, TenantDocument)
    }
    return {name: count for name, count in rows.items() if count}


async def test_a_new_name_is_seen_by_clients_too(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    client = await make_tenant(backend, managed_by=msp)

    renamed = await act(graph, msp.token, "renameOrganization", organizationId=msp.global_id, name="Fresh")
    seen = (await graph.ask(ME, client.token))["viewer"]["reach"][0]["organization"]

    assert renamed["organization"]["name"] == "Fresh"
    assert seen == {"name": client.organization.name, "managedBy": {"name": "Fresh"}}
    (entry,) = await entries(msp, "organization.rename")
    assert entry["changed"] == ["name"]


async def test_users_neither_rename_nor_delete(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    user = await add_member(backend, tenant.organization, Role.USER)

    renamed = await act(graph, user.token, "renameOrganization", name="Mine")
    deleted = await delete(graph, user)

    assert (renamed["code"], deleted["code"]) == ("FORBIDDEN", "FORBIDDEN")


async def test_deleting_wants_the_name_typed_again_and_a_fresh_sign_in(graph: Graph, tenant: Tenant) -> None:
    wrong = await delete(graph, tenant, "Something else")
    old = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, old)
    await asyncio.sleep(1)
    stale = await delete(graph, tenant)

    assert (wrong["code"], stale["code"]) == ("BAD_USER_INPUT", "STEP_UP_REQUIRED")


async def test_from_its_deletion_on_nobody_holds_anything_in_it(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    tenant = await make_tenant(backend, managed_by=msp)
    user = await add_member(backend, tenant.organization, Role.USER)
    for one in (msp, user):
        await graph.ask(ME, one.token)

    with_clients = await delete(graph, msp)
    done = await delete(graph, tenant)
    again = await delete(graph, tenant)
    reach = [(await graph.ask(ME, one.token))["viewer"]["reach"] for one in (tenant, user, msp)]

    assert (with_clients["code"], again["code"]) == ("CONFLICT", "FORBIDDEN")
    assert done["deletedId"] == tenant.global_id
    assert [len(found) for found in reach] == [0, 0, 1]
    states = await graph.ask("{ clients { nodes { state } } }", msp.token)
    assert states["clients"]["nodes"] == [{"state": "DELETED"}]


async def test_a_deleted_organization_is_erased_but_for_its_log(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    other = await make_tenant(backend)
    await make_holdings(tenant)
    await make_holdings(other)
    await backend.vault.seal(tenant.org_id, "secret")
    keys = backend.database["key_vault"]
    assert await keys.count_documents({"keyAltNames": tenant.org_id}) == 1
    before = await left(other)
    await delete(graph, tenant)

    erased, again = await erase(backend, tenant), await erase(backend, tenant)

    assert erased > 10
    assert again == 0
    assert {name for name in await left(tenant) if not name.startswith("Audit")} == set()
    assert await left(other) == before
    assert await keys.count_documents({"keyAltNames": tenant.org_id}) == 0
    raw = await documents.Organization.get_pymongo_collection().find_one({"_id": tenant.organization.id})
    assert raw is not None
    assert raw["erased_at"] is not None
    assert [entry["actor"] for entry in await entries(tenant, "data_key.shred")] == ["job:erase_organization"]


async def test_a_key_that_a_late_job_has_made_is_shredded_by_the_next_look(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await delete(graph, tenant)
    await erase(backend, tenant)
    late = await backend.vault.seal(tenant.org_id, "late")

    await erase(backend, tenant)

    with pytest.raises(SecretLost):
        await backend.vault.open(late)
    assert len(await entries(tenant, "data_key.shred")) == 1


async def test_an_organization_that_is_not_deleted_is_never_erased(backend: Backend, tenant: Tenant) -> None:
    await make_holdings(tenant)
    before = await left(tenant)

    assert await erase(backend, tenant) == 0
    assert await left(tenant) == before


async def test_an_erasure_whose_job_was_lost_is_asked_for_again(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await delete(graph, tenant)
    job = f"erase_organization:{tenant.org_id}"
    await forget_job(backend, job)

    await erase_again({"context": job_context(backend)})

    assert await is_asked(backend, job)
    assert ObjectId(tenant.org_id) in await find_deleted(utc_now())
    later = utc_now() + timedelta(days=2)
    await erase(backend, tenant)
    assert ObjectId(tenant.org_id) not in await find_deleted(later)


def test_everything_of_a_tenant_is_erased_but_the_audit_log() -> None:
    """Asked of the classes themselves, so that one that nobody has put into the list of collections is missed."""
    stored = {one for one in _below(TenantDocument) if "name" in vars(getattr(one, "Settings", object))}
    kept = stored - set(erased_documents())

    assert {one.__name__ for one in kept if not one.__name__.startswith("Audit")} == set()
    assert {documents.ScimUser, documents.ApiKey, documents.IdentityProvider, documents.VerifiedDomain} <= stored
    assert documents.AuditEntry in kept


def _below(document: type[TenantDocument]) -> set[type[TenantDocument]]:
    """The classes of the product that are such documents, at any depth."""
    below = {one for one in document.__subclasses__() if one.__module__.startswith("documents.")}
    return below.union(*(_below(one) for one in below))
