"""What the demo says of its costs is taken by the graph, shared out to the last digit, and said once."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.cli.client import GraphClient
from app.demo.cost_setup import BUDGET, METRIC, TEAMS, set_up_costs
from app.demo.focus_rows import IDS, DemoBill
from app.demo.state import CLIENTS
from app.wiring import Backend
from domain.errors import CloudWatcherError
from tests.factories.costs import load
from tests.factories.focus import TODAY, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant

STANDING = """{
  allocationTargets { nodes { id name } } allocationRules { nodes { version } } businessMetrics { nodes { id name } }
  budgets { nodes { name limit { amount } } } exchangeRates { nodes { fromCurrency } } commitmentTerms { nodes { id } }
}"""
ALLOCATED = """{ allocatedCosts(input: {first: "2026-10-01", until: "2026-11-01"}) {
  groups { label columns { total } } total { columns { total } } } }"""
COVERAGE = '{ allocationCoverage(month: "2026-10-01") { workedOutAt covered { total shared notAllocated } } }'
UNITS = """query($id: ID!) { unitCosts(input: {metricId: $id, first: "2026-10-01", until: "2026-11-01", grain: MONTH}) {
  unitCosts } }"""


def bill(first: date = TODAY) -> list[dict[str, str]]:
    """A few days of two months of the demo's first client, and what is charged by the month."""
    rows = (dict(zip(IDS, row, strict=True)) for row in DemoBill(CLIENTS[0], first, months=2).rows())
    return [row for row in rows if row["ChargePeriodStart"][8:10] in ("01", "02")]


@pytest.mark.usefixtures("worker")
async def test_the_costs_of_the_demo_are_said_once_and_shared_out(
    backend: Backend, graph: Graph, address: str, tmp_path: Path
) -> None:
    tenant, client = await make_tenant(backend), GraphClient(address)
    rows = bill()
    await load(backend, tenant, write_csv(tmp_path / "bill.csv", rows))

    await set_up_costs(client, tenant.token, TODAY)
    first = await graph.ask(STANDING, tenant.token)
    await set_up_costs(client, tenant.token, TODAY)

    assert await graph.ask(STANDING, tenant.token) == first
    assert {node["name"] for node in first["allocationTargets"]["nodes"]} == set(TEAMS)
    assert [node["name"] for node in first["businessMetrics"]["nodes"]] == [METRIC]
    usage = [row for row in rows if (row["ProviderName"], row["ChargeCategory"]) == ("Microsoft", "Usage")]
    azure = october(usage, "BilledCost")
    assert first["budgets"]["nodes"] == [{"name": BUDGET, "limit": {"amount": f"{azure * Decimal('1.04'):.0f}"}}]
    covered = await worked_out(graph, tenant.token)
    everything, used = october(rows, "BilledCost"), october(rows, "EffectiveCost")
    assert Decimal(covered["total"]) == used
    assert Decimal(covered["shared"]) > 900, "support and taxes"
    assert 0 < Decimal(covered["notAllocated"]) < used / 4
    allocated = (await graph.ask(ALLOCATED, tenant.token))["allocatedCosts"]
    assert {one["label"] for one in allocated["groups"]} == {*TEAMS, None}
    assert Decimal(allocated["total"]["columns"][0]["total"]) == everything
    metric = first["businessMetrics"]["nodes"][0]["id"]
    (unit,) = (await graph.ask(UNITS, tenant.token, id=metric))["unitCosts"]["unitCosts"]
    assert Decimal(unit) > 0


def october(rows: list[dict[str, str]], cost: str) -> Decimal:
    """What the charges of October come to."""
    return sum((Decimal(row[cost]) for row in rows if row["ChargePeriodStart"].startswith("2026-10")), Decimal(0))


async def worked_out(graph: Graph, token: str) -> dict[str, Any]:
    """How much of October is allocated, once the rules were applied."""
    async with asyncio.timeout(60):
        while True:
            coverage = (await graph.ask(COVERAGE, token))["allocationCoverage"]
            if coverage["workedOutAt"] and Decimal(coverage["covered"][0]["shared"]):
                return dict(coverage["covered"][0])
            await asyncio.sleep(0.1)


async def test_a_start_that_was_cut_off_is_gone_on_with(backend: Backend, graph: Graph, address: str) -> None:
    tenant = await make_tenant(backend)
    half = 'mutation { createAllocationTarget(input: {kind: TEAM, name: "web"}) { __typename } }'
    await graph.ask(half, tenant.token)

    with pytest.raises(CloudWatcherError, match="could not be set up"):
        await set_up_costs(GraphClient(address), tenant.token, TODAY)  # no costs were loaded to set a budget by

    targets = (await graph.ask(STANDING, tenant.token))["allocationTargets"]["nodes"]
    assert sorted(node["name"] for node in targets) == sorted(TEAMS)
