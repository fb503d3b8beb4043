"""Owners of controls: who answers, who stands in, who signs off, and what the control about it sees of them."""

from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from domain.compliance.answers import NotOffered
from jobs.checking.own import own_subjects
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, add_member, make_tenant

OWNERS = "platform:control_owners"
SET = """mutation($input: SetControlOwnerInput!) { setControlOwner(input: $input) {
  ... on SetControlOwnerSuccess { ownership { owners { controlId role userId } } } ... on UserError { message } } }"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def member_id(tenant: Tenant) -> str:
    member = await documents.Membership.find_in(tenant.scope, {"user_id": tenant.user.id})
    assert member is not None
    return global_id("Member", member.id)


async def give(graph: Graph, tenant: Tenant, role: str, member: str | None, *control_ids: str) -> dict[str, Any]:
    input = {"controlIds": list(control_ids), "role": role, "memberId": member}
    found: dict[str, Any] = (await graph.ask(SET, tenant.token, input=input))["setControlOwner"]
    return found


async def rows(backend: Backend, tenant: Tenant) -> list[dict[str, Any]]:
    platform, _ = own_subjects(context_of(backend), tenant.scope, utc_now())
    (call,) = await platform.calls._read(OWNERS)
    found: list[dict[str, Any]] = call.pages[0]
    return found


async def test_owners_are_what_the_control_about_them_judges(backend: Backend, graph: Graph, tenant: Tenant) -> None:
    other = await add_member(backend, tenant.organization, Role.USER)

    with pytest.raises(NotOffered):
        await rows(backend, tenant)
    await give(graph, tenant, "OWNER", await member_id(tenant), "CW-IAM-01", "CW-IAM-02")
    answer = await give(graph, tenant, "BACKUP", await member_id(other), "CW-IAM-01")

    assert [(one["role"], one["userId"]) for one in answer["ownership"]["owners"]] == [
        ("BACKUP", global_id("User", other.user.id)),
        ("OWNER", global_id("User", tenant.user.id)),
    ]
    first, second = await rows(backend, tenant)
    assert first == {
        "control_id": "CW-IAM-01",
        "owner_user_id": str(tenant.user.id),
        "owner_email": tenant.user.email,
        "owner_is_active": True,
        "backup_user_id": str(other.user.id),
        "tester_user_id": None,
        "overdue_actions": 0,
    }
    assert (second["control_id"], second["backup_user_id"]) == ("CW-IAM-02", None)


async def test_an_owner_who_has_left_is_known_and_not_active(backend: Backend, graph: Graph, tenant: Tenant) -> None:
    other = await add_member(backend, tenant.organization, Role.USER)
    await give(graph, tenant, "OWNER", await member_id(other), "CW-IAM-01")
    await documents.Membership.rows().update_one({"user_id": other.user.id}, {"$set": {"deactivated_at": utc_now()}})

    again = await give(graph, tenant, "TESTER", await member_id(other), "CW-IAM-01")
    (row,) = await rows(backend, tenant)

    assert (row["owner_email"], row["owner_is_active"]) == (other.user.email, False)
    assert "no such member" in again["message"]


async def test_a_role_is_given_on_and_taken_away(graph: Graph, tenant: Tenant) -> None:
    await give(graph, tenant, "OWNER", await member_id(tenant), "CW-IAM-01", "CW-IAM-02")

    left = await give(graph, tenant, "OWNER", None, "CW-IAM-01")
    unknown = await give(graph, tenant, "OWNER", None, "CW-NON-01")
    filter = {"userId": global_id("User", tenant.user.id), "controlIds": ["CW-IAM-01", "CW-IAM-02"]}
    text = "query($filter: ControlOwnerFilter) { controlOwners(filter: $filter) { nodes { controlId role since } } }"
    found = (await graph.ask(text, tenant.token, filter=filter))["controlOwners"]["nodes"]

    assert left["ownership"]["owners"] == []
    assert unknown["message"] == "There is no such control as CW-NON-01."
    assert [(one["controlId"], one["role"]) for one in found] == [("CW-IAM-02", "OWNER")]
