"""A store filled for measurements is one that the product itself could have left."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from bench.seed import SeededTenant, seed_alerts, seed_costs, seed_tenants
from documents.cost_day import cost_series
from documents.cost_line import NEWEST_FIRST
from documents.database import missing_indexes
from documents.tally import recount, tally_in
from domain.costs.series import CostQuestion, Grain, Metric
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope
from tests.factories.graph import Graph

ROWS, ALERTS, TENANTS = 3_000, 1_001, 3


def scope_of(tenant: SeededTenant) -> Scope:
    return Scope(org_ids=frozenset({tenant.org_id}), visible=frozenset({tenant.org_id}), actor="test")


@pytest.fixture(scope="module")
async def tenants(backend: Backend) -> list[SeededTenant]:
    made = await seed_tenants(backend, TENANTS)
    await seed_costs(backend, made[0].org_id, ROWS)
    await seed_alerts(backend, [tenant.org_id for tenant in made], ALERTS)
    return made


async def test_indexes_are_back(backend: Backend, tenants: list[SeededTenant]) -> None:
    assert await missing_indexes(backend.database) == []


async def test_lines_days_and_totals_tell_the_same(tenants: list[SeededTenant]) -> None:
    scope = scope_of(tenants[0])
    question = {"first": date(2020, 1, 1), "until": date(2090, 1, 1), "grain": Grain.MONTH, "metrics": tuple(Metric)}

    totals = (await cost_series(scope, CostQuestion(**question))).all.totals  # type: ignore[arg-type]
    days = await cost_series(scope, CostQuestion(**question, group_by=(Dimension.SERVICE,)))  # type: ignore[arg-type]

    lines = (await documents.CostLine.page_in(scope, {}, NEWEST_FIRST, first=ROWS)).rows
    assert len(lines) == ROWS == await documents.CostLine.count_in(scope, {}, cap=ROWS + 1)
    assert len({line.row for line in lines}) == ROWS
    assert totals == days.all.totals
    assert totals[Metric.BILLED] == sum((line.billed_cost for line in lines), Decimal(0))
    assert totals[Metric.LIST] == sum((line.list_cost for line in lines), Decimal(0))
    assert len(days.groups) + days.rest_count == 39


async def test_a_seeded_line_reads_as_a_whole_document(tenants: list[SeededTenant]) -> None:
    (row,) = (await documents.CostLine.page_in(scope_of(tenants[0]), {}, NEWEST_FIRST, first=1)).rows

    line = await documents.CostLine.get_in(scope_of(tenants[0]), str(row.id))

    assert line.resource_id is not None
    assert line.resource_id.startswith("res-0")
    assert line.charge_period_start < line.charge_period_end


async def test_tallies_equal_a_count(tenants: list[SeededTenant]) -> None:
    for tenant in tenants:
        seeded = await tally_in(scope_of(tenant))
        await recount(ObjectId(tenant.org_id))

        assert seeded == await tally_in(scope_of(tenant))
        assert seeded.saving


async def test_every_alert_leads_to_its_account_finding_and_resource(tenants: list[SeededTenant]) -> None:
    found = 0
    for tenant in tenants:
        scope = scope_of(tenant)
        alerts = await documents.Alert.list_in(scope, {})
        accounts = {one.id: one for one in await documents.Account.list_in(scope, {})}
        findings = {one.id: one for one in await documents.Finding.list_in(scope, {})}
        resources = {one.id: one for one in await documents.Resource.list_in(scope, {})}
        for alert in alerts:
            finding = findings[alert.finding_id]
            resource = resources[finding.resource_id]
            assert alert.account_id == finding.account_id == resource.account_id
            assert resource.native_id == finding.resource_native_id
            assert alert.account_id in accounts
            assert (alert.severity, alert.state) == (finding.severity, finding.state)
        found += len(alerts)
    assert found == ALERTS


async def test_a_token_opens_the_dashboard(graph: Graph, tenants: list[SeededTenant]) -> None:
    query = "{ dashboard { openAlerts accounts costLastMonth } }"

    boards = await asyncio.gather(*(graph.ask(query, tenant.token) for tenant in tenants))

    assert {board["dashboard"]["accounts"] for board in boards[1:]} == {3}
    assert sum(board["dashboard"]["openAlerts"] for board in boards) == sum(1 for n in range(ALERTS) if n % 10 < 8)
    assert Decimal(boards[0]["dashboard"]["costLastMonth"]) > 0
