"""Statements and the months of allocation they rest on: closed and reopened together, and not before they are known."""

from datetime import date
from pathlib import Path

import pytest

import documents
from app.wiring import Backend
from documents.allocation_month import find_month
from domain.allocation.rule import AllocationRule, ByTag
from domain.facts.allocation import AllocationKind
from tests.factories.costs import load
from tests.factories.focus import write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant
from tests.integration.test_allocation import allocate, save
from tests.integration.test_statements import REOPEN_MONTH, ROWS, amounts, billed, does, make_allocated_tenant, opened

SEPTEMBER = date(2026, 9, 1)
OCTOBER = {
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-02T00:00:00Z",
    "ChargePeriodEnd": "2026-10-03T00:00:00Z",
}


@pytest.fixture
async def tenant(backend: Backend, tmp_path: Path) -> Tenant:
    return await make_allocated_tenant(backend, tmp_path)


async def test_a_statement_and_its_month_of_allocation_are_closed_and_reopened_together(
    graph: Graph, tenant: Tenant
) -> None:
    id = await opened(graph, tenant)

    await does(graph, tenant, "closeStatement", statementId=id)
    closed = await find_month(tenant.scope, SEPTEMBER)
    await does(graph, tenant, "reopenStatement", statementId=id, reason="a late credit")
    reopened = await find_month(tenant.scope, SEPTEMBER)

    assert closed is not None
    assert reopened is not None
    assert (closed.closed_at is None, closed.rules_version) == (False, 1)
    assert reopened.closed_at is None
    about = {"org_id": tenant.organization.id, "target": f"allocation_month:{closed.id}"}
    entries = documents.AuditEntry.rows().find(about).sort("seq", 1)
    assert [(one["action"], one.get("reason")) async for one in entries] == [
        ("statement.close", None),
        ("statement.reopen", "a late credit"),
    ]


async def test_a_month_that_is_not_worked_out_is_nobodys_and_stays_open_until_it_is(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [row | OCTOBER for row in ROWS]))
    id = await opened(graph, tenant, "2026-10-01")

    found = await amounts(graph, tenant, id)
    early = await does(graph, tenant, "closeStatement", statementId=id)
    await allocate(backend, tenant)
    closed = await does(graph, tenant, "closeStatement", statementId=id)

    assert (billed(found), found["basis"]) == ([(None, "10.01")], "not worked out yet")
    assert (early["code"], "not worked out yet" in early["message"]) == ("CONFLICT", True)
    assert closed["statement"]["state"] == "CLOSED"


async def test_a_month_whose_rules_have_changed_is_worked_out_again_before_it_is_closed(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id = await opened(graph, tenant)
    await save(tenant, AllocationRule(name="by project", take=ByTag(key="team", kind=AllocationKind.PROJECT)))

    early = await does(graph, tenant, "closeStatement", statementId=id)
    await allocate(backend, tenant)
    await does(graph, tenant, "closeStatement", statementId=id)

    assert early["code"] == "CONFLICT"
    found = await amounts(graph, tenant, id)
    assert (billed(found), found["basis"]) == ([(None, "10.01")], "allocation rules, version 2")


async def test_a_month_without_costs_is_closed_as_it_is(graph: Graph, tenant: Tenant) -> None:
    id = await opened(graph, tenant, "2026-01-01")

    closed = await does(graph, tenant, "closeStatement", statementId=id)

    assert closed["statement"]["state"] == "CLOSED"
    assert (await amounts(graph, tenant, id))["lines"] == []


async def test_only_a_closed_month_is_reopened(graph: Graph, tenant: Tenant) -> None:
    asked = {"month": "2026-09-15", "reason": "why not"}
    early = (await graph.ask(REOPEN_MONTH, tenant.token, input=asked))["reopenAllocationMonth"]
    await does(graph, tenant, "closeStatement", statementId=await opened(graph, tenant))

    answer = (await graph.ask(REOPEN_MONTH, tenant.token, input=asked))["reopenAllocationMonth"]

    assert early["code"] == "CONFLICT"
    assert answer["month"] == {"closedAt": None}
