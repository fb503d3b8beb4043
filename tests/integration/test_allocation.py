"""Who owes what of real bills: each run adds up to the bill, follows what changes, and leaves closed months alone."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from arq import Retry
from bson import ObjectId
from pymongo.errors import AutoReconnect

from app.wiring import Backend
from documents import AllocatedCost, AllocationMonth, AllocationRules, AllocationRun, AllocationTarget
from documents.allocated_series import allocated_series
from documents.allocation import allocated_totals, close_month, is_closed, reopen_month
from documents.allocation_cells import billed_organizations
from documents.allocation_month import find_month
from documents.allocation_run import clear_runs
from documents.cost_day import cost_series
from domain.allocation.question import AllocatedBy, AllocatedQuestion
from domain.allocation.rule import (
    AllocationColumn,
    AllocationRule,
    ByTag,
    ByValue,
    Entry,
    InProportion,
)
from domain.allocation.spelling import folded
from domain.costs.series import CostQuestion, Grain, Metric
from domain.errors import Conflict, Invalid
from domain.facts.allocation import AllocationKind
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from jobs.tasks.allocate_costs import allocate_costs, allocate_missed, clear_replaced_runs
from tests.factories.costs import NOW, load
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_costs import job_context

SEPTEMBER = date(2026, 9, 1)
METRICS = (Metric.BILLED, Metric.EFFECTIVE, Metric.LIST, Metric.CONTRACTED)
# Two for web (spelled in two ways), one for data, one shared by everybody, and one that nobody owes.
ROWS = [
    focus_row(BilledCost="10.00", Tags='{"team": "Web Shop"}'),
    focus_row(BilledCost="20.00", Tags='{"team": "web-shop"}'),
    focus_row(BilledCost="60.00", Tags='{"team": "data"}', ServiceName="Amazon S3", ResourceId="bucket-1"),
    focus_row(BilledCost="9.01", Tags="", ServiceName="Support"),
    focus_row(BilledCost="7.00", Tags="", ServiceName="Tax", ResourceId="i-2"),
]


def costs(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same, with effective costs as billed, which shares go by, and on a day each."""
    return [
        {
            **row,
            "EffectiveCost": row["BilledCost"],
            "ChargePeriodStart": row["ChargePeriodStart"].replace("-02T", f"-0{day}T"),
            "ChargePeriodEnd": "2026-10-01T00:00:00Z",
        }
        for day, row in enumerate(rows, 2)
    ]


@pytest.fixture
async def tenant(backend: Backend, tmp_path: Path) -> Tenant:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", costs(ROWS)))
    return tenant


async def target(tenant: Tenant, name: str, **fields: Any) -> str:
    made = AllocationTarget(
        org_id=tenant.organization.id, kind=AllocationKind.TEAM, name=name, spelling=folded(name), **fields
    )
    await made.insert()
    return str(made.id)


async def save(tenant: Tenant, *rules: AllocationRule) -> None:
    last = await AllocationRules.count_in(tenant.scope, {}, cap=1000)
    made = AllocationRules(org_id=tenant.organization.id, version=last + 1, rules=list(rules), saved_by="user:0")
    await made.insert()


async def allocate(backend: Backend, tenant: Tenant) -> int:
    return await allocate_costs({"context": job_context(backend)}, org_id=tenant.org_id)


async def owed(tenant: Tenant) -> dict[str | None, Decimal]:
    return {one.target_id: one.billed for one in await allocated_totals(tenant.scope, SEPTEMBER)}


BY_TEAM = AllocationRule(name="by team", take=ByTag(key="team", kind=AllocationKind.TEAM))


def shared(name: str = "support") -> AllocationRule:
    where = CostFilter.of({Dimension.SERVICE: ["Support"]})
    return AllocationRule(name=name, where=where, take=InProportion())


async def test_costs_go_to_whom_rules_name_and_shared_ones_in_proportion(backend, tenant):
    web, data = await target(tenant, "web_shop"), await target(tenant, "Data")
    await save(tenant, BY_TEAM, shared())

    assert await allocate(backend, tenant) == 1

    # Direct: web 30, data 60. Of 9.01, a third is 3.0033333333|33 and two thirds are 6.0066666666|66: the unit that is
    # left goes to data, which lost more.
    expected = {web: Decimal("33.0033333333"), data: Decimal("66.0066666667"), None: Decimal("7.00")}
    assert await owed(tenant) == expected


async def test_a_second_run_finds_nothing_to_do(backend, tenant):
    await save(tenant, BY_TEAM)
    await allocate(backend, tenant)

    assert await allocate(backend, tenant) == 0
    assert await AllocationRun.count_in(tenant.scope, {}, cap=10) == 1


async def test_before_the_first_run_nobody_owes_anything(tenant):
    assert await owed(tenant) == {None: Decimal("106.01")}


@pytest.mark.parametrize("by", list(AllocatedBy))
@pytest.mark.parametrize("grain", [grain for grain in Grain if grain is not Grain.HOUR])
@pytest.mark.parametrize("until", [date(2026, 10, 1), date(2026, 9, 3)])
async def test_charts_add_up_to_the_costs_of_the_same_days(backend, tenant, by, grain, until):
    await target(tenant, "web shop")
    await save(tenant, BY_TEAM, shared())

    for _ in range(2):  # before any run, and after
        asked = AllocatedQuestion(SEPTEMBER, until, grain, by, metrics=METRICS)
        found = await allocated_series(tenant.scope, asked)
        expected = await cost_series(tenant.scope, CostQuestion(SEPTEMBER, until, grain, metrics=METRICS))

        assert found.periods == expected.periods
        assert found.all.amounts == expected.all.amounts
        await allocate(backend, tenant)


async def test_a_filter_narrows_charts_as_it_does_those_of_costs(backend, tenant):
    await save(tenant, BY_TEAM)
    await allocate(backend, tenant)
    where = CostFilter.of({Dimension.SERVICE: ["Support", "Tax"]})

    found = await allocated_series(tenant.scope, AllocatedQuestion(SEPTEMBER, date(2026, 10, 1), where=where))

    assert found.all.totals[Metric.BILLED] == Decimal("16.01")
    with pytest.raises(Invalid, match="kept by"):
        AllocatedQuestion(SEPTEMBER, date(2026, 10, 1), where=CostFilter.of(tags={"team": ["a"]}))


async def test_costs_of_parts_count_for_what_they_are_a_part_of(backend, tenant):
    division = await target(tenant, "Division")
    web = await target(tenant, "web shop", parent_id=division)
    await save(tenant, BY_TEAM)
    await allocate(backend, tenant)
    days = (SEPTEMBER, date(2026, 10, 1))

    plain = await allocated_series(tenant.scope, AllocatedQuestion(*days))
    above = await allocated_series(tenant.scope, AllocatedQuestion(*days, is_rolled_up=True))
    other = await allocated_series(tenant.scope, AllocatedQuestion(*days, kind=AllocationKind.PRODUCT))

    assert [(one.values, one.label) for one in plain.groups] == [((None,), None), ((web,), "web shop")]
    assert [(one.values, one.label) for one in above.groups] == [((None,), None), ((division,), "Division")]
    assert [one.values for one in other.groups] == [(None,)]


async def test_a_bill_loaded_anew_gives_an_open_month_a_new_run(backend, tenant, tmp_path):
    web = await target(tenant, "web shop")
    await save(tenant, BY_TEAM)
    await allocate(backend, tenant)
    await load(backend, tenant, write_csv(tmp_path / "b.csv", costs([{**ROWS[0], "BilledCost": "11.00"}])))

    assert await allocate(backend, tenant) == 1

    assert await owed(tenant) == {web: Decimal("11.00")}
    states = [run.state for run in await AllocationRun.list_in(tenant.scope, {})]
    assert sorted(states) == ["CURRENT", "RETIRED"]


async def test_a_closed_month_is_left_alone_until_somebody_asks(backend, tenant, tmp_path):
    web = await target(tenant, "web shop")
    await save(tenant, BY_TEAM)
    await allocate(backend, tenant)
    await backend.writer.commit(lambda tx: close_month(tx, tenant.scope, SEPTEMBER, NOW))
    before = await owed(tenant)
    await load(backend, tenant, write_csv(tmp_path / "b.csv", costs([{**ROWS[0], "BilledCost": "11.00"}])))
    await save(tenant)

    assert await is_closed(tenant.scope, SEPTEMBER)
    assert await allocate(backend, tenant) == 0
    assert await owed(tenant) == before

    asked = {"reason": "credit note", "asked_by": "user:1", "at": NOW}
    await AllocationMonth.rows().update_one({"org_id": ObjectId(tenant.org_id)}, {"$set": {"asked": asked}})
    assert await allocate(backend, tenant) == 1

    assert before[web] == Decimal("30.00")
    assert await owed(tenant) == {None: Decimal("11.00")}
    month = await find_month(tenant.scope, SEPTEMBER)
    assert (month.asked, month.rules_version, len(month.former_ids)) == (None, 2, 1)
    former = await AllocationRun.get_in(tenant.scope, str(month.former_ids[0]))
    assert former.state == "FORMER"
    assert await allocate(backend, tenant) == 0


async def test_a_reopened_month_is_kept_up_to_date_again(backend, tenant):
    await allocate(backend, tenant)
    await backend.writer.commit(lambda tx: close_month(tx, tenant.scope, SEPTEMBER, NOW))
    await save(tenant, BY_TEAM)

    await backend.writer.commit(lambda tx: reopen_month(tx, tenant.scope, SEPTEMBER))

    assert not await is_closed(tenant.scope, SEPTEMBER)
    assert await allocate(backend, tenant) == 1


async def test_a_month_that_was_not_worked_out_cannot_be_closed(backend, tenant):
    with pytest.raises(Conflict, match="not worked out"):
        await backend.writer.commit(lambda tx: close_month(tx, tenant.scope, SEPTEMBER, NOW))


async def test_two_runs_at_once_leave_one_result_and_nothing_else(backend, tenant):
    await target(tenant, "web shop")
    await save(tenant, BY_TEAM)

    await asyncio.gather(*(allocate(backend, tenant) for _ in range(3)))

    (run,) = await AllocationRun.list_in(tenant.scope, {"state": {"$ne": "RETIRED"}})
    month = await find_month(tenant.scope, SEPTEMBER)
    assert month.run_id == run.id
    await clear_runs(staged_before=NOW, retired_before=date_after())
    assert await AllocatedCost.rows().distinct("run_id", {"org_id": run.org_id}) == [run.id]


def date_after():
    return NOW.replace(year=2100)


async def test_what_a_killed_worker_staged_goes(backend, tenant):
    dead = AllocationRun(
        org_id=tenant.organization.id, month=NOW, rules_version=0, fingerprint="f", created_at=NOW.replace(year=2020)
    )
    await dead.insert()

    assert await clear_replaced_runs({"context": job_context(backend)}) >= 1
    assert await AllocationRun.count_in(tenant.scope, {"_id": dead.id}, cap=1) == 0


@pytest.mark.parametrize(
    ("error", "raised", "states"),
    [(AutoReconnect(), Retry, ["RUNNING"]), (ValueError(), ValueError, ["RUNNING", "FAILED"])],
    ids=["away", "bug"],
)
async def test_a_run_that_breaks_leaves_nothing_and_says_so(backend, tenant, monkeypatch, error, raised, states):
    async def broken(*_: Any) -> None:
        raise error

    monkeypatch.setattr("jobs.allocating.stage_allocated", broken)

    with pytest.raises(raised):
        await allocate(backend, tenant)

    assert await AllocationRun.count_in(tenant.scope, {}, cap=1) == 0
    told = [event.payload for event in await backend.log.fetch(tenant.org_id, 0, 100) if event.type == "JobProgressed"]
    assert [one["state"] for one in told if one["kind"] == "ALLOCATION"] == states


async def test_a_run_is_announced_with_its_progress(backend, tenant):
    await allocate(backend, tenant)

    events = await backend.log.fetch(tenant.org_id, 0, 100)
    (changed,) = [event.payload for event in events if event.type == "AllocationChanged"]
    assert (changed["month"], changed["rules_version"]) == ("2026-09", 0)
    told = [event.payload for event in events if event.type == "JobProgressed"]
    assert [(one["state"], one["done"]) for one in told if one["kind"] == "ALLOCATION"] == [
        ("RUNNING", 0),
        ("SUCCEEDED", 1),
    ]


async def test_every_organization_with_costs_is_asked_about_by_the_clock(backend, tenant):
    assert await allocate_missed({"context": job_context(backend)}) >= 1

    assert ObjectId(tenant.org_id) in await billed_organizations()


async def test_rules_about_resources_are_worked_out_from_rows(backend, tenant):
    store = await target(tenant, "store")
    take = ByValue(column=AllocationColumn.RESOURCE, table=(Entry(value="bucket-1", target_id=store),))
    await save(tenant, AllocationRule(name="bucket", take=take))

    await allocate(backend, tenant)

    assert await owed(tenant) == {store: Decimal("60.00"), None: Decimal("46.01")}


async def test_a_month_whose_bills_are_gone_owes_nothing(backend, tenant, tmp_path):
    await allocate(backend, tenant)
    moved = [{**ROWS[0], "ChargePeriodStart": "2026-08-31T00:00:00Z", "ChargePeriodEnd": "2026-09-01T00:00:00Z"}]
    await load(backend, tenant, write_csv(tmp_path / "b.csv", costs(moved)))

    assert await allocate(backend, tenant) == 2
    assert await owed(tenant) == {}


async def test_two_currencies_are_asked_for_one_by_one(backend, tenant, tmp_path):
    other = focus_row(BillingAccountId="9", BillingCurrency="EUR", BilledCost="5")
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [other]))
    await allocate(backend, tenant)
    days = (SEPTEMBER, date(2026, 10, 1))

    with pytest.raises(Invalid, match="name one currency"):
        await allocated_series(tenant.scope, AllocatedQuestion(*days))
    found = await allocated_series(tenant.scope, AllocatedQuestion(*days, currency="EUR"))

    assert (found.currency, found.all.totals[Metric.BILLED]) == ("EUR", Decimal(5))
