"""Budgets of every kind: what they count, when they tell, and that they tell once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import documents
from app.wiring import Backend
from app.worker import options
from documents.alert import Alert
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files
from jobs.tasks.check_budgets import check_budgets
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

BUDGET_FIELDS = (
    "id name version period basis archivedAt spentMonth limit { amount } carried { amount } spent { amount } "
    "expected { amount } expectedUpper { amount }"
)
CREATE = f"""
mutation($input: CreateBudgetInput!) {{
  createBudget(input: $input) {{
    __typename ... on CreateBudgetSuccess {{ budget {{ {BUDGET_FIELDS} }} }} ... on UserError {{ message path }}
  }}
}}
"""
UPDATE = f"""
mutation($input: UpdateBudgetInput!) {{
  updateBudget(input: $input) {{
    __typename ... on UpdateBudgetSuccess {{ budget {{ {BUDGET_FIELDS} }} }} ... on UserError {{ message path }}
  }}
}}
"""
ARCHIVE = """
mutation($input: ArchiveBudgetInput!) {
  archiveBudget(input: $input) {
    __typename ... on ArchiveBudgetSuccess { budget { archivedAt } } ... on UserError { message }
  }
}
"""
BUDGETS = f"{{ budgets {{ nodes {{ {BUDGET_FIELDS} }} }} }}"
HISTORY = """
query($id: ID!) {
  budgetHistory(budgetId: $id) { nodes { name first until alerts limit { amount } spent { amount } budgetId } }
}
"""
BURN_DOWN = """
query($id: ID!) { budgetBurnDown(budgetId: $id) { currency limit days actual ideal expected lower80 upper80 } }
"""
TODAY = date(2026, 11, 20)

Load = Callable[..., Awaitable[None]]


@pytest.fixture
def load(backend: Backend, tmp_path: Path) -> Load:
    """Import costs by day for a tenant; a source of its own for each call that names one."""

    async def loaded(tenant: Tenant, costs: dict[date, str], *, source: str = "", **columns: str) -> None:
        lines = []
        for day, cost in sorted(costs.items()):
            month = day.replace(day=1)
            dates = {
                "BillingPeriodStart": month,
                "BillingPeriodEnd": (month + timedelta(days=31)).replace(day=1),
                "ChargePeriodStart": day,
                "ChargePeriodEnd": day + timedelta(days=1),
            }
            amounts = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
            lines.append(focus_row(**amounts, **{name: f"{at}T00:00:00Z" for name, at in dates.items()}, **columns))
        path = write_csv(tmp_path / "costs.csv", lines)
        read = ReadOptions(source=source)
        await import_cost_files(tenant.scope, [path], read, writer=backend.writer, now=utc_now)

    return loaded


def context_at(backend: Backend, day: date) -> dict[str, Any]:
    """What the job is handed, at noon of a day."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return {"context": replace(options(backend)["ctx"]["context"], now=lambda: at)}


async def created(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    chosen = {"name": "Cloud", "currency": "USD", **fields}
    if "basis" not in chosen:
        chosen.setdefault("amount", "100")
    answer = (await graph.ask(CREATE, tenant.token, input=chosen))["createBudget"]
    budget: dict[str, Any] = answer["budget"]
    return budget


async def shown(graph: Graph, tenant: Tenant) -> dict[str, Any]:
    (budget,) = (await graph.ask(BUDGETS, tenant.token))["budgets"]["nodes"]
    return dict(budget)


async def history(graph: Graph, tenant: Tenant, id: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = (await graph.ask(HISTORY, tenant.token, id=id))["budgetHistory"]["nodes"]
    return nodes


def every_day(first: date, until: date, cost: str) -> dict[date, str]:
    return {first + timedelta(days=number): cost for number in range((until - first).days)}


@pytest.mark.parametrize(
    ("period", "name", "spent"),
    [
        # One dollar on each day of October and of November up to the 20th, a Friday.
        ("DAILY", "2026-11-20", 1),
        ("WEEKLY", "2026-W47", 5),
        ("MONTHLY", "2026-11", 20),
        ("QUARTERLY", "2026-Q4", 51),
        ("YEARLY", "2026", 51),
    ],
)
async def test_a_budget_counts_the_days_of_its_period(
    graph: Graph, backend: Backend, load: Load, period: str, name: str, spent: int
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, every_day(date(2026, 10, 1), TODAY + timedelta(days=1), "1"))
    await created(graph, tenant, period=period)

    await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)
    budget = await shown(graph, tenant)

    assert (budget["spentMonth"], Decimal(budget["spent"]["amount"])) == (name, spent)


async def test_a_budget_counts_what_its_filter_names(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "7"}, source="a", RegionId="eu-west-1")
    await load(tenant, {TODAY: "5"}, source="b", RegionId="us-east-1")
    where = {"dimensions": [{"dimension": "REGION", "values": ["eu-west-1"], "isExcluded": True}]}
    await created(graph, tenant, where=where, services=["Amazon Elastic Compute Cloud"])

    await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)

    assert Decimal((await shown(graph, tenant))["spent"]["amount"]) == 5


async def test_two_checks_at_once_tell_of_a_threshold_once(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await created(graph, tenant, thresholds=[50, 80])
    await load(tenant, {TODAY: "85"})

    job = context_at(backend, TODAY)
    raised = await asyncio.gather(*(check_budgets(job, org_id=tenant.org_id) for _ in range(4)))

    assert sum(raised) == 2
    assert await Alert.count_in(tenant.scope, {}, cap=10) == 2


async def test_costs_restated_below_and_above_again_tell_nothing_again(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant, job = await make_tenant(backend), context_at(backend, TODAY)
    budget = await created(graph, tenant, thresholds=[80])
    raised = []
    for cost in ("90", "10", "95"):
        await load(tenant, {TODAY: cost})
        raised.append(await check_budgets(job, org_id=tenant.org_id))

    (period,) = await history(graph, tenant, budget["id"])

    assert raised == [1, 0, 0]
    assert (period["alerts"], Decimal(period["spent"]["amount"])) == (["ACTUAL:80"], 95)


async def test_the_next_period_tells_again_and_the_last_one_is_corrected(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant = await make_tenant(backend)
    budget = await created(graph, tenant, thresholds=[80])
    later = date(2026, 12, 1)
    await load(tenant, {TODAY: "90"})
    first = await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)
    await load(tenant, {TODAY: "91"})
    await load(tenant, {later: "85"})

    second = await check_budgets(context_at(backend, later), org_id=tenant.org_id)
    periods = await history(graph, tenant, budget["id"])

    assert (first, second) == (1, 1)
    assert [(one["name"], Decimal(one["spent"]["amount"])) for one in periods] == [("2026-12", 85), ("2026-11", 91)]
    assert periods[1]["until"] == "2026-12-01"


async def test_what_was_told_of_a_period_is_resolved_when_the_next_begins(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant = await make_tenant(backend)
    await created(graph, tenant, thresholds=[80], forecastThresholds=[100])
    await load(tenant, every_day(date(2026, 11, 1), TODAY, "6"))
    states = []
    for day in (TODAY, date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2)):
        await check_budgets(context_at(backend, day), org_id=tenant.org_id)
        alerts = await Alert.list_in(tenant.scope, {"title": {"$regex": "2026-11"}})
        states.append(sorted(alert.state.value for alert in alerts))

    # 19 days at 6 are 114 of 100: more than 80 % are spent, and more than 100 % to be expected.
    assert states == [["OPEN", "OPEN"]] * 2 + [["RESOLVED", "RESOLVED"]] * 2


async def test_a_currency_nothing_is_billed_in_is_refused_with_those_that_are(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "7"})
    await load(tenant, {TODAY: "9"}, source="eu", BillingCurrency="EUR")
    budget = {"name": "Cloud", "amount": "10", "currency": "GBP"}

    answer = (await graph.ask(CREATE, tenant.token, input=budget))["createBudget"]

    assert answer["__typename"] == "ValidationError"
    assert "billed in EUR, USD: a budget in GBP would count nothing" in answer["message"]


async def test_of_several_currencies_the_one_of_the_budget_counts(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "7"})
    await load(tenant, {TODAY: "9"}, source="eu", BillingCurrency="EUR")
    await created(graph, tenant, currency="EUR")

    await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)

    assert Decimal((await shown(graph, tenant))["spent"]["amount"]) == 9


async def test_what_is_left_is_carried_up_to_the_cap(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await created(graph, tenant, rollOverCap=20)
    await load(tenant, {TODAY: "30"})
    await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)

    await check_budgets(context_at(backend, date(2026, 12, 3)), org_id=tenant.org_id)
    budget = await shown(graph, tenant)

    # 70 of 100 are left, and 20 % of 100 may be carried.
    assert (Decimal(budget["limit"]["amount"]), Decimal(budget["carried"]["amount"])) == (120, 20)


async def test_a_limit_comes_from_the_same_month_of_last_year(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {date(2025, 11, 1): "40", date(2025, 11, 30): "60", date(2025, 12, 1): "1000"})
    await load(tenant, {TODAY: "100"})
    await created(graph, tenant, basis="LAST_YEAR", changePercent="10", thresholds=[90, 100])

    raised = await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)

    # 110 % of 100: 90 % of it is reached, and 100 % is not.
    assert Decimal((await shown(graph, tenant))["limit"]["amount"]) == 110
    assert raised == 1


async def test_without_a_last_year_there_is_no_limit_and_nothing_is_told(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "100"})
    await created(graph, tenant, basis="LAST_YEAR")

    assert await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id) == 0


async def test_a_limit_from_the_forecast_stays_what_it_was_when_the_period_began(
    graph: Graph, backend: Backend, load: Load
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, every_day(date(2026, 9, 1), date(2026, 11, 1), "10"))
    await created(graph, tenant, basis="FORECAST", changePercent="50", thresholds=[100])
    await check_budgets(context_at(backend, date(2026, 11, 2)), org_id=tenant.org_id)
    before = Decimal((await shown(graph, tenant))["limit"]["amount"])
    await load(tenant, every_day(date(2026, 11, 1), TODAY, "40"))

    await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)
    after = Decimal((await shown(graph, tenant))["limit"]["amount"])

    # Ten dollars a day for the 30 days of November, and half as much again.
    assert abs(before - 450) < 1
    assert after == before


async def test_what_is_to_come_raises_an_alert_before_it_is_spent(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    budget = await created(graph, tenant, amount="250", thresholds=[100], forecastThresholds=[100, 500])
    await load(tenant, every_day(date(2026, 9, 1), TODAY, "10"))

    raised = await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)
    again = await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id)
    found = await shown(graph, tenant)

    # 190 are spent of 250; ten a day make 300 at the end of the month.
    assert (raised, again) == (1, 0)
    assert abs(Decimal(found["expected"]["amount"]) - 300) < 2
    assert Decimal(found["expectedUpper"]["amount"]) >= Decimal(found["expected"]["amount"])
    assert (await history(graph, tenant, budget["id"]))[0]["alerts"] == ["FORECAST:100"]
    (alert,) = await Alert.list_in(tenant.scope, {})
    assert "may reach 100 % in 2026-11" in alert.title


async def test_a_budget_counts_between_its_days_only(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "100"})
    await created(graph, tenant, startsOn="2026-11-21", endsOn="2026-12-01")

    counts = [
        await check_budgets(context_at(backend, day), org_id=tenant.org_id)
        for day in (date(2026, 11, 20), date(2026, 12, 1), date(2026, 11, 21))
    ]

    # The month's 100 reach 50, 80 and 100 % once it counts.
    assert counts == [0, 0, 3]


async def test_a_budget_is_changed_by_who_has_seen_it_and_put_away(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    budget = await created(graph, tenant)
    change = {"budgetId": budget["id"], "name": "Smaller", "amount": "10", "expectedVersion": 1}
    where = {"tags": [{"tag": "team", "values": ["web"]}]}

    changed = (await graph.ask(UPDATE, tenant.token, input={**change, "where": where}))["updateBudget"]["budget"]
    late = (await graph.ask(UPDATE, tenant.token, input=change))["updateBudget"]
    archived = (await graph.ask(ARCHIVE, tenant.token, input={"budgetId": budget["id"]}))["archiveBudget"]
    twice = (await graph.ask(ARCHIVE, tenant.token, input={"budgetId": budget["id"]}))["archiveBudget"]
    await load(tenant, {TODAY: "100"})

    assert (changed["name"], changed["version"], Decimal(changed["limit"]["amount"])) == ("Smaller", 2, 10)
    assert late["__typename"] == "ConflictError"
    assert archived["budget"]["archivedAt"] is not None
    assert "is archived" in twice["message"]
    assert await check_budgets(context_at(backend, TODAY), org_id=tenant.org_id) == 0


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"amount": None}, ["input", "amount"]),
        ({"basis": "FORECAST", "amount": "1"}, ["input", "amount"]),
        ({"startsOn": "2026-11-02", "endsOn": "2026-11-02"}, ["input", "endsOn"]),
        ({"currency": "EUR"}, ["input", "currency"]),
    ],
)
async def test_a_budget_that_makes_no_sense_is_refused(
    graph: Graph, backend: Backend, load: Load, fields: dict[str, Any], path: list[str]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, {TODAY: "1"})
    chosen = {"name": "Cloud", "currency": "USD", "amount": "1", **fields}

    answer = (await graph.ask(CREATE, tenant.token, input=chosen))["createBudget"]

    assert (answer["__typename"], answer["path"]) == ("ValidationError", path)


async def test_a_budget_burns_down(graph: Graph, backend: Backend, load: Load) -> None:
    tenant = await make_tenant(backend)
    today = utc_now().date()
    await load(tenant, every_day(today - timedelta(days=60), today, "10"))
    budget = await created(graph, tenant, amount="3000")

    found = (await graph.ask(BURN_DOWN, tenant.token, id=budget["id"]))["budgetBurnDown"]

    length = len(found["days"])
    assert [Decimal(amount) for amount in found["actual"]] == [10 * number for number in range(1, today.day)]
    assert len(found["actual"]) + len(found["expected"]) == length
    assert abs(Decimal(found["expected"][-1]) - 10 * length) < 2
    assert Decimal(found["ideal"][-1]) == 3000
    assert all(Decimal(low) <= Decimal(high) for low, high in zip(found["lower80"], found["upper80"], strict=True))


async def test_a_young_budget_burns_down_without_a_forecast(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    budget = await created(graph, tenant)

    found = (await graph.ask(BURN_DOWN, tenant.token, id=budget["id"]))["budgetBurnDown"]

    assert found["expected"] == []
    assert len(found["actual"]) == utc_now().day


async def test_another_tenant_sees_nothing_of_a_budget(graph: Graph, backend: Backend) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)
    budget = await created(graph, tenant)

    for text in (HISTORY, BURN_DOWN):
        errors = await graph.refused(text, stranger.token, id=budget["id"])
        assert errors[0]["extensions"]["code"] == "NOT_FOUND"
    answer = (await graph.ask(ARCHIVE, stranger.token, input={"budgetId": budget["id"]}))["archiveBudget"]

    assert answer["__typename"] == "NotFoundError"


async def test_who_may_only_read_changes_nothing(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    budget = await created(graph, tenant)
    member = await add_member(backend, tenant.organization, documents.Role.USER)

    errors = await graph.refused(ARCHIVE, member.token, input={"budgetId": budget["id"]})

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_load_that_crosses_a_threshold_is_told_of_within_a_minute(
    graph: Graph, backend: Backend, load: Load, worker: None
) -> None:
    tenant = await make_tenant(backend)
    await created(graph, tenant, thresholds=[80])
    begun = time.monotonic()

    await load(tenant, {utc_now().date(): "85"})
    # The worker tells of other things too, such as that nobody is told of alerts.
    of_budgets = {"source": "BUDGET"}
    while not await Alert.count_in(tenant.scope, of_budgets, cap=1):
        assert time.monotonic() - begun < 60
        await asyncio.sleep(0.1)

    assert await Alert.count_in(tenant.scope, of_budgets, cap=10) == 1
