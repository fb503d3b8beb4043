"""Business metrics and unit costs over the graph and the command line."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.cli.import_metric import import_points
from app.wiring import Backend
from documents import BusinessMetric, MetricDay, Role
from domain.errors import Invalid, NotFound
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

CREATE = """
mutation($input: CreateBusinessMetricInput!) {
  createBusinessMetric(input: $input) {
    __typename ... on CreateBusinessMetricSuccess { metric { id version } } ... on UserError { message path }
  }
}
"""
UPDATE = """
mutation($input: UpdateBusinessMetricInput!) {
  updateBusinessMetric(input: $input) {
    __typename
    ... on UpdateBusinessMetricSuccess { metric { name gathering version } }
    ... on ConflictError { path current { id } }
  }
}
"""
DELETE = """
mutation($input: DeleteBusinessMetricInput!) {
  deleteBusinessMetric(input: $input) {
    __typename ... on DeleteBusinessMetricSuccess { deleted { id points } }
  }
}
"""
RECORD = """
mutation($input: RecordMetricInput!) {
  recordMetric(input: $input) {
    __typename
    ... on RecordMetricSuccess { record { recorded refused { line reason } metric { name } } }
    ... on UserError { path }
  }
}
"""
UNITS = """
query($input: UnitCostsInput!) {
  unitCosts(input: $input) {
    currency periods costs quantities unitCosts changes trend cost quantity unitCost metric { name unit }
  }
}
"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def make(graph: Graph, tenant: Tenant, name: str = "Orders", **fields: Any) -> str:
    made = await graph.ask(CREATE, tenant.token, input={"name": name, "unit": "order", **fields})
    id: str = made["createBusinessMetric"]["metric"]["id"]
    return id


async def record(graph: Graph, tenant: Tenant, id: str, **fields: Any) -> dict[str, Any]:
    answer = await graph.ask(RECORD, tenant.token, input={"metricId": id, **fields})
    found: dict[str, Any] = answer["recordMetric"]
    return found


async def units(graph: Graph, tenant: Tenant, id: str, **fields: Any) -> dict[str, Any]:
    asked = {"metricId": id, "first": "2026-08-01", "until": "2026-11-01", **fields}
    found: dict[str, Any] = (await graph.ask(UNITS, tenant.token, input=asked))["unitCosts"]
    return found


def bill() -> list[dict[str, str]]:
    months = {"08": "100", "09": "150", "10": "90"}
    return [
        focus_row(
            EffectiveCost=cost,
            BilledCost="1",
            BillingPeriodStart=f"2026-{month}-01",
            BillingPeriodEnd=f"2026-{int(month) + 1:02d}-01",
            ChargePeriodStart=f"2026-{month}-02",
            ChargePeriodEnd=f"2026-{month}-03",
        )
        for month, cost in months.items()
    ]


async def test_unit_costs_are_costs_by_the_points_of_each_period(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", bill()))
    id = await make(graph, tenant)
    await record(graph, tenant, id, csv="day,value\n2026-08-03,30\n2026-08-09,20\n2026-09-30,0\n2026-10-01,30\n")

    found = await units(graph, tenant, id)
    billed = await units(graph, tenant, id, metric="BILLED", first="2026-10-01")

    assert found["currency"] == "USD"
    assert list(map(Decimal, found["quantities"])) == [50, 0, 30]
    assert [found["unitCosts"][place] for place in (0, 2)] == ["2.000000000000", "3.000000000000"]
    assert found["unitCosts"][1] is None  # nothing was ordered
    assert found["changes"] == [None, None, None]
    assert Decimal(found["trend"]) == Decimal("0.5")
    assert (Decimal(found["cost"]), Decimal(found["unitCost"])) == (340, Decimal("4.25"))
    assert Decimal(billed["unitCost"]) == Decimal("0.033333333333")
    assert found["metric"] == {"name": "Orders", "unit": "order"}


async def test_points_of_something_are_told_apart_and_filters_pick_costs(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", bill()))
    id = await make(graph, tenant)
    await record(graph, tenant, id, csv="day,value,$team.x\n2026-08-03,4,web\n2026-08-03,6,shop\n2026-08-03,10,\n")

    everything = await units(graph, tenant, id)
    web = await units(graph, tenant, id, values=[{"name": "$team.x", "value": "web"}])
    none = await units(graph, tenant, id, filter={"dimensions": [{"dimension": "SERVICE", "values": ["other"]}]})

    assert Decimal(everything["quantities"][0]) == 20
    assert Decimal(web["quantities"][0]) == 4
    assert Decimal(web["unitCosts"][0]) == 25
    assert (none["quantities"][1], Decimal(none["unitCosts"][0])) == (None, 0)


async def test_the_same_days_again_replace_and_bad_lines_are_told(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id = await make(graph, tenant)
    first = await record(graph, tenant, id, points=[{"day": "2026-08-03", "value": "5"}])
    again = await record(
        graph,
        tenant,
        id,
        points=[
            {"day": "2026-08-03", "value": "7"},
            {"day": "2026-08-04", "value": "-1"},
            {"day": "2026-08-03", "value": "1", "values": [{"name": "team", "value": "web"}]},
        ],
    )

    assert first["record"] == {"recorded": 1, "refused": [], "metric": {"name": "Orders"}}
    assert again["record"]["recorded"] == 2
    assert [refused["line"] for refused in again["record"]["refused"]] == [2]
    values = [day.value async for day in days_of(tenant)]
    assert sorted(values) == [1, 7]


@pytest.mark.parametrize("fields", [{}, {"csv": "day,value\n", "points": [{"day": "2026-08-03", "value": "1"}]}])
async def test_points_come_in_one_of_two_ways(graph: Graph, tenant: Tenant, fields: dict[str, Any]) -> None:
    id = await make(graph, tenant)

    answer = await record(graph, tenant, id, **fields)

    assert answer == {"__typename": "ValidationError", "path": ["input", "points"]}


async def test_a_metric_is_changed_by_version_and_goes_with_its_points(graph: Graph, tenant: Tenant) -> None:
    id = await make(graph, tenant)
    await record(graph, tenant, id, points=[{"day": "2026-08-03", "value": "5"}])
    fields = {"metricId": id, "name": "Customers", "unit": "customer", "gathering": "AVERAGE"}

    changed = (await graph.ask(UPDATE, tenant.token, input=fields | {"expectedVersion": 1}))["updateBusinessMetric"]
    stale = (await graph.ask(UPDATE, tenant.token, input=fields | {"expectedVersion": 1}))["updateBusinessMetric"]
    deleted = (await graph.ask(DELETE, tenant.token, input={"metricId": id}))["deleteBusinessMetric"]

    assert changed["metric"] == {"name": "Customers", "gathering": "AVERAGE", "version": 2}
    assert (stale["__typename"], stale["current"]) == ("ConflictError", {"id": id})
    assert deleted["deleted"] == {"id": id, "points": 1}
    assert [day async for day in days_of(tenant)] == []


async def test_a_name_is_there_once(graph: Graph, tenant: Tenant) -> None:
    await make(graph, tenant)

    answer = await graph.ask(CREATE, tenant.token, input={"name": "Orders", "unit": "order"})

    assert answer["createBusinessMetric"]["__typename"] == "ConflictError"


async def test_metrics_are_for_their_tenant_and_points_for_who_may_manage_costs(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id = await make(graph, tenant)
    stranger = await make_tenant(backend)
    reader = await make_tenant(backend, role=Role.USER)
    asked = {"metricId": id, "first": "2026-08-01", "until": "2026-11-01"}
    points = {"metricId": id, "csv": "day,value\n2026-08-03,1\n"}

    foreign = await graph.ask(RECORD, stranger.token, input=points)
    (unseen,) = await graph.refused(UNITS, stranger.token, input=asked)
    (forbidden,) = await graph.refused(RECORD, reader.token, input=points)

    assert foreign["recordMetric"]["__typename"] == "NotFoundError"
    assert unseen["extensions"]["code"] == "NOT_FOUND"
    assert forbidden["extensions"]["code"] == "FORBIDDEN"


async def test_the_command_makes_a_metric_and_tells_what_it_refused(
    backend: Backend, tenant: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"2026-08-{day:02d},much" for day in range(1, 24)]
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(["day,value", "2026-09-01,5", *lines]))

    with pytest.raises(NotFound, match="--unit"):
        await import_points(Console(), tenant.scope, path, backend.writer, metric="Orders", unit=None)
    code = await import_points(Console(), tenant.scope, path, backend.writer, metric="Orders", unit="order")
    told = capsys.readouterr().out
    path.write_text("day,value\n2026-09-01,6\n")
    again = await import_points(Console(), tenant.scope, path, backend.writer, metric="Orders", unit=None)

    assert (code, again) == (1, 0)
    assert "1 points of Orders" in told
    assert "line 3: 'much'" in told
    assert "and 3 more lines" in told
    assert [metric.unit for metric in await BusinessMetric.list_in(tenant.scope, {})] == ["order"]
    assert [day.value async for day in days_of(tenant)] == [6]


async def test_a_file_that_cannot_be_read_is_told(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("day,value,größe".encode("latin-1"))

    with pytest.raises(Invalid, match="UTF-8"):
        await import_points(Console(), tenant.scope, latin, backend.writer, metric="Orders", unit=None)
    with pytest.raises(NotFound, match="cannot be read"):
        await import_points(Console(), tenant.scope, tmp_path / "none", backend.writer, metric="Orders", unit=None)


async def days_of(tenant: Tenant) -> Any:
    for day in await MetricDay.list_in(tenant.scope, {}):
        yield day
