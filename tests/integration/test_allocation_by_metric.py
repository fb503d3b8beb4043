"""Shared costs follow a business metric: by its points of the month, again when points change, and traced by them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from schema.node import global_id
from tests.factories.costs import load
from tests.factories.focus import write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_allocation import ROWS, allocate, costs
from tests.integration.test_allocation_graph import COSTS, PREVIEW, SEPTEMBER, TRACE, made, saved

METRIC = """mutation($input: CreateBusinessMetricInput!) { createBusinessMetric(input: $input) {
  ... on CreateBusinessMetricSuccess { metric { id } } } }"""
RECORD = """mutation($input: RecordMetricInput!) { recordMetric(input: $input) { __typename } }"""


class House:
    """A tenant whose every cost is shared by its orders."""

    def __init__(self, backend: Backend, graph: Graph, tenant: Tenant) -> None:
        self.backend, self.graph, self.tenant = backend, graph, tenant
        self.web = self.data = self.metric = ""

    async def open(self) -> "House":
        self.web = await made(self.graph, self.tenant, "web shop")
        self.data = await made(self.graph, self.tenant, "Data")
        answer = await self.graph.ask(METRIC, self.tenant.token, input={"name": "Orders", "unit": "order"})
        self.metric = answer["createBusinessMetric"]["metric"]["id"]
        return self

    def rule(self, metric_id: str | None = None) -> dict[str, Any]:
        by_metric = {"metricId": metric_id or self.metric, "key": "team", "kind": "TEAM"}
        return {"name": "by orders", "take": {"proportion": {"metric": by_metric}}}

    async def record(self, *points: tuple[str, str, str]) -> None:
        given = [
            {"day": day, "value": value, "values": [{"name": "team", "value": team}]} for day, team, value in points
        ]
        await self.graph.ask(RECORD, self.tenant.token, input={"metricId": self.metric, "points": given})

    async def owed(self) -> dict[str | None, Decimal]:
        shown = (await self.graph.ask(COSTS, self.tenant.token, input=SEPTEMBER))["allocatedCosts"]
        return {one["values"][0]: Decimal(one["columns"][0]["total"]) for one in shown["groups"]}


@pytest.fixture
async def house(backend: Backend, graph: Graph, tmp_path: Path) -> House:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", costs(ROWS)))
    return await House(backend, graph, tenant).open()


async def test_costs_follow_the_points_of_the_month_and_are_shared_anew_when_they_change(house: House) -> None:
    await house.record(("2026-09-01", "Web-Shop", "1"), ("2026-09-30", "data", "3"), ("2026-10-01", "data", "100"))
    await saved(house.graph, house.tenant, house.rule())
    await allocate(house.backend, house.tenant)

    # 106.01 of the month, a quarter and three.
    assert await house.owed() == {house.web: Decimal("26.5025"), house.data: Decimal("79.5075")}

    await house.record(("2026-09-30", "data", "1"))
    await allocate(house.backend, house.tenant)
    assert await house.owed() == {house.web: Decimal("53.005"), house.data: Decimal("53.005")}
    assert await allocate(house.backend, house.tenant) == 0


async def test_without_points_nobody_owes_the_cost(house: House) -> None:
    await saved(house.graph, house.tenant, house.rule())
    await allocate(house.backend, house.tenant)

    assert await house.owed() == {None: Decimal("106.01")}


async def test_an_amount_is_traced_by_the_weights_of_its_run(house: House) -> None:
    await house.record(("2026-09-01", "web shop", "1"), ("2026-09-01", "data", "3"))
    await saved(house.graph, house.tenant, house.rule())
    await allocate(house.backend, house.tenant)
    await house.record(("2026-09-01", "data", "1"))

    asked = {**SEPTEMBER, "targetId": house.data}
    found = (await house.graph.ask(TRACE, house.tenant.token, input=asked))["allocationTrace"]["parts"]

    assert {(one["shareNumerator"], one["shareDenominator"]) for one in found} == {("3", "4")}
    assert sum(Decimal(one["billed"]) for one in found) == Decimal("79.5075")


async def test_a_preview_shares_by_the_metric_too(house: House) -> None:
    await house.record(("2026-09-01", "web shop", "1"))
    asked = {"month": "2026-09-01", "rules": [house.rule()]}

    shown = (await house.graph.ask(PREVIEW, house.tenant.token, input=asked))["previewAllocation"]["totals"]

    assert {one["targetId"]: Decimal(one["previewBilled"]) for one in shown} == {
        house.web: Decimal("106.01"),
        None: Decimal(0),
    }


@pytest.mark.parametrize("id", ["BusinessMetric:650000000000000000000000", "BusinessMetric:no id at all"])
async def test_a_metric_that_is_not_there_is_refused_with_its_line(house: House, id: str) -> None:
    refused = await saved(house.graph, house.tenant, house.rule(global_id(*id.split(":"))))

    assert refused["message"] == "Rule 1: there is no such business metric."
    assert refused["path"] == ["input", "rules", "0", "take", "proportion", "metric"]


async def test_another_tenants_metric_is_not_there(house: House, graph: Graph, backend: Backend) -> None:
    theirs = await House(backend, graph, await make_tenant(backend)).open()

    refused = await saved(house.graph, house.tenant, house.rule(theirs.metric))

    assert refused["message"] == "Rule 1: there is no such business metric."
