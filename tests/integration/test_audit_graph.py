"""The audit log over the graph: what mutations leave in it, reading it, verifying it, and how long it is kept."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from documents import OrganizationKind, Role
from documents.audit import INSTALLATION
from documents.base import utc_now
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.tenant import PASSWORD, Tenant, add_member, make_tenant

CREATE = """
mutation Create($input: CreateBudgetInput!) {
  createBudget(input: $input) { __typename ... on CreateBudgetSuccess { budget { id } } ... on UserError { code } }
}
"""
LOG = """
query Log($filter: AuditFilter, $first: Int, $after: Cursor) {
  auditLog(filter: $filter, first: $first, after: $after) {
    nodes {
      id seq at action actor actingFor address userAgent requestId target outcome reason changed beforeDigest
      afterDigest prevHash hash organizationId
    }
    pageInfo { endCursor hasNextPage }
    totalCount
  }
}
"""
VERIFICATION = """
query Verify($id: ID) {
  auditVerification(organizationId: $id) {
    organizationId isIntact brokenSeq problem firstSeq lastSeq checkedCount segmentCount headHash publicKeys
  }
}
"""
RETENTION = """
mutation Keep($input: SetAuditRetentionInput!) {
  setAuditRetention(input: $input) {
    __typename
    ... on SetAuditRetentionSuccess { organization { auditRetentionDays } }
    ... on UserError { code message path }
  }
}
"""


def budget(name: str = "B", **fields: Any) -> dict[str, Any]:
    return {"name": name, "amount": "10", "currency": "USD", "thresholds": [50], **fields}


async def entries(graph: Graph, tenant: Tenant, **filter: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.ask(LOG, tenant.token, filter=filter, first=100))["auditLog"]["nodes"]
    return found


async def test_a_mutation_leaves_one_entry_that_says_who_from_where_and_what(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    answer = (await graph.ask(CREATE, tenant.token, input=budget()))["createBudget"]

    (entry,) = await entries(graph, tenant)
    stored = await documents.Budget.find_in(tenant.scope, {})
    assert answer["__typename"] == "CreateBudgetSuccess"
    assert stored is not None
    assert (entry["seq"], entry["action"], entry["outcome"]) == (1, "budget.create", "DONE")
    assert entry["actor"] == f"user:{tenant.user.id}"
    assert entry["target"] == f"budget:{stored.id}"
    assert entry["address"] == "127.0.0.1"
    assert "httpx" in entry["userAgent"]
    assert len(entry["requestId"]) == 32
    # Everything a budget is made of, and nothing that is worked out.
    assert {"account_native_ids", "amount", "currency", "name", "services", "thresholds"} <= set(entry["changed"])
    assert not {"spent", "carried", "expected", "version"} & set(entry["changed"])
    assert (entry["beforeDigest"], len(entry["afterDigest"])) == (None, 64)
    assert entry["organizationId"] == tenant.global_id


async def test_a_refused_mutation_leaves_an_entry_with_the_code(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await graph.ask(CREATE, tenant.token, input=budget())

    again = (await graph.ask(CREATE, tenant.token, input=budget()))["createBudget"]

    refused, _ = await entries(graph, tenant)
    assert again["__typename"] == "ConflictError"
    assert (refused["outcome"], refused["reason"], refused["action"]) == ("REFUSED", "CONFLICT", "budget.create")


async def test_a_refusal_names_what_the_act_was_about(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    text = "mutation Take($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { __typename } }"
    alert_id = ObjectId()

    await graph.ask(text, tenant.token, id=global_id("Alert", alert_id))

    (refused,) = await entries(graph, tenant)
    assert (refused["target"], refused["reason"]) == (f"alert:{alert_id}", "NOT_FOUND")


async def test_a_mutation_that_breaks_leaves_an_entry_and_no_change(
    graph: Graph, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await make_tenant(backend)

    def breaks(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("resolvers.budget.ask_budget_check", breaks)
    await graph.refused(CREATE, tenant.token, input=budget())

    (failed,) = await entries(graph, tenant)
    assert (failed["outcome"], failed["reason"]) == ("FAILED", "ZeroDivisionError")
    assert await documents.Budget.find_in(tenant.scope, {}) is None


async def test_a_refusal_is_told_of_in_the_organization_that_the_input_names(graph: Graph, backend: Backend) -> None:
    one, other = await make_tenant(backend), await make_tenant(backend)
    await documents.Membership(user_id=one.user.id, org_id=other.organization.id, role=Role.ADMIN).insert()
    rows = documents.AuditEntry.rows()
    await graph.ask(CREATE, other.token, input=budget())

    named = await graph.ask(CREATE, one.token, input=budget(organizationId=other.global_id))
    unnamed = await graph.ask(CREATE, one.token, input=budget())

    told = await rows.find_one({"org_id": other.organization.id, "actor": f"user:{one.user.id}"})
    elsewhere = await rows.find_one({"org_id": INSTALLATION, "actor": f"user:{one.user.id}"})
    assert named["createBudget"]["code"] == "CONFLICT"
    assert unnamed["createBudget"]["code"] == "BAD_USER_INPUT"
    assert told is not None
    assert elsewhere is not None
    assert await rows.count_documents({"org_id": one.organization.id}) == 0


async def test_an_attempt_with_an_unknown_address_is_told_of_in_the_installations_log(
    graph: Graph, backend: Backend
) -> None:
    rows = documents.AuditEntry.rows()
    before = await rows.count_documents({"org_id": INSTALLATION, "action": "user.sign_in"})
    text = 'mutation { signIn(input: {email: "nobody@example.com", password: "wrong"}) { __typename } }'

    await graph.ask(text)

    found = await rows.find({"org_id": INSTALLATION, "action": "user.sign_in"}, sort=[("seq", -1)]).to_list()
    assert len(found) == before + 1
    assert (found[0]["actor"], found[0]["outcome"]) == ("anonymous", "REFUSED")


async def test_a_sign_in_is_an_act_of_the_person_who_has_shown_who_they_are(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    text = "mutation($input: SignInInput!) { signIn(input: $input) { __typename } }"

    await graph.ask(text, input={"email": tenant.user.email, "password": PASSWORD})

    (entry,) = await entries(graph, tenant)
    assert (entry["action"], entry["outcome"], entry["actor"]) == ("user.sign_in", "DONE", f"user:{tenant.user.id}")
    assert entry["target"].startswith("session:")


async def test_a_wrong_password_is_told_of_to_the_organizations_of_the_person(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    text = 'mutation Try($email: String!) { signIn(input: {email: $email, password: "wrong"}) { __typename } }'

    await graph.ask(text, email=tenant.user.email)

    (refused,) = await entries(graph, tenant)
    assert (refused["action"], refused["outcome"], refused["actor"]) == ("user.sign_in", "REFUSED", "anonymous")
    assert refused["target"] == f"user:{tenant.user.id}"
    assert refused["address"] == "127.0.0.1"


async def test_a_repeated_idempotency_key_leaves_nothing(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    asked = budget(idempotencyKey="the-same-key")

    first, again = [await graph.ask(CREATE, tenant.token, input=asked) for _ in range(2)]

    assert first == again
    assert len(await entries(graph, tenant)) == 1


async def test_fifty_mutations_at_once_keep_the_chain_whole(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    answers = await asyncio.gather(*(graph.ask(CREATE, tenant.token, input=budget(f"B{n}")) for n in range(50)))

    verdict = (await graph.ask(VERIFICATION, tenant.token))["auditVerification"]
    assert {answer["createBudget"]["__typename"] for answer in answers} == {"CreateBudgetSuccess"}
    assert (verdict["isIntact"], verdict["lastSeq"], verdict["checkedCount"]) == (True, 50, 50)


async def test_what_a_provider_does_in_a_client_is_done_for_the_provider(graph: Graph, backend: Backend) -> None:
    provider = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    client = await make_tenant(backend, managed_by=provider)

    await graph.ask(CREATE, provider.token, input=budget(organizationId=client.global_id))
    await graph.ask(CREATE, provider.token, input=budget(organizationId=provider.global_id))

    (in_client,) = await entries(graph, client)
    (at_home,) = await entries(graph, provider, organizationId=provider.global_id)
    assert in_client["actingFor"] == f"organization:{provider.org_id}"
    assert at_home["actingFor"] is None


async def test_the_log_is_filtered_and_paged_newest_first(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    for name in ("A", "A", "B", "C"):
        await graph.ask(CREATE, tenant.token, input=budget(name))

    page = (await graph.ask(LOG, tenant.token, first=3))["auditLog"]
    rest = (await graph.ask(LOG, tenant.token, first=3, after=page["pageInfo"]["endCursor"]))["auditLog"]
    third = page["nodes"][1]

    assert [node["seq"] for node in page["nodes"] + rest["nodes"]] == [4, 3, 2, 1]
    assert page["totalCount"] == 4
    assert [one["seq"] for one in await entries(graph, tenant, outcomes=["REFUSED"])] == [2]
    assert [one["seq"] for one in await entries(graph, tenant, target=third["target"])] == [3]
    assert [one["seq"] for one in await entries(graph, tenant, atFrom=third["at"])] == [4, 3]
    assert [one["seq"] for one in await entries(graph, tenant, atBefore=third["at"])] == [2, 1]
    assert await entries(graph, tenant, action="budget.delete") == []
    assert len(await entries(graph, tenant, actor=f"user:{tenant.user.id}")) == 4


@pytest.mark.parametrize("role", [Role.USER, Role.CLIENT_VIEWER])
async def test_only_administrators_read_the_log(graph: Graph, backend: Backend, role: Role) -> None:
    tenant = await make_tenant(backend)
    member = await add_member(backend, tenant.organization, role)

    for text in (LOG, VERIFICATION):
        (error,) = await graph.refused(text, member.token)
        assert error["extensions"]["code"] == "FORBIDDEN"


async def test_another_tenants_log_is_out_of_reach(graph: Graph, backend: Backend) -> None:
    us, them = await make_tenant(backend), await make_tenant(backend)
    await graph.ask(CREATE, them.token, input=budget())

    (listed,) = await graph.refused(LOG, us.token, filter={"organizationId": them.global_id})
    (verified,) = await graph.refused(VERIFICATION, us.token, id=them.global_id)

    assert await entries(graph, us) == []
    assert listed["extensions"]["code"] == verified["extensions"]["code"] == "NOT_FOUND"


async def test_verification_tells_what_was_tampered_with(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    for name in ("A", "B", "C"):
        await graph.ask(CREATE, tenant.token, input=budget(name))
    whole = (await graph.ask(VERIFICATION, tenant.token))["auditVerification"]

    edit = {"$set": {"target": "budget:another"}}
    await documents.AuditEntry.rows().update_one({"org_id": tenant.organization.id, "seq": 2}, edit)
    broken = (await graph.ask(VERIFICATION, tenant.token, id=tenant.global_id))["auditVerification"]

    assert (whole["isIntact"], whole["brokenSeq"], whole["problem"]) == (True, None, None)
    assert (whole["lastSeq"], whole["firstSeq"], whole["segmentCount"]) == (3, 1, 0)
    assert whole["publicKeys"] == [key.public for key in backend.keys.audit]
    assert (broken["isIntact"], broken["brokenSeq"]) == (False, 2)
    assert broken["problem"] == "the entry was changed."


async def test_an_old_sign_in_does_not_shorten_the_retention(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    long_ago = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": tenant.user.id}, long_ago)

    (error,) = await graph.refused(RETENTION, tenant.token, input={"days": 30})

    assert error["extensions"]["code"] == "STEP_UP_REQUIRED"


async def test_the_retention_is_chosen_down_to_the_floor_of_a_framework(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    organizations = documents.Organization.get_pymongo_collection()

    chosen = (await graph.ask(RETENTION, tenant.token, input={"days": 30}))["setAuditRetention"]
    await organizations.update_one({"_id": tenant.organization.id}, {"$set": {"frameworks": ["pci_dss_4_0_1"]}})
    refused = (await graph.ask(RETENTION, tenant.token, input={"days": 364}))["setAuditRetention"]
    text = "query One($id: ID!) { node(id: $id) { ... on Organization { auditRetentionDays } } }"
    kept = (await graph.ask(text, tenant.token, id=tenant.global_id))["node"]

    assert chosen["organization"]["auditRetentionDays"] == 30
    assert (refused["code"], refused["path"]) == ("BAD_USER_INPUT", ["input", "days"])
    assert "PCI DSS 4.0.1" in refused["message"]
    assert "365" in refused["message"]
    assert kept["auditRetentionDays"] == 365
    told, done = await entries(graph, tenant, action="audit.set_retention")
    assert (told["outcome"], done["changed"]) == ("REFUSED", ["audit_retention_days"])
    assert done["beforeDigest"] != done["afterDigest"]
