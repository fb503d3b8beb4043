"""Costs over the graph: the numbers are those of the file, grouped as asked, and only the tenant's own."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from app.worker import options
from documents.alert import Alert
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.context import JobContext
from jobs.cost_import import import_cost_files
from jobs.tasks.check_budgets import check_budgets
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

COLUMNS = (
    "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingAccountId,BillingCurrency,BillingPeriodStart,"
    "BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ServiceCategory,ProviderName,"
    "PublisherName,InvoiceIssuerName,SubAccountId,Tags"
)
COSTS = """
query($input: CostsInput!) {
  costs(input: $input) {
    currency periods restCount
    groups { values label columns { metric amounts total } }
    rest { columns { total } }
    total { columns { total } }
  }
}
"""
LINES = """
query($filter: CostLineFilter, $first: Int!, $after: Cursor) {
  costLines(filter: $filter, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { row billed { amount currency } serviceName }
  }
}
"""
BUDGET = """
mutation($input: CreateBudgetInput!) {
  createBudget(input: $input) {
    __typename ... on CreateBudgetSuccess { budget { id } } ... on UserError { path }
  }
}
"""


def row(day: str, cost: str, *, service: str = "Compute", currency: str = "USD", team: str | None = None) -> str:
    month = day[:8] + "01"
    end = f"{int(month[:4]) + (month[5:7] == '12')}-{int(month[5:7]) % 12 + 1:02d}-01"
    tags = "" if team is None else f'"{{""team"": ""{team}""}}"'
    return (
        f"{cost},{cost},{cost},{cost},payer,{currency},{month},{end},{day}T00:00:00Z,{day}T12:00:00Z,"
        f"Usage,{service},Compute,AWS,AWS,AWS,sub-1,{tags}"
    )


Load = Callable[..., Any]


@pytest.fixture
def load(backend: Backend, tmp_path: Path) -> Load:
    """Import rows for a tenant."""

    async def imported(tenant: Tenant, *rows: str, source: str = "") -> None:
        path = tmp_path / "costs.csv"
        path.write_text("\n".join([COLUMNS, *rows]) + "\n")
        options = ReadOptions(source=source)
        await import_cost_files(tenant.scope, [path], options, writer=backend.writer, now=utc_now)

    return imported


async def ask(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    chosen = {"first": "2026-01-01", "until": "2026-03-01", **fields}
    found: dict[str, Any] = (await graph.ask(COSTS, tenant.token, input=chosen))["costs"]
    return found


async def test_costs_are_columns_by_period_and_group(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(
        tenant,
        row("2026-01-05", "1.10", service="Storage"),
        row("2026-01-31", "2.20"),
        row("2026-02-01", "4.40"),
    )

    found = await ask(graph, tenant, grain="MONTH", groupBy=[{"dimension": "SERVICE"}])

    assert found["periods"] == ["2026-01-01", "2026-02-01"]
    assert [group["values"] for group in found["groups"]] == [["Compute"], ["Storage"]]
    compute = found["groups"][0]["columns"][0]
    assert [Decimal(amount) for amount in compute["amounts"]] == [Decimal("2.20"), Decimal("4.40")]
    assert Decimal(found["total"]["columns"][0]["total"]) == Decimal("1.10") + Decimal("2.20") + Decimal("4.40")


async def test_costs_group_by_tag_and_say_what_is_untagged(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, row("2026-01-05", "1", team="red"), row("2026-01-06", "2", team="blue"), row("2026-01-07", "4"))

    found = await ask(graph, tenant, grain="WEEK", groupBy=[{"tag": "team"}])

    totals = {tuple(group["values"]): Decimal(group["columns"][0]["total"]) for group in found["groups"]}
    assert totals == {("red",): Decimal(1), ("blue",): Decimal(2), (None,): Decimal(4)}


async def test_what_is_not_told_apart_is_added_up(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, *(row("2026-01-05", str(cost), service=f"Service {cost}") for cost in (1, 2, 4, 8)))

    found = await ask(graph, tenant, groupBy=[{"dimension": "SERVICE"}], top=1)

    assert found["groups"][0]["values"] == ["Service 8"]
    assert found["restCount"] == 3
    assert Decimal(found["rest"]["columns"][0]["total"]) == 1 + 2 + 4


async def test_a_load_shows_at_once_although_answers_are_kept(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    seen = []
    for cost in ("1", "2"):
        await load(tenant, row("2026-01-05", cost))
        seen += [(await ask(graph, tenant))["total"]["columns"][0]["total"] for _ in range(2)]

    assert [Decimal(total) for total in seen] == [1, 1, 2, 2]


async def test_currencies_are_not_added_up(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, row("2026-01-05", "1"), source="us")
    await load(tenant, row("2026-01-05", "2", currency="EUR"), source="eu")

    errors = await graph.refused(COSTS, tenant.token, input={"first": "2026-01-01", "until": "2026-03-01"})
    euros = await ask(graph, tenant, currency="EUR")

    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "EUR, USD" in errors[0]["message"]
    assert Decimal(euros["total"]["columns"][0]["total"]) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"until": "2025-01-01"},
        {"first": "2000-01-01", "until": "2026-01-01"},
        {"groupBy": [{"dimension": "SERVICE"}, {"dimension": "SERVICE"}]},
        {"top": 0},
        {"currency": "dollars"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    graph: Graph, backend: Backend, fields: dict[str, Any]
) -> None:
    tenant = await make_tenant(backend)
    chosen = {"first": "2026-01-01", "until": "2026-03-01", **fields}

    errors = await graph.refused(COSTS, tenant.token, input=chosen)

    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_lines_are_paged_to_the_end_without_doubles(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, *(row(f"2026-01-{day:02d}", str(day)) for day in range(1, 31)))

    seen, after = [], None
    while True:
        page = (await graph.ask(LINES, tenant.token, first=7, after=after))["costLines"]
        seen += [Decimal(node["billed"]["amount"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert page["totalCount"] == 30
    assert seen == [Decimal(day) for day in range(30, 0, -1)]


async def test_a_cursor_of_another_list_or_of_nobody_is_refused(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, row("2026-01-01", "1"), row("2026-01-02", "1"))
    page = (await graph.ask(LINES, tenant.token, first=1))["costLines"]
    cursor = page["pageInfo"]["endCursor"]

    other_filter = await graph.refused(LINES, tenant.token, first=1, after=cursor, filter={"serviceNames": ["Compute"]})
    forged = await graph.refused(LINES, tenant.token, first=1, after="AAAA")
    too_many = await graph.refused(LINES, tenant.token, first=101)

    for errors in (other_filter, forged, too_many):
        assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_budget_raises_each_threshold_once_a_month(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    today = utc_now().date()
    context = {"context": job_context(backend)}
    await graph.ask(BUDGET, tenant.token, input={"name": "all", "amount": "100", "currency": "USD"})

    await load(tenant, row(today.replace(day=1).isoformat(), "60"))
    first = await check_budgets(context, org_id=tenant.org_id)
    again = await check_budgets(context, org_id=tenant.org_id)
    await load(tenant, row(today.replace(day=1).isoformat(), "120"))
    more = await check_budgets(context, org_id=tenant.org_id)

    titles = (await graph.ask("{ alerts { nodes { title severity } } }", tenant.token))["alerts"]["nodes"]
    assert (first, again, more) == (1, 0, 2)
    assert sorted(title["title"].split(" has reached ")[1].split(" %")[0] for title in titles) == ["100", "50", "80"]


async def test_the_alert_of_a_budget_of_one_service_names_it(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    budget = {"amount": "10", "currency": "USD", "thresholds": [100]}
    for name, services in (("one", ["Compute"]), ("two", ["Compute", "Storage"]), ("all", [])):
        await graph.ask(BUDGET, tenant.token, input={"name": name, "services": services, **budget})
    await load(tenant, row(utc_now().date().replace(day=1).isoformat(), "60"))

    await check_budgets({"context": job_context(backend)}, org_id=tenant.org_id)

    alerts = await Alert.list_in(tenant.scope, {})
    assert {alert.title.split()[1]: alert.service for alert in alerts} == {"one": "Compute", "two": None, "all": None}


async def test_a_budget_is_named_once(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    fields = {"name": "all", "amount": "100", "currency": "USD"}

    await graph.ask(BUDGET, tenant.token, input=fields)
    again = (await graph.ask(BUDGET, tenant.token, input=fields))["createBudget"]

    assert again == {"__typename": "ConflictError", "path": ["input", "name"]}


def job_context(backend: Backend) -> JobContext:
    made: JobContext = options(backend)["ctx"]["context"]
    return made
