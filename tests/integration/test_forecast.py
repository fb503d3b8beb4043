"""Forecasts end to end: loaded, made in the pool, switched in one step, read over the graph by whom they concern."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents.base import utc_now
from documents.cost_forecast import clear_forecasts
from documents.forecast_run import ForecastRun, claim_run, due_runs
from domain.costs.header import ReadOptions
from jobs.cost_import import import_cost_files
from jobs.tasks import forecast_costs as job_module
from jobs.tasks.forecast_costs import ask_due_forecasts, forecast_costs
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

# The last loaded day is yesterday, so that it is over.
TODAY = utc_now().date()
DAYS = 100
FORECAST = """
query($input: CostForecastInput!) {
  costForecast(input: $input) {
    level currency days mean lower80 upper80 lower95 upper95 model quality note isStale dataUntil
    total { ahead } monthEnd { first until spent ahead expected lower80 upper80 } yearEnd { spent expected }
    backTest { tests mase monthError } coverage { tests month80 }
  }
}
"""
CREATE = """
mutation($input: CreateForecastEventInput!) {
  createForecastEvent(input: $input) {
    __typename ... on CreateForecastEventSuccess { event { id version } } ... on UserError { message path }
  }
}
"""
UPDATE = """
mutation($input: UpdateForecastEventInput!) {
  updateForecastEvent(input: $input) {
    __typename ... on UpdateForecastEventSuccess { event { version name } } ... on UserError { message }
  }
}
"""
DELETE = """
mutation($input: DeleteForecastEventInput!) {
  deleteForecastEvent(input: $input) { __typename }
}
"""


def rows(days: int, *services: tuple[str, str], until: date = TODAY) -> list[dict[str, str]]:
    """A row for each day before `until` and service, which costs the same every day."""
    found = []
    for back in range(days, 0, -1):
        day = until - timedelta(days=back)
        month = day.replace(day=1)
        following = (month + timedelta(days=31)).replace(day=1)
        for service, cost in services:
            costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
            found.append(
                focus_row(
                    **costs,
                    ServiceName=service,
                    BillingPeriodStart=f"{month}T00:00:00Z",
                    BillingPeriodEnd=f"{following}T00:00:00Z",
                    ChargePeriodStart=f"{day}T00:00:00Z",
                    ChargePeriodEnd=f"{day + timedelta(days=1)}T00:00:00Z",
                )
            )
    return found


@pytest.fixture
def job(backend: Backend) -> dict[str, Any]:
    return {**options(backend)["ctx"], "job_try": 1}


@pytest.fixture
def load(backend: Backend, tmp_path: Path) -> Callable[..., Any]:
    async def loaded(tenant: Tenant, lines: list[dict[str, str]], source: str = "") -> None:
        path = write_csv(tmp_path / "costs.csv", lines)
        await import_cost_files(tenant.scope, [path], ReadOptions(source=source), writer=backend.writer, now=utc_now)

    return loaded


async def ask(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(FORECAST, tenant.token, input=fields))["costForecast"]
    return found


async def test_calm_costs_go_on_and_children_add_up_to_parents(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(DAYS, ("Compute", "10.00"), ("Storage", "2.50")))

    made = await forecast_costs(job, org_id=tenant.org_id)
    whole = await ask(graph, tenant, horizon="DAYS_30")
    parts = [await ask(graph, tenant, horizon="DAYS_30", serviceName=name) for name in ("Compute", "Storage")]

    # Two services in one account: two series, two services, one account, the total.
    assert made == 6
    assert whole["days"] == [f"{TODAY + timedelta(days=ahead)}" for ahead in range(30)]
    assert all(abs(Decimal(amount) - Decimal("12.5")) < Decimal("0.01") for amount in whole["mean"])
    sums = [Decimal(one) + Decimal(other) for one, other in zip(parts[0]["mean"], parts[1]["mean"], strict=True)]
    assert [Decimal(amount) for amount in whole["mean"]] == sums
    assert (whole["level"], parts[0]["level"]) == ("TOTAL", "SERVICE")
    assert (whole["quality"], whole["isStale"]) == ("FULL", False)
    # 100 days: a back-test needs 56 days before it, so one of 30 days fits.
    assert whole["backTest"]["tests"] == 1
    assert whole["dataUntil"] == f"{TODAY - timedelta(days=1)}"


async def test_the_month_shows_what_is_spent_and_what_is_to_come(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(DAYS, ("Compute", "10.00")))

    await forecast_costs(job, org_id=tenant.org_id)
    month = (await ask(graph, tenant))["monthEnd"]

    spent = Decimal(10) * (TODAY.day - 1)
    end = (TODAY.replace(day=1) + timedelta(days=31)).replace(day=1)
    assert (month["first"], month["until"]) == (f"{TODAY.replace(day=1)}", f"{end}")
    assert Decimal(month["spent"]) == spent
    assert abs(Decimal(month["ahead"]) - Decimal(10) * (end - TODAY).days) < Decimal("0.5")
    assert Decimal(month["lower80"]) <= Decimal(month["expected"]) <= Decimal(month["upper80"])


async def test_a_young_series_says_that_it_is(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(5, ("Compute", "3.00")))

    await forecast_costs(job, org_id=tenant.org_id)
    found = await ask(graph, tenant)

    assert (found["model"], found["quality"]) == ("FLAT", "NEW")
    assert "less than 7 days" in found["note"]
    assert Decimal(found["mean"][0]) == 3


async def test_what_people_know_is_counted_on(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "_REST", timedelta(0))
    tenant = await make_tenant(backend)
    await load(tenant, rows(DAYS, ("Compute", "10.00")))
    begins = TODAY + timedelta(days=10)
    event = {"name": "Migration", "first": f"{begins}", "amountPerDay": "5", "currency": "USD"}

    created = (await graph.ask(CREATE, tenant.token, input=event))["createForecastEvent"]["event"]
    await forecast_costs(job, org_id=tenant.org_id)
    with_event = (await ask(graph, tenant))["mean"]
    change = {**event, "name": "Later", "eventId": created["id"], "expectedVersion": 1}
    updated = (await graph.ask(UPDATE, tenant.token, input=change))["updateForecastEvent"]["event"]
    stale = (await graph.ask(UPDATE, tenant.token, input=change))["updateForecastEvent"]
    await graph.ask(DELETE, tenant.token, input={"eventId": created["id"]})
    await forecast_costs(job, org_id=tenant.org_id)
    without = (await ask(graph, tenant))["mean"]

    assert abs(Decimal(with_event[9]) - 10) < Decimal("0.01")
    assert abs(Decimal(with_event[10]) - 15) < Decimal("0.01")
    assert (updated["version"], updated["name"]) == (2, "Later")
    assert stale["__typename"] == "ConflictError"
    assert abs(Decimal(without[10]) - 10) < Decimal("0.01")


@pytest.mark.parametrize(
    "fields",
    [
        {"first": "2026-01-02", "until": "2026-01-02", "factor": "2"},
        {"first": "2026-01-02"},
        {"first": "2026-01-02", "factor": "2", "amountPerDay": "1", "currency": "USD"},
        {"first": "2026-01-02", "amountPerDay": "1"},
        {"first": "2026-01-02", "factor": "1", "currency": "USD"},
    ],
)
async def test_an_event_that_makes_no_sense_is_refused(graph: Graph, backend: Backend, fields: dict[str, Any]) -> None:
    tenant = await make_tenant(backend)

    answer = (await graph.ask(CREATE, tenant.token, input={"name": "x", **fields}))["createForecastEvent"]

    assert answer["__typename"] == "ValidationError"


async def test_it_is_made_once_an_hour_and_noted_that_more_is_wanted(
    backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(30, ("Compute", "10.00")))

    counts = [await forecast_costs(job, org_id=tenant.org_id) for _ in range(2)]
    run = await ForecastRun.find_in(tenant.scope, {})
    later = utc_now() + timedelta(minutes=1)

    assert counts == [4, 0]
    assert run is not None
    assert run.is_wanted
    assert run.org_id in await due_runs(wanted_before=later, daily_before=later - timedelta(days=1))
    assert run.org_id not in await due_runs(
        wanted_before=later - timedelta(hours=1), daily_before=datetime(2000, 1, 1, tzinfo=UTC)
    )


async def test_what_is_due_is_asked_for(
    backend: Backend, job: dict[str, Any], load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(8, ("Compute", "10.00")))
    await forecast_costs(job, org_id=tenant.org_id)
    monkeypatch.setattr(job_module, "_DAY", timedelta(seconds=-60))

    assert await ask_due_forecasts(job) >= 1


async def test_what_a_dead_run_left_is_unseen_and_cleared(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_module, "_REST", timedelta(0))
    tenant = await make_tenant(backend)
    await load(tenant, rows(8, ("Compute", "10.00")))
    await forecast_costs(job, org_id=tenant.org_id)

    async def die(*_: Any) -> None:
        raise RuntimeError("the worker is killed here")

    with monkeypatch.context() as patched:
        patched.setattr(job_module, "show_edition", die)
        with pytest.raises(RuntimeError):
            await forecast_costs(job, org_id=tenant.org_id)
    left = await documents.CostForecast.rows().count_documents({"org_id": tenant.organization.id})
    shown = await ask(graph, tenant)
    for _ in range(2):
        await forecast_costs(job, org_id=tenant.org_id)
    kept = await documents.CostForecast.rows().count_documents({"org_id": tenant.organization.id})

    # Four series an edition: the shown one and what was left; in the end the shown one and the one before it.
    assert (left, kept) == (8, 8)
    assert shown["dataUntil"] == f"{TODAY - timedelta(days=1)}"


async def test_two_runs_at_once_make_one_edition(
    backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(8, ("Compute", "10.00")))

    counts = await asyncio.gather(*(forecast_costs(job, org_id=tenant.org_id) for _ in range(2)))

    assert sorted(counts) == [0, 4]


async def test_a_claim_of_the_dead_is_taken_over(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    org_id, now = ObjectId(tenant.org_id), utc_now()

    first = await claim_run(org_id, ObjectId(), now - timedelta(hours=1), timedelta(0))
    second = await claim_run(org_id, ObjectId(), now, timedelta(0))
    third = await claim_run(org_id, ObjectId(), now, timedelta(0))

    assert (first is not None, second is not None, third) == (True, True, None)
    assert await clear_forecasts(org_id, [None]) == 0


async def test_costs_that_came_since_make_it_stale(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    await load(tenant, rows(8, ("Compute", "10.00")))
    await forecast_costs(job, org_id=tenant.org_id)

    await load(tenant, rows(8, ("Compute", "11.00")))

    assert (await ask(graph, tenant))["isStale"]


async def test_what_has_no_forecast_says_so(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant = await make_tenant(backend)
    before = await graph.refused(FORECAST, tenant.token, input={})
    assert await forecast_costs(job, org_id=tenant.org_id) == 0
    other = await make_tenant(backend)
    await load(other, rows(8, ("Compute", "10.00")))
    await load(other, [{**row, "BillingCurrency": "EUR"} for row in rows(8, ("Compute", "1.00"))], source="eu")
    await forecast_costs(job, org_id=other.org_id)

    unknown = await graph.refused(FORECAST, other.token, input={"serviceName": "Unheard of"})
    mixed = await graph.refused(FORECAST, other.token, input={})
    euros = await ask(graph, other, currency="EUR")

    assert "no forecast yet" in before[0]["message"]
    assert "no forecast of this" in unknown[0]["message"]
    assert "EUR, USD" in mixed[0]["message"]
    assert Decimal(euros["mean"][0]) == 1


async def test_another_tenant_sees_nothing_of_it(
    graph: Graph, backend: Backend, job: dict[str, Any], load: Callable[..., Any]
) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)
    await load(tenant, rows(8, ("Compute", "10.00")))
    await forecast_costs(job, org_id=tenant.org_id)

    errors = await graph.refused(FORECAST, stranger.token, input={"organizationId": tenant.global_id})

    assert errors[0]["extensions"]["code"] == "NOT_FOUND"


async def test_who_may_not_manage_costs_enters_nothing(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    member = await add_member(backend, tenant.organization, documents.Role.USER)

    errors = await graph.refused(CREATE, member.token, input={"name": "x", "first": "2026-01-02", "factor": "2"})

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
