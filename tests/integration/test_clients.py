"""A provider works in clients for a reason, for a time, on record; and neither sees more of the other than that."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import OrganizationKind, Role
from documents.base import utc_now
from documents.provider_visit import AT_ONCE, tell_clients
from jobs.tasks.record_visits import record_visits
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.rights import act, entries, member_id
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.test_costs import job_context

CLIENTS = """{ clients { totalCount nodes { id name state openAccesses { person reason isAll } } } }"""
ACCESSES = "{ clientAccesses { nodes { id person reason isAll organizationIds createdAt expiresAt endedAt } } }"
VISITS = "{ providerAccesses { totalCount nodes { person reason createdAt expiresAt endedAt organizationId } } }"
REACH = "{ viewer { reach { organization { id managedBy { name } } role permissions isForProvider } } }"
CREATE = """mutation($input: CreateClientInput!) { createClient(input: $input) {
  ... on CreateClientSuccess { organization { id name managedBy { name } } } } }"""


@pytest.fixture
async def msp(backend: Backend) -> Tenant:
    """A provider whose administrator works in no client."""
    tenant = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    await documents.ClientAccess.get_pymongo_collection().delete_many({"user_id": tenant.user.id})
    return tenant


@pytest.fixture
async def client(backend: Backend, msp: Tenant) -> Tenant:
    return await make_tenant(backend, managed_by=msp)


@pytest.fixture
async def other(backend: Backend, msp: Tenant) -> Tenant:
    return await make_tenant(backend, managed_by=msp)


async def enter(graph: Graph, msp: Tenant, *clients: Tenant, **more: Any) -> dict[str, Any]:
    where = {"clientIds": [one.global_id for one in clients]} if clients else {"all": True}
    return await act(graph, msp.token, "enterClients", **{**where, "reason": "ticket 7", "minutes": 30, **more})


async def reached(graph: Graph, tenant: Tenant) -> dict[str, dict[str, Any]]:
    reach = (await graph.ask(REACH, tenant.token))["viewer"]["reach"]
    return {one["organization"]["id"]: one for one in reach}


async def run_job(backend: Backend, msp: Tenant, access_id: str) -> int:
    id = local_id("ClientAccess", access_id)
    return await record_visits({"context": job_context(backend)}, org_id=msp.org_id, access_id=id)


async def test_a_provider_sees_names_of_clients_and_nothing_in_them(
    graph: Graph, msp: Tenant, client: Tenant, other: Tenant
) -> None:
    listed = (await graph.ask(CLIENTS, msp.token))["clients"]

    assert {(one["id"], one["name"], one["state"]) for one in listed["nodes"]} == {
        (one.global_id, one.organization.name, "OPEN") for one in (client, other)
    }
    assert listed["totalCount"] == 2
    assert set(await reached(graph, msp)) == {msp.global_id}


async def test_clients_come_in_pages(graph: Graph, msp: Tenant, client: Tenant, other: Tenant) -> None:
    page = """query($after: Cursor) { clients(first: 1, after: $after) {
      nodes { name } pageInfo { endCursor hasNextPage } } }"""

    one = (await graph.ask(page, msp.token))["clients"]
    two = (await graph.ask(page, msp.token, after=one["pageInfo"]["endCursor"]))["clients"]

    names = sorted([client.organization.name, other.organization.name])
    assert [one["nodes"][0]["name"], two["nodes"][0]["name"]] == names
    assert (one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (True, False)


async def test_entering_gives_the_administrators_rights_in_the_clients_named(
    graph: Graph, msp: Tenant, client: Tenant, other: Tenant
) -> None:
    answer = await enter(graph, msp, client)
    reach = await reached(graph, msp)

    assert answer["access"]["reason"] == "ticket 7"
    assert set(reach) == {msp.global_id, client.global_id}
    assert (reach[client.global_id]["role"], reach[client.global_id]["isForProvider"]) == ("ADMIN", True)
    assert "members:manage" in reach[client.global_id]["permissions"]
    assert "clients:enter" not in reach[client.global_id]["permissions"]
    listed = {one["id"]: one for one in (await graph.ask(CLIENTS, msp.token))["clients"]["nodes"]}
    assert listed[client.global_id]["openAccesses"] == [{"person": msp.user.name, "reason": "ticket 7", "isAll": False}]
    assert listed[other.global_id]["openAccesses"] == []


async def test_a_stay_stands_in_the_logs_of_both_and_the_client_sees_who_came(
    graph: Graph, msp: Tenant, client: Tenant, other: Tenant
) -> None:
    await enter(graph, msp, client, other)

    here = (await graph.ask(VISITS, client.token))["providerAccesses"]

    assert here["totalCount"] == 1
    assert (
        here["nodes"][0].items()
        >= {
            "person": msp.user.name,
            "reason": "ticket 7",
            "endedAt": None,
            "organizationId": client.global_id,
        }.items()
    )
    for tenant, acting_for in ((msp, None), (client, f"organization:{msp.org_id}")):
        (entry,) = await entries(tenant, "clients.enter")
        assert (entry["actor"], entry["acting_for"]) == (f"user:{msp.user.id}", acting_for)


async def test_what_is_done_in_a_client_is_done_for_the_provider(
    graph: Graph, backend: Backend, msp: Tenant, client: Tenant
) -> None:
    user = await add_member(backend, client.organization, Role.USER)
    await enter(graph, msp, client)
    id = await member_id(user)

    await act(graph, msp.token, "changeRole", memberId=id, role="CLIENT_VIEWER")
    await act(graph, client.token, "changeRole", memberId=id, role="USER")

    both = await entries(client, "member.change_role")
    assert [entry["acting_for"] for entry in both] == [f"organization:{msp.org_id}", None]


async def test_leaving_ends_it_at_once_and_stands_in_the_logs(graph: Graph, msp: Tenant, client: Tenant) -> None:
    id = (await enter(graph, msp, client))["access"]["id"]

    left = await act(graph, msp.token, "leaveClients", accessId=id)
    reach = await reached(graph, msp)
    again = await act(graph, msp.token, "leaveClients", accessId=id)
    none = await act(graph, msp.token, "leaveClients")

    assert (left["left"], again["code"], none["code"]) == (1, "NOT_FOUND", "BAD_USER_INPUT")
    assert set(reach) == {msp.global_id}
    assert (await graph.ask(VISITS, client.token))["providerAccesses"]["nodes"][0]["endedAt"] is not None
    (entry,) = await entries(client, "clients.leave")
    assert (entry["acting_for"], entry["changed"]) == (f"organization:{msp.org_id}", ["ended_at"])


async def test_leaving_without_saying_where_leaves_everywhere(
    graph: Graph, msp: Tenant, client: Tenant, other: Tenant
) -> None:
    await enter(graph, msp, client)
    await enter(graph, msp, other)

    left = await act(graph, msp.token, "leaveClients")

    assert left["left"] == 2
    accesses = (await graph.ask(ACCESSES, msp.token))["clientAccesses"]["nodes"]
    assert [one["organizationIds"] for one in accesses] == [[other.global_id], [client.global_id]]
    assert all(one["endedAt"] for one in accesses)


async def test_entering_all_is_told_to_every_client_by_a_job_once(
    graph: Graph, backend: Backend, msp: Tenant, client: Tenant
) -> None:
    rows = [{"_id": ObjectId(), "name": f"c{n}", "kind": "COMPANY", "msp_id": msp.organization.id} for n in range(50)]
    await documents.Organization.get_pymongo_collection().insert_many([{**row, "deleted_at": None} for row in rows])
    id = (await enter(graph, msp))["access"]["id"]

    reach = await reached(graph, msp)
    first, second = await run_job(backend, msp, id), await run_job(backend, msp, id)
    await act(graph, msp.token, "leaveClients")
    third, fourth = await run_job(backend, msp, id), await run_job(backend, msp, id)

    assert len(reach) == 52
    assert (first, second, third, fourth) == (51, 0, 51, 0)
    query = {"org_id": {"$in": [row["_id"] for row in rows]}}
    told = await documents.AuditEntry.rows().find(query).to_list()
    assert len(told) == 100
    assert {(one["action"], one["actor"], one["acting_for"]) for one in told} == {
        (action, f"user:{msp.user.id}", f"organization:{msp.org_id}") for action in ("clients.enter", "clients.leave")
    }
    visits = (await graph.ask(VISITS, client.token))["providerAccesses"]
    assert (visits["totalCount"], visits["nodes"][0]["endedAt"] is None) == (1, False)


async def test_many_named_clients_are_told_by_the_job_too(graph: Graph, backend: Backend, msp: Tenant) -> None:
    ids = [ObjectId() for _ in range(AT_ONCE + 1)]
    row = {"name": "c", "kind": "COMPANY", "msp_id": msp.organization.id, "deleted_at": None}
    await documents.Organization.get_pymongo_collection().insert_many([{"_id": id, **row} for id in ids])
    named = [global_id("Organization", id) for id in ids]

    access = (await act(graph, msp.token, "enterClients", clientIds=named, reason="all hands", minutes=5))["access"]

    assert await run_job(backend, msp, access["id"]) == AT_ONCE + 1
    assert (await act(graph, msp.token, "leaveClients"))["left"] == 1
    assert await run_job(backend, msp, access["id"]) == AT_ONCE + 1


async def test_a_client_opened_during_a_stay_in_all_is_told_by_the_worker(
    graph: Graph, msp: Tenant, worker: None
) -> None:
    await enter(graph, msp)

    made = await graph.ask(CREATE, msp.token, input={"mspId": msp.global_id, "name": "Late"})

    client = made["createClient"]["organization"]
    assert client["managedBy"] == {"name": msp.organization.name}
    query = {"org_id": ObjectId(local_id("Organization", client["id"]))}
    async with asyncio.timeout(60):
        while not await documents.ProviderVisit.rows().count_documents(query):  # noqa: ASYNC110 - the worker does it
            await asyncio.sleep(0.1)


async def test_only_ones_own_clients_can_be_entered(
    graph: Graph, backend: Backend, msp: Tenant, client: Tenant
) -> None:
    stranger = await make_tenant(backend)
    rival = await make_tenant(backend, role=Role.MSP_ADMIN, kind=OrganizationKind.MSP)
    theirs = await make_tenant(backend, managed_by=rival)

    answers = [
        await enter(graph, msp, stranger),
        await enter(graph, msp, client, theirs),
        await act(
            graph, msp.token, "enterClients", clientIds=[global_id("Organization", "x")], reason="why", minutes=1
        ),
    ]

    assert {one["code"] for one in answers} == {"NOT_FOUND"}
    assert set(await reached(graph, msp)) == {msp.global_id}


@pytest.mark.parametrize(
    "fields",
    [
        {"all": False},
        {"minutes": 721},
        {"minutes": 0},
        {"reason": ""},
        {"clientIds": [], "all": False},
        {"clientIds": ["T3JnYW5pemF0aW9uOjE"], "all": True},
    ],
    ids=str,
)
async def test_a_stay_has_a_place_a_reason_and_an_end(graph: Graph, msp: Tenant, fields: dict[str, Any]) -> None:
    assert (await enter(graph, msp, **fields))["code"] == "BAD_USER_INPUT"


async def test_entering_takes_a_fresh_sign_in_and_the_role(graph: Graph, backend: Backend, msp: Tenant) -> None:
    plain = await add_member(backend, msp.organization, Role.ADMIN)
    old = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}

    refused = await enter(graph, plain)
    await documents.Session.get_pymongo_collection().update_many({"user_id": msp.user.id}, old)
    stale = await enter(graph, msp)

    assert (refused["code"], stale["code"]) == ("FORBIDDEN", "STEP_UP_REQUIRED")


async def test_a_stay_ends_with_the_membership_at_the_provider(
    graph: Graph, backend: Backend, msp: Tenant, client: Tenant
) -> None:
    colleague = await add_member(backend, msp.organization, Role.MSP_ADMIN)
    assert client.global_id in await reached(graph, colleague)

    await act(graph, msp.token, "endMemberSessions", memberId=await member_id(colleague))
    cut_off = await reached(graph, colleague)
    await act(graph, msp.token, "deactivateMember", memberId=await member_id(colleague))
    deactivated = await reached(graph, colleague)

    assert (cut_off, deactivated) == ({}, {})


async def test_a_stay_is_over_for_good_when_the_role_is_lost(
    graph: Graph, backend: Backend, msp: Tenant, client: Tenant
) -> None:
    colleague = await add_member(backend, msp.organization, Role.MSP_ADMIN)
    await documents.ClientAccess.get_pymongo_collection().delete_many({"user_id": colleague.user.id})
    access = (await enter(graph, colleague, client))["access"]["id"]
    member = await member_id(colleague)

    for role in ("USER", "MSP_ADMIN"):
        await act(graph, msp.token, "changeRole", memberId=member, role=role)
    written = await run_job(backend, msp, access)
    await asyncio.sleep(1)

    assert set(await reached(graph, colleague)) == {msp.global_id}
    assert written == 1
    assert (await graph.ask(VISITS, client.token))["providerAccesses"]["nodes"][0]["endedAt"] is not None
    assert [entry["target"].split(":")[0] for entry in await entries(msp, "member.change_role")] == [
        "access",
        "member",
        "member",
    ]


async def test_what_the_provider_asks_of_sessions_holds_in_clients_too(
    graph: Graph, backend: Backend, client: Tenant, msp: Tenant
) -> None:
    colleague = await add_member(backend, msp.organization, Role.MSP_ADMIN)
    organizations = documents.Organization.get_pymongo_collection()

    await organizations.update_one({"_id": msp.organization.id}, {"$set": {"requires_second_factor": True}})

    assert client.global_id not in await reached(graph, colleague)


async def test_a_providers_administrator_cannot_become_a_member_of_a_client(
    graph: Graph, msp: Tenant, client: Tenant
) -> None:
    await enter(graph, msp, client)

    fields = {"organizationId": client.global_id, "email": msp.user.email, "role": "ADMIN"}

    assert (await act(graph, msp.token, "invite", **fields))["code"] == "FORBIDDEN"


async def test_a_client_sees_its_providers_name_and_nothing_else_of_it(
    graph: Graph, msp: Tenant, client: Tenant, other: Tenant
) -> None:
    await enter(graph, msp)

    asked = {
        name: (await graph.send(query, client.token))
        for name, query in {"clients": CLIENTS, "accesses": ACCESSES, "visits": VISITS, "reach": REACH}.items()
    }

    codes = {name: body["errors"][0]["extensions"]["code"] for name, body in asked.items() if body.get("errors")}
    assert codes == {"clients": "FORBIDDEN", "accesses": "FORBIDDEN"}
    (reach,) = asked["reach"]["data"]["viewer"]["reach"]
    assert reach["organization"]["managedBy"] == {"name": msp.organization.name}
    said = str(asked["visits"]) + str(asked["reach"])
    assert other.organization.name not in said
    assert other.global_id not in said
    assert msp.user.email not in said
    assert msp.org_id not in said


async def test_a_stay_is_told_to_a_client_by_somebody_only(backend: Backend, msp: Tenant, client: Tenant) -> None:
    access = documents.ClientAccess(
        user_id=msp.user.id, msp_id=msp.organization.id, client_ids=None, reason="r", expires_at=utc_now()
    )

    with pytest.raises(RuntimeError, match="nobody acts"):
        await backend.writer.commit(lambda tx: tell_clients(tx, access, [PydanticObjectId()]))
