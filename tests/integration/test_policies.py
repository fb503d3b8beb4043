"""Policies: written, approved by somebody else, acknowledged by members, and what the control about them sees."""

from datetime import timedelta
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


def change(verb: str) -> str:
    """A mutation of policies, whose answer is called `done`."""
    policy = "policy { id name newest inForce version approvedBy }"
    said = f"... on {verb}Success {{ {policy} }} ... on UserError {{ message }}"
    field = f"{verb[0].lower()}{verb[1:]}"
    return f"mutation($input: {verb}Input!) {{ done: {field}(input: $input) {{ {said} }} }}"


CREATE, WRITE, APPROVE, ARCHIVE, ACKNOWLEDGE = map(
    change, ("CreatePolicy", "WritePolicyVersion", "ApprovePolicy", "ArchivePolicy", "AcknowledgePolicy")
)
BINDING = "{ policiesToAcknowledge { name number text acknowledgedAt } }"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def other(backend: Backend, tenant: Tenant) -> Tenant:
    return await add_member(backend, tenant.organization, Role.ADMIN)


async def do(graph: Graph, tenant: Tenant, mutation: str, **input: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(mutation, tenant.token, input=input))["done"]
    return found


async def create(graph: Graph, tenant: Tenant, name: str = "Access") -> str:
    id: str = (await do(graph, tenant, CREATE, name=name, text="Ask first."))["policy"]["id"]
    return id


async def approve(graph: Graph, tenant: Tenant, id: str, number: int = 1, days: int = 300) -> dict[str, Any]:
    review = (utc_now() + timedelta(days=days)).isoformat()
    return await do(graph, tenant, APPROVE, policyId=id, number=number, nextReviewAt=review)


async def rows(backend: Backend, tenant: Tenant, operation: str) -> list[dict[str, Any]]:
    platform, _ = own_subjects(context_of(backend), tenant.scope, utc_now())
    (call,) = await platform.calls._read(f"platform:{operation}")
    found: list[dict[str, Any]] = call.pages[0]
    return found


async def test_a_policy_is_in_force_once_somebody_else_has_approved_it(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    with pytest.raises(NotOffered):
        await rows(backend, tenant, "policies")
    id = await create(graph, tenant)
    (before,) = await rows(backend, tenant, "policies")
    with pytest.raises(NotOffered):
        await rows(backend, tenant, "policy_acknowledgements")

    own = await approve(graph, tenant, id)
    done = await approve(graph, other, id)
    (after,) = await rows(backend, tenant, "policies")

    assert (before["version"], before["approved_at"], before["is_required"]) == ("0", None, True)
    assert own["message"] == "Somebody else must approve it than who has written it."
    assert (done["policy"]["inForce"], done["policy"]["approvedBy"]) == (1, global_id("User", other.user.id))
    assert (after["version"], after["approved_by"]) == ("1", str(other.user.id))
    assert after["next_review_at"] - after["approved_at"] > timedelta(days=299)


async def test_every_member_acknowledges_each_version_that_comes_into_force(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    viewer = await add_member(backend, tenant.organization, Role.CLIENT_VIEWER)
    id = await create(graph, tenant)
    early = await do(graph, viewer, ACKNOWLEDGE, policyId=id, number=1)
    await approve(graph, other, id)

    (unread,) = (await graph.ask(BINDING, viewer.token))["policiesToAcknowledge"]
    for _ in range(2):  # once more changes nothing
        await do(graph, viewer, ACKNOWLEDGE, policyId=id, number=1)
    (read,) = (await graph.ask(BINDING, viewer.token))["policiesToAcknowledge"]
    (first,) = await rows(backend, tenant, "policy_acknowledgements")
    await do(graph, tenant, WRITE, policyId=id, text="Ask twice.")
    await approve(graph, other, id, number=2)
    (second,) = await rows(backend, tenant, "policy_acknowledgements")

    assert early["message"] == "This version is not in force."
    assert (unread["text"], unread["acknowledgedAt"]) == ("Ask first.", None)
    assert read["acknowledgedAt"] is not None
    emails = sorted(one.user.email for one in (tenant, other, viewer))
    assert first == {
        "policy": "Access",
        "version": "1",
        "acknowledged": 1,
        "required": 3,
        "required_emails": emails,
    }
    assert (second["version"], second["acknowledged"]) == ("2", 0)


async def test_a_policy_of_others_is_not_there_to_be_acknowledged(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    id = await create(graph, tenant)
    await approve(graph, other, id)
    stranger = await make_tenant(backend)

    answer = await do(graph, stranger, ACKNOWLEDGE, policyId=id, number=1)

    assert "no such policy" in answer["message"]
    assert (await graph.ask(BINDING, stranger.token))["policiesToAcknowledge"] == []


async def test_versions_are_listed_and_older_ones_do_not_come_back(graph: Graph, tenant: Tenant, other: Tenant) -> None:
    id = await create(graph, tenant)
    await do(graph, tenant, WRITE, policyId=id, text="Ask twice.")
    await approve(graph, other, id, number=2)

    older = await approve(graph, other, id, number=1)
    unknown = await approve(graph, other, id, number=3)
    late = await approve(graph, other, id, number=2, days=367)
    again = await approve(graph, other, id, number=2)
    text = "query($id: ID!) { policyVersions(policyId: $id) { nodes { number text approvedAt } } }"
    versions = (await graph.ask(text, tenant.token, id=id))["policyVersions"]["nodes"]

    assert older["message"] == "A newer version is in force."
    assert "no such version" in unknown["message"]
    assert late["message"] == "It must be reviewed again within 366 days."
    assert again["policy"]["inForce"] == 2
    assert [(one["number"], one["approvedAt"] is None) for one in versions] == [(2, False), (1, True)]


async def test_what_was_put_away_is_neither_judged_nor_changed(
    backend: Backend, graph: Graph, tenant: Tenant, other: Tenant
) -> None:
    id = await create(graph, tenant)
    same = await do(graph, tenant, CREATE, name="Access", text="Again.")
    await approve(graph, other, id)

    await do(graph, tenant, ARCHIVE, policyId=id)
    late = await approve(graph, other, id)
    acknowledged = await do(graph, tenant, ACKNOWLEDGE, policyId=id, number=1)
    listed = (await graph.ask("{ policies { nodes { name archivedAt } } }", tenant.token))["policies"]["nodes"]

    assert same["message"] == "There is a policy called Access already."
    assert "decided already" in late["message"]
    assert acknowledged["message"] == "This version is not in force."
    assert (listed[0]["name"], listed[0]["archivedAt"] is None) == ("Access", False)
    with pytest.raises(NotOffered):
        await rows(backend, tenant, "policies")
    assert await documents.PolicyAcknowledgement.list_in(tenant.scope, {}) == []
