"""Setting up an organization's own identity provider."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents import OrganizationKind, Role
from jobs.tasks.check_identity_provider import check_identity_provider
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.crooked_provider import CrookedProvider, crooked_provider
from tests.integration.sign_in_house import own_domain

FIELDS = """id name issuer clientId createsMembers defaultRole isEnforced checkedAt problem version callbackPath
  startPath organizationId roleMappings { claim value role customRoleId }"""
CREATE = (
    "mutation($input: CreateIdentityProviderInput!) { createIdentityProvider(input: $input) {"
    f" ... on CreateIdentityProviderSuccess {{ identityProvider {{ {FIELDS} }} }}"
    " ... on UserError { code path message } } }"
)
UPDATE = (
    "mutation($input: UpdateIdentityProviderInput!) { updateIdentityProvider(input: $input) {"
    f" ... on UpdateIdentityProviderSuccess {{ identityProvider {{ {FIELDS} }} }}"
    " ... on UserError { code path message } } }"
)
DELETE = "mutation($i: IdentityProviderInput!) { deleteIdentityProvider(input: $i) { __typename } }"
TEST = "mutation($i: IdentityProviderInput!) { testIdentityProvider(input: $i) { __typename } }"
LIST = f"{{ identityProviders {{ nodes {{ {FIELDS} }} totalCount }} }}"
ISSUER = "https://login.example.com/tenant/"
SECRET = "the-secret-of-the-client"
INPUT = {"name": "Login", "issuer": ISSUER, "clientId": "cloudwatcher", "clientSecret": SECRET}


@pytest.fixture
async def provider() -> AsyncIterator[CrookedProvider]:
    async with crooked_provider() as running:
        yield running


async def created(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.ask(CREATE, tenant.token, input={**INPUT, **fields}))[
        "createIdentityProvider"
    ]
    return answer.get("identityProvider", answer)


async def updated(graph: Graph, tenant: Tenant, id: str, **fields: Any) -> dict[str, Any]:
    sent = {"identityProviderId": id, **fields}
    answer: dict[str, Any] = (await graph.ask(UPDATE, tenant.token, input=sent))["updateIdentityProvider"]
    return answer.get("identityProvider", answer)


async def check(backend: Backend, tenant: Tenant, id: str) -> str | None:
    ctx = options(backend)["ctx"]
    return await check_identity_provider(ctx, org_id=tenant.org_id, provider_id=local_id("IdentityProvider", id))


async def test_a_provider_is_set_up_listed_changed_and_taken_away(graph: Graph, backend: Backend):
    tenant = await make_tenant(backend)
    mapping = {"claim": "groups", "value": "admins", "role": "ADMIN", "customRoleId": None}

    made = await created(graph, tenant, createsMembers=True, roleMappings=[mapping])
    changed = await updated(graph, tenant, made["id"], name="Other", expectedVersion=1, roleMappings=[])
    listed = (await graph.ask(LIST, tenant.token))["identityProviders"]
    await graph.ask(DELETE, tenant.token, i={"identityProviderId": made["id"]})
    left = (await graph.ask(LIST, tenant.token))["identityProviders"]

    key = local_id("IdentityProvider", made["id"])
    assert made["issuer"] == ISSUER
    assert made["callbackPath"] == f"/auth/{key}/callback"
    assert made["startPath"] == f"/auth/{key}/start"
    assert made["roleMappings"] == [mapping]
    assert (changed["name"], changed["version"], changed["roleMappings"]) == ("Other", 2, [])
    assert listed["nodes"] == [changed]
    assert left["nodes"] == []


async def test_its_secret_is_stored_sealed_and_shown_to_nobody(graph: Graph, backend: Backend):
    tenant = await make_tenant(backend)

    made = await created(graph, tenant)

    id = ObjectId(local_id("IdentityProvider", made["id"]))
    raw = await documents.IdentityProvider.rows().find_one({"_id": id})
    assert raw is not None
    assert SECRET not in str(raw)
    assert await backend.vault.open(raw["client_secret"]) == SECRET
    assert SECRET not in str(made)
    await updated(graph, tenant, made["id"], clientSecret="another-secret")
    raw = await documents.IdentityProvider.rows().find_one({"_id": id})
    assert raw is not None
    assert await backend.vault.open(raw["client_secret"]) == "another-secret"


async def test_a_name_is_taken_once_and_an_older_version_is_not_changed(graph: Graph, backend: Backend):
    tenant = await make_tenant(backend)
    made = await created(graph, tenant)
    other = await created(graph, tenant, name="Other")

    again = await created(graph, tenant)
    renamed = await updated(graph, tenant, other["id"], name="Login")
    late = await updated(graph, tenant, made["id"], name="New", expectedVersion=7)

    assert [one["code"] for one in (again, renamed, late)] == ["CONFLICT"] * 3


@pytest.mark.parametrize(
    "issuer", ["http://login.example.com", "https://user:pass@login.example.com", "nothing at all"]
)
async def test_an_issuer_that_cannot_be_trusted_is_refused(graph: Graph, backend: Backend, issuer: str):
    tenant = await make_tenant(backend)
    made = await created(graph, tenant)

    for refused in (
        await created(graph, tenant, issuer=issuer),
        await updated(graph, tenant, made["id"], issuer=issuer),
    ):
        assert refused["path"] == ["input", "issuer"]


async def test_a_provider_gives_the_role_of_a_managed_service_provider_only_there(graph: Graph, backend: Backend):
    company = await make_tenant(backend)
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)

    refused = await created(graph, company, defaultRole="MSP_ADMIN")
    made = await created(graph, msp, defaultRole="MSP_ADMIN")

    assert refused["path"] == ["input", "roleMappings"]
    assert made["defaultRole"] == "MSP_ADMIN"


async def keeper_of_identity(backend: Backend, tenant: Tenant) -> Tenant:
    """A member who may manage identity providers, and nothing else."""
    modest = documents.CustomRole(org_id=tenant.organization.id, name="Identity", permissions=["identity:manage"])
    await modest.insert()
    keeper = await add_member(backend, tenant.organization, Role.USER)
    await documents.Membership.get_pymongo_collection().update_one(
        {"user_id": keeper.user.id}, {"$set": {"custom_role_id": modest.id}}
    )
    return keeper


async def test_a_provider_that_could_let_anybody_in_takes_somebody_who_holds_everything(graph: Graph, backend: Backend):
    tenant = await make_tenant(backend)
    keeper = await keeper_of_identity(backend, tenant)
    made = await created(graph, tenant, defaultRole="ADMIN")

    moved = {"identityProviderId": made["id"], "issuer": "https://login.example.net"}
    new = await graph.refused(CREATE, keeper.token, input={**INPUT, "name": "Mine"})
    changed = await graph.refused(UPDATE, keeper.token, input=moved)

    assert [errors[0]["extensions"]["code"] for errors in (new, changed)] == ["FORBIDDEN", "FORBIDDEN"]
    stored = await documents.IdentityProvider.rows().find_one({"org_id": tenant.organization.id})
    assert stored is not None
    assert stored["issuer"] == ISSUER


async def test_an_administrator_of_a_provider_sets_up_no_way_to_come_in_as_who_enters_clients(
    graph: Graph, backend: Backend
):
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    admin = await add_member(backend, msp.organization, Role.ADMIN)

    errors = await graph.refused(CREATE, admin.token, input=INPUT)

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert "clients:enter" in errors[0]["message"]


async def test_a_mapping_gives_a_role_of_the_organizations_own_but_not_to_administrators(
    graph: Graph, backend: Backend
):
    tenant = await make_tenant(backend)
    grand = documents.CustomRole(org_id=tenant.organization.id, name="Grand", permissions=["budgets:write"])
    await grand.insert()
    id = global_id("CustomRole", grand.id)

    def mapping(role: str) -> list[dict[str, Any]]:
        return [{"claim": "groups", "value": "x", "role": role, "customRoleId": id}]

    made = await created(graph, tenant, roleMappings=mapping("CLIENT_VIEWER"))
    refused = await created(graph, tenant, name="Other", roleMappings=mapping("ADMIN"))

    assert made["roleMappings"][0]["customRoleId"] == id
    assert refused["path"] == ["input", "roleMappings"]


async def test_a_check_tells_what_is_wrong_and_enforcing_takes_one_without(
    graph: Graph, backend: Backend, provider: CrookedProvider
):
    tenant = await make_tenant(backend)
    made = await created(graph, tenant, issuer=provider.url)
    wrong = await created(graph, tenant, name="Wrong", issuer=provider.url + "/")

    untested = await updated(graph, tenant, made["id"], isEnforced=True)
    problems = [await check(backend, tenant, one["id"]) for one in (made, wrong)]
    without_domain = await updated(graph, tenant, made["id"], isEnforced=True)
    await own_domain(tenant, f"d{ObjectId()}.example.com")
    broken = await updated(graph, tenant, wrong["id"], isEnforced=True)
    enforced = await updated(graph, tenant, made["id"], isEnforced=True)
    moved = await updated(graph, tenant, made["id"], issuer=ISSUER, defaultRole="CLIENT_VIEWER")

    assert problems[0] is None
    assert "does not describe" in (problems[1] or "")
    assert [one["path"] for one in (untested, without_domain, broken)] == [["input", "isEnforced"]] * 3
    assert enforced["isEnforced"] is True
    assert (moved["isEnforced"], moved["checkedAt"], moved["defaultRole"]) == (False, None, "CLIENT_VIEWER")


async def test_a_check_can_be_asked_for_and_one_of_a_provider_that_is_gone_finds_nothing(
    graph: Graph, backend: Backend
):
    tenant = await make_tenant(backend)
    made = await created(graph, tenant)

    asked = await graph.ask(TEST, tenant.token, i={"identityProviderId": made["id"]})
    gone = await check(backend, tenant, global_id("IdentityProvider", ObjectId()))

    assert asked["testIdentityProvider"]["__typename"] == "TestIdentityProviderSuccess"
    assert gone is None
