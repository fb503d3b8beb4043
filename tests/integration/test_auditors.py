"""Auditors: invited until a day, refused everywhere after it, ended early, and all they read on record."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from beanie import PydanticObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents import Role
from documents.base import utc_now
from documents.member import add_member as join
from documents.transaction import Transaction
from jobs.tasks.make_audit_pack import make_audit_pack
from schema.node import global_id, local_id
from tests.contract.access_table import PEOPLE, ROOT_FIELDS
from tests.factories.graph import Graph
from tests.factories.registers import make_registers
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.integration.test_invitations import act

INVITE = """
mutation Invite($input: InviteAuditorInput!) {
  inviteAuditor(input: $input) {
    __typename
    ... on InviteAuditorSuccess { invitation { role until } }
    ... on UserError { code path message }
  }
}
"""
READ = "{ evidenceRecords { nodes { id } } controlStates { nodes { id } } }"
COSTS = "{ costExports { nodes { id } } }"
PACK = """
mutation { requestAuditPack(input: {first: "2026-01-01", until: "2026-02-01"}) {
  ... on RequestAuditPackSuccess { pack { id } }
} }
"""
DOWNLOAD = "query Get($id: ID!) { auditPackDownload(id: $id) { url } }"


async def auditor(backend: Backend, tenant: Tenant, until: datetime) -> Tenant:
    member = await add_member(backend, tenant.organization, Role.AUDITOR)
    await set_end(member, until)
    return member


async def set_end(member: Tenant, until: datetime) -> None:
    await documents.Membership.rows().update_one({"user_id": member.user.id}, {"$set": {"until": until}})


async def refused(graph: Graph, member: Tenant, query: str, **variables: Any) -> str:
    """The code of the refusal, which comes a second after the end at the latest."""
    await asyncio.sleep(1.1)
    (error,) = await graph.refused(query, member.token, **variables)
    code: str = error["extensions"]["code"]
    return code


async def test_an_auditor_is_invited_with_an_end_that_the_membership_keeps(graph: Graph, backend: Backend) -> None:
    tenant, until = await make_tenant(backend), utc_now() + timedelta(days=30)

    answer = await graph.ask(INVITE, tenant.token, input={"email": "a@example.org", "until": until.isoformat()})
    raw = await documents.Invitation.rows().find_one({"org_id": tenant.organization.id})

    assert answer["inviteAuditor"]["invitation"]["role"] == "AUDITOR"
    assert raw is not None
    assert (raw["role"], raw["until"]) == ("AUDITOR", until)


@pytest.mark.parametrize("days", [-1, 401])
async def test_an_end_in_the_past_or_too_far_off_is_refused(graph: Graph, backend: Backend, days: int) -> None:
    tenant, until = await make_tenant(backend), utc_now() + timedelta(days=days)

    answer = await graph.ask(INVITE, tenant.token, input={"email": "a@example.org", "until": until.isoformat()})

    assert answer["inviteAuditor"]["path"] == ["input", "until"]


async def test_no_other_way_gives_the_role(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    member = await add_member(backend, tenant.organization, Role.USER)
    raw = await documents.Membership.rows().find_one({"user_id": member.user.id})
    assert raw is not None

    invited = await act(graph, tenant.token, "invite", email="b@example.org", role="AUDITOR")
    changed = await act(graph, tenant.token, "changeRole", memberId=global_id("Member", raw["_id"]), role="AUDITOR")

    assert "inviteAuditor" in invited["message"]
    assert "inviteAuditor" in changed["message"]


async def test_an_auditor_reads_evidence_and_nothing_else_and_it_is_on_record(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    member = await auditor(backend, tenant, utc_now() + timedelta(days=1))

    await graph.ask(READ, member.token)
    (error,) = await graph.refused(COSTS, member.token)

    entries = documents.AuditEntry.rows().find({"org_id": tenant.organization.id, "action": "auditor.read"}).sort("seq")
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert [(one["actor"], one["target"]) async for one in entries] == [
        (f"user:{member.user.id}", "fields:evidenceRecords controlStates"),
        (f"user:{member.user.id}", "fields:costExports"),
    ]


READ_ALL = """{
  controlExceptions { nodes { id } } attestations { nodes { id } } policies { nodes { id } }
  controlOwners { nodes { id } }
  accessReviews { nodes { id } } vendors { nodes { id } } risks { nodes { id } } auditPacks { nodes { id } }
}"""
READ_REST = """{
  dataStores { nodes { id } } privacyRequests { nodes { id } } exercises { nodes { id } }
  incidentClocks { nodes { id } } publicPages { nodes { id } }
  policiesToAcknowledge { name }
}"""
ACKNOWLEDGE = """mutation($input: AcknowledgePolicyInput!) { acknowledgePolicy(input: $input) {
  __typename ... on UserError { code message } } }"""


async def test_an_auditor_reads_what_people_decided_and_filed_and_acknowledges_no_policy(
    graph: Graph, backend: Backend
) -> None:
    tenant = await make_tenant(backend)
    member = await auditor(backend, tenant, utc_now() + timedelta(days=1))
    org_id, owner = PydanticObjectId(tenant.org_id), tenant.user.own_id
    await make_registers(tenant)
    policy = documents.Policy(org_id=org_id, name="Access", is_required=True, in_force=1)
    await policy.insert()
    await documents.PolicyVersion(
        org_id=org_id, policy_id=policy.id, number=1, text="Ask.", sha256="0" * 64, written_by=owner
    ).insert()

    seen = {**await graph.ask(READ_ALL, member.token), **await graph.ask(READ_REST, member.token)}
    answer = await graph.send(
        ACKNOWLEDGE, member.token, input={"policyId": global_id("Policy", policy.id), "number": 1}
    )
    bound = (await graph.ask("{ policiesToAcknowledge { name } }", tenant.token))["policiesToAcknowledge"]

    registers = ("vendors", "risks", "dataStores", "privacyRequests", "exercises", "incidentClocks", "publicPages")
    found = (*registers, "policies")
    assert {name: len(seen[name]["nodes"]) for name in found} == dict.fromkeys(found, 1)
    assert seen["policiesToAcknowledge"] == []
    assert "FORBIDDEN" in str(answer)
    assert bound == [{"name": "Access"}]
    assert await documents.PolicyAcknowledgement.rows().count_documents({"org_id": org_id}) == 0


def test_what_auditors_may_ask_to_be_changed_is_of_themselves_or_a_pack() -> None:
    """What the table lets every person do is of their own sign-in, but for the policies, which are tried above."""
    theirs = {
        name
        for name, letters in ROOT_FIELDS.items()
        if name.startswith("mutation ") and "R" in letters and letters != PEOPLE
    }

    assert theirs == {"mutation requestAuditPack"}


async def test_after_the_end_an_auditor_is_refused_also_by_an_address_they_hold(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    member = await auditor(backend, tenant, utc_now() + timedelta(days=1))
    id = (await graph.ask(PACK, member.token))["requestAuditPack"]["pack"]["id"]
    await make_audit_pack(options(backend)["ctx"], org_id=tenant.org_id, pack_id=local_id("AuditPack", id))
    url = httpx2.URL((await graph.ask(DOWNLOAD, member.token, id=id))["auditPackDownload"]["url"])

    await set_end(member, utc_now())

    async with httpx2.AsyncClient() as http:
        assert (await http.get(graph.address + url.path)).status_code == 404
    assert await refused(graph, member, READ) == "FORBIDDEN"
    assert await refused(graph, member, DOWNLOAD, id=id) in ("FORBIDDEN", "NOT_FOUND")


async def test_an_administrator_ends_it_early(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    member = await auditor(backend, tenant, utc_now() + timedelta(days=1))
    await graph.ask(READ, member.token)
    raw = await documents.Membership.rows().find_one({"user_id": member.user.id})
    assert raw is not None

    await act(graph, tenant.token, "removeMember", memberId=global_id("Member", raw["_id"]))

    assert await refused(graph, member, READ) == "FORBIDDEN"


async def test_who_was_an_auditor_can_come_again_and_who_is_one_stays_so(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    past, ahead = utc_now() - timedelta(days=1), utc_now() + timedelta(days=9)
    gone, there = await auditor(backend, tenant, past), await auditor(backend, tenant, ahead)

    async def change(tx: Transaction) -> None:
        for member in (gone, there):
            given = {"role": Role.USER, "custom_role_id": None, "until": None}
            await join(PydanticObjectId(tenant.org_id), member.user.id, given, tx.session)

    await backend.writer.commit(change)

    rows = await documents.Membership.rows().find({"user_id": {"$in": [gone.user.id, there.user.id]}}).to_list()
    assert {raw["user_id"]: raw["role"] for raw in rows} == {gone.user.id: "USER", there.user.id: "AUDITOR"}
