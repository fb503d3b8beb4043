"""Alerts, findings and syncs as lists, by id and live: what a person does with them."""

import asyncio
from typing import Any

import pytest

import documents
from app.wiring import Backend
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.sync_run import announce_sync, open_run, update_run
from documents.transaction import Transaction
from domain.facts.severity import Severity
from schema.node import global_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, make_tenant

ACKNOWLEDGE = """
mutation($input: AcknowledgeAlertInput!) {
  acknowledgeAlert(input: $input) {
    __typename
    ... on AcknowledgeAlertSuccess { alert { state version acknowledgedAt } }
    ... on ConflictError { message current { ... on Alert { state version } } }
    ... on NotFoundError { code }
  }
}
"""
ALERTS = "query($filter: AlertFilter) { alerts(filter: $filter) { nodes { id title state timesRaised version } } }"
FINDINGS = "query($filter: FindingFilter) { findings(filter: $filter) { nodes { id } } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


def cause(name: str, *, severity: Severity = Severity.HIGH, is_once: bool = False) -> Cause:
    return Cause(
        fingerprint=name,
        source=AlertSource.FINDING,
        severity=severity,
        title=name,
        message="m",
        is_once=is_once,
    )


async def raised(backend: Backend, tenant: Tenant, *causes: Cause) -> list[bool]:
    async def change(tx: Transaction) -> list[bool]:
        return [await raise_alert(tx, tenant.organization.id, one, utc_now()) for one in causes]

    return await backend.writer.commit(change)


async def listed(graph: Graph, tenant: Tenant, **filter: Any) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await graph.ask(ALERTS, tenant.token, filter=filter))["alerts"]["nodes"]
    return nodes


async def test_the_same_cause_raises_again_only_after_it_was_resolved(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    first = await raised(backend, tenant, cause("a"))
    again = await raised(backend, tenant, cause("a"))
    await backend.writer.commit(lambda tx: resolve_alerts(tx, tenant.organization.id, ["a"], utc_now()))
    back = await raised(backend, tenant, cause("a"))

    assert (first, again, back) == ([True], [False], [True])
    (alert,) = await listed(graph, tenant)
    assert (alert["state"], alert["timesRaised"]) == ("OPEN", 2)


async def test_a_cause_that_counts_once_is_never_raised_again(backend: Backend) -> None:
    tenant = await make_tenant(backend)

    await raised(backend, tenant, cause("once", is_once=True))
    await backend.writer.commit(lambda tx: resolve_alerts(tx, tenant.organization.id, ["once"], utc_now()))

    assert await raised(backend, tenant, cause("once", is_once=True)) == [False]


async def test_an_alert_is_acknowledged_once(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, cause("a"))
    (alert,) = await listed(graph, tenant)

    first = (await graph.ask(ACKNOWLEDGE, tenant.token, input={"alertId": alert["id"]}))["acknowledgeAlert"]
    again = (await graph.ask(ACKNOWLEDGE, tenant.token, input={"alertId": alert["id"]}))["acknowledgeAlert"]

    assert first["alert"]["state"] == "ACKNOWLEDGED"
    assert first["alert"]["version"] == alert["version"] + 1
    assert again["__typename"] == "ConflictError"
    assert again["current"] == {"state": "ACKNOWLEDGED", "version": alert["version"] + 1}


async def test_an_older_version_is_not_acknowledged(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, cause("a"))
    (alert,) = await listed(graph, tenant)
    stale = {"alertId": alert["id"], "expectedVersion": alert["version"] + 5}

    answer = (await graph.ask(ACKNOWLEDGE, tenant.token, input=stale))["acknowledgeAlert"]

    assert answer["__typename"] == "ConflictError"
    assert (await listed(graph, tenant))[0]["state"] == "OPEN"


async def test_alerts_are_filtered_by_state_source_severity_and_organization(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await raised(backend, tenant, cause("high"), cause("low", severity=Severity.LOW))

    high = await listed(graph, tenant, severities=["HIGH"], states=["OPEN"], sources=["FINDING"])
    none = await listed(graph, tenant, sources=["BUDGET"])
    ours = await listed(graph, tenant, organizationId=tenant.global_id)

    assert [alert["title"] for alert in high] == ["high"]
    assert none == []
    assert len(ours) == 2


@pytest.mark.parametrize(
    ("filter", "count"),
    [
        ({}, 1),
        ({"state": "OPEN"}, 1),
        ({"state": "RESOLVED"}, 0),
        ({"category": "SECOPS", "severities": ["HIGH"]}, 1),
        ({"category": "FINOPS"}, 0),
        ({"ruleIds": ["aws-s3-bucket-public"]}, 1),
        ({"ruleIds": []}, 0),
    ],
)
async def test_findings_are_filtered(graph: Graph, backend: Backend, filter: dict[str, Any], count: int) -> None:
    tenant = await make_tenant(backend)
    held = await make_holdings(tenant)
    of_account = {**filter, "accountId": global_id("Account", held["Account"].id)}

    for chosen in (filter, of_account, {**filter, "organizationId": tenant.global_id}):
        found = (await graph.ask(FINDINGS, tenant.token, filter=chosen))["findings"]["nodes"]
        assert len(found) == count


async def test_anything_is_loaded_again_by_its_global_id(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    held = await make_holdings(tenant)
    ids = [global_id(name, one.id) for name, one in held.items()]
    ids += [tenant.global_id, global_id("User", tenant.user.id)]

    nodes = (await graph.ask(NODES, tenant.token, ids=[*ids, "nonsense"]))["nodes"]

    assert [node and node["id"] for node in nodes] == [*ids, None]
    assert [node["__typename"] for node in nodes[:-1]] == [*held, "Organization", "User"]


async def test_at_most_a_hundred_nodes_are_loaded_at_once(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    errors = await graph.refused(NODES, tenant.token, ids=[tenant.global_id] * 101)

    assert errors[0]["extensions"]["code"] in ("BAD_USER_INPUT", "COST_LIMIT_EXCEEDED")


async def test_the_steps_of_a_sync_arrive_live_in_order(graph: Graph, backend: Backend, address: str) -> None:
    tenant = await make_tenant(backend)
    account = (await make_holdings(tenant))["Account"]
    await documents.SyncRun.rows().delete_many({"account_id": account.id})
    feed = """
    subscription($account: ID) {
      syncProgressed(accountId: $account) { ... on SyncProgressed { cursor sync { step state account { name } } } }
    }
    """

    async def opened(tx: Transaction) -> documents.SyncRun:
        run, _ = await open_run(account, tx.session)  # type: ignore[arg-type]
        announce_sync(tx, run)
        return run

    async def moved(tx: Transaction, run: documents.SyncRun, **fields: Any) -> None:
        announce_sync(tx, await update_run(run, tx.session, **fields))

    async with socket(address, tenant.token) as live, asyncio.timeout(30):
        await subscribe(live, feed, account=global_id("Account", account.id))
        await asyncio.sleep(0.5)
        run = await backend.writer.commit(opened)
        await backend.writer.commit(lambda tx: moved(tx, run, step="Reading s3", state="RUNNING"))
        await backend.writer.commit(lambda tx: moved(tx, run, step="Done", state="SUCCEEDED"))
        stream = messages(live)
        seen = [(await anext(stream))["payload"]["data"]["syncProgressed"]["sync"] for _ in range(3)]

    assert [sync["state"] for sync in seen] == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert seen[0]["account"]["name"] == "secret-account"


async def test_a_sync_under_way_is_returned_instead_of_a_second_one(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = (await make_holdings(tenant))["Account"]
    await documents.SyncRun.rows().delete_many({"account_id": account.id})
    sync = """
    mutation($input: SyncAccountInput!) { syncAccount(input: $input) { ... on SyncAccountSuccess { sync { id } } } }
    """
    wanted = {"accountId": global_id("Account", account.id)}

    first = await graph.ask(sync, tenant.token, input=wanted)
    second = await graph.ask(sync, tenant.token, input=wanted)

    assert first == second


async def test_an_account_known_from_bills_only_cannot_be_synced(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    account = (await make_holdings(tenant))["Account"]
    await documents.Account.rows().update_one({"_id": account.id}, {"$set": {"state": "BILLING_ONLY"}})
    sync = "mutation($input: SyncAccountInput!) { syncAccount(input: $input) { __typename } }"

    answer = await graph.ask(sync, tenant.token, input={"accountId": global_id("Account", account.id)})

    assert answer["syncAccount"]["__typename"] == "ConflictError"


async def test_a_user_that_is_gone_is_not_let_in(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await documents.User.get_pymongo_collection().delete_one({"_id": tenant.user.id})

    errors = await graph.refused("{ viewer { user { email } } }", tenant.token)

    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_msp_opens_a_client_and_a_company_may_not(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, kind=documents.OrganizationKind.MSP, role=documents.Role.MSP_ADMIN)
    company = await make_tenant(backend)
    create = """
    mutation($input: CreateClientInput!) {
      createClient(input: $input) { __typename ... on CreateClientSuccess { organization { name } } }
    }
    """

    made = await graph.ask(create, msp.token, input={"mspId": msp.global_id, "name": "A new client"})
    refused = await graph.refused(create, company.token, input={"mspId": company.global_id, "name": "x"})

    assert made["createClient"]["organization"]["name"] == "A new client"
    assert refused[0]["extensions"]["code"] == "FORBIDDEN"
    reach = (await graph.ask("{ viewer { reach { organization { name } } } }", msp.token))["viewer"]["reach"]
    assert "A new client" in [entry["organization"]["name"] for entry in reach]


async def test_who_reaches_several_organizations_must_name_one(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, kind=documents.OrganizationKind.MSP, role=documents.Role.MSP_ADMIN)
    client = await make_tenant(backend, managed_by=msp)
    create = (
        "mutation($input: CreateBudgetInput!) { createBudget(input: $input) { __typename ... on UserError { path } } }"
    )
    fields = {"name": "b", "amount": "1", "currency": "USD"}

    unnamed = await graph.ask(create, msp.token, input=fields)
    named = await graph.ask(create, msp.token, input={**fields, "organizationId": client.global_id})

    assert unnamed["createBudget"] == {"__typename": "ValidationError", "path": ["organizationId"]}
    assert named["createBudget"]["__typename"] == "CreateBudgetSuccess"
