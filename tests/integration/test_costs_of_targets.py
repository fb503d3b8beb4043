"""Forecasts and budgets of what a target of allocation owes, with what its parts owe."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from app.worker import options
from documents.alert import Alert
from documents.base import utc_now
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files
from jobs.tasks.check_budgets import check_budgets
from jobs.tasks.forecast_costs import forecast_costs
from tests.factories.backlog import forget_job, is_asked
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_allocation import allocate
from tests.integration.test_allocation_graph import BY_TEAM, made, saved

TODAY = utc_now().date()
DAYS = 60
FORECAST = """query($input: CostForecastInput!) { costForecast(input: $input) {
  level mean monthEnd { spent } quality } }"""
CREATE = """mutation($input: CreateBudgetInput!) { createBudget(input: $input) { __typename
  ... on CreateBudgetSuccess { budget { id version targetId } } ... on UserError { message path } } }"""
UPDATE = """mutation($input: UpdateBudgetInput!) { updateBudget(input: $input) { __typename
  ... on UpdateBudgetSuccess { budget { targetId } } ... on UserError { message path } } }"""


def rows() -> list[dict[str, str]]:
    """Sixty days on which web costs 10, its part shop 4, and 1 is nobody's."""
    found = []
    for back in range(DAYS, 0, -1):
        day = TODAY - timedelta(days=back)
        month = day.replace(day=1)
        times = {
            "BillingPeriodStart": month,
            "BillingPeriodEnd": (month + timedelta(days=31)).replace(day=1),
            "ChargePeriodStart": day,
            "ChargePeriodEnd": day + timedelta(days=1),
        }
        for tags, cost in (('{"team": "web"}', "10"), ('{"team": "shop"}', "4"), ("", "1")):
            costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
            found.append(focus_row(Tags=tags, **costs, **{name: f"{at}T00:00:00Z" for name, at in times.items()}))
    return found


class House:
    """A tenant with the targets web and shop, its part, whose costs are allocated."""

    def __init__(self, backend: Backend, graph: Graph, tenant: Tenant, web: str, shop: str) -> None:
        self.backend, self.graph, self.tenant, self.web, self.shop = backend, graph, tenant, web, shop
        self.ctx: dict[str, Any] = {**options(backend)["ctx"], "job_try": 1}

    async def forecast(self, **fields: Any) -> dict[str, Any]:
        answer = await self.graph.ask(FORECAST, self.tenant.token, input={"horizon": "DAYS_30", **fields})
        return answer["costForecast"]

    async def budget(self, **fields: Any) -> dict[str, Any]:
        given = {"name": "web", "amount": "1", "currency": "USD", "thresholds": [100], **fields}
        return (await self.graph.ask(CREATE, self.tenant.token, input=given))["createBudget"]


@pytest.fixture
async def house(backend: Backend, graph: Graph, tmp_path: Path) -> House:
    tenant = await make_tenant(backend)
    web = await made(graph, tenant, "web")
    shop = await made(graph, tenant, "shop", parentId=web)
    await saved(graph, tenant, BY_TEAM)
    path = write_csv(tmp_path / "costs.csv", rows())
    await import_cost_files(tenant.scope, [path], ReadOptions(), writer=backend.writer, now=utc_now)
    await allocate(backend, tenant)
    return House(backend, graph, tenant, web, shop)


async def test_a_target_is_forecast_with_its_parts_and_adds_nothing_to_the_whole(house: House) -> None:
    await forecast_costs(house.ctx, org_id=house.tenant.org_id)

    web, shop = await house.forecast(targetId=house.web), await house.forecast(targetId=house.shop)
    whole = await house.forecast()

    assert (web["level"], web["quality"]) == ("TARGET", "UNTESTED")
    assert {round(Decimal(day), 2) for day in web["mean"]} == {Decimal("14.00")}
    assert {round(Decimal(day), 2) for day in shop["mean"]} == {Decimal("4.00")}
    assert {round(Decimal(day), 2) for day in whole["mean"]} == {Decimal("15.00")}
    assert Decimal(web["monthEnd"]["spent"]) == 14 * (TODAY.day - 1)


async def test_a_target_is_named_alone_and_another_tenants_is_not_there(house: House, graph: Graph) -> None:
    await forecast_costs(house.ctx, org_id=house.tenant.org_id)
    stranger = await make_tenant(house.backend)
    theirs = await made(graph, stranger, "theirs")

    both = await graph.refused(
        FORECAST, house.tenant.token, input={"targetId": house.web, "serviceName": "Compute", "horizon": "DAYS_30"}
    )
    foreign = await graph.refused(FORECAST, house.tenant.token, input={"targetId": theirs, "horizon": "DAYS_30"})

    assert both[0]["message"] == "Name a target, or an account and a service."
    assert foreign[0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_budget_counts_what_its_target_owes(house: House) -> None:
    spent = 14 * (TODAY.day - 1)
    enough, too_little = str(spent + 1), str(max(spent, 1))

    calm = await house.budget(name="calm", targetId=house.web, amount=enough)
    await house.budget(name="used up", targetId=house.web, amount=too_little)
    raised = await check_budgets(house.ctx, org_id=house.tenant.org_id)

    assert calm["budget"]["targetId"] == house.web
    assert raised == (1 if spent else 0)
    titles = [alert.title for alert in await Alert.list_in(house.tenant.scope, {})]
    assert [title.startswith("Budget used up") for title in titles] == [True] * raised


async def test_a_budget_names_a_target_or_filters_and_can_change_to_one(house: House, graph: Graph) -> None:
    both = await house.budget(targetId=house.web, services=["Compute"])
    plain = await house.budget()

    changed = await graph.ask(
        UPDATE,
        house.tenant.token,
        input={"budgetId": plain["budget"]["id"], "name": "web", "amount": "1", "targetId": house.shop},
    )

    assert both["path"] == ["input", "targetId"]
    assert plain["budget"]["targetId"] is None
    assert changed["updateBudget"]["budget"]["targetId"] == house.shop


async def test_what_was_allocated_just_now_is_held_against_budgets(house: House) -> None:
    job = f"check_budgets:{house.tenant.org_id}"
    await forget_job(house.backend, job)
    await saved(house.graph, house.tenant, {**BY_TEAM, "name": "by team, again"})

    await allocate(house.backend, house.tenant)

    assert await is_asked(house.backend, job)
