"""A period loaded again replaces the old rows in one visible step, whatever happens meanwhile."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.wiring import Backend
from app.worker import options
from documents import CostLine, CostLoad, CostLoadState, CostPeriod
from documents.cost_line import NEWEST_FIRST
from documents.cost_load import clear_costs
from domain.costs.header import ReadOptions
from domain.errors import Conflict, NotFound
from jobs import cost_import
from jobs.context import JobContext
from jobs.tasks.clear_costs import clear_replaced_costs
from tests.factories.costs import NOW, OCTOBER, load, stored, total, visible_lines
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def test_the_same_file_again_writes_nothing(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row()])
    first = await load(backend, tenant, path)
    before = await stored(tenant)

    again = await load(backend, tenant, path)

    assert not first.is_unchanged
    assert again.is_unchanged
    assert await stored(tenant) == before


async def test_the_same_rows_in_another_packing_and_order_change_nothing(backend, tenant, tmp_path):
    rows = [focus_row(ResourceId=f"i-{number}", BilledCost=f"{number}.5") for number in range(30)]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    (before,) = await CostPeriod.list_in(tenant.scope, {})

    again = await load(backend, tenant, write_csv(tmp_path / "b.csv.gz", rows[::-1]))

    (after,) = await CostPeriod.list_in(tenant.scope, {})
    assert again.is_unchanged
    assert after == before
    assert await stored(tenant) == {
        "CostLine": 30,
        "CostDay": 1,
        "CostMonth": 1,
        "CostPeriod": 1,
        "CostLoad": 1,
        "Account": 2,
    }


async def test_the_same_file_read_with_another_fill_is_a_restatement(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row(ServiceName="")])
    await load(backend, tenant, path, options=ReadOptions(fill={"ServiceName": "one"}))

    again = await load(backend, tenant, path, options=ReadOptions(fill={"ServiceName": "two"}))

    assert not again.is_unchanged
    page = await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=10)
    assert [line.service_name for line in page.rows] == ["two"]


async def test_a_period_loaded_again_replaces_its_rows_and_only_those(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost="7", **OCTOBER)]))

    report = await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3")]))

    assert [(change.old_lines, change.slice.rows) for change in report.periods] == [(1, 1)]
    assert await total(tenant) == Decimal(10)
    assert await visible_lines(tenant) == 2
    states = {load.files[0].name: load.state for load in await CostLoad.list_in(tenant.scope, {})}
    assert states == {"a.csv": CostLoadState.ACTIVE, "b.csv": CostLoadState.ACTIVE}


async def test_a_load_whose_every_period_was_loaded_again_is_retired(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3")]))

    states = {load.files[0].name: load.state for load in await CostLoad.list_in(tenant.scope, {})}
    assert states == {"a.csv": CostLoadState.RETIRED, "b.csv": CostLoadState.ACTIVE}


async def test_going_back_to_an_earlier_file_is_a_restatement_too(backend, tenant, tmp_path):
    first = write_csv(tmp_path / "a.csv", [focus_row(BilledCost="1")])
    second = write_csv(tmp_path / "b.csv", [focus_row(BilledCost="2")])
    for path in (first, second):
        await load(backend, tenant, path)

    back = await load(backend, tenant, first)

    assert not back.is_unchanged
    assert await total(tenant) == Decimal(1)


async def test_periods_that_are_the_same_stay_when_others_of_the_file_change(backend, tenant, tmp_path):
    october = focus_row(BilledCost="7", **OCTOBER)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), october]))
    kept = {p.period_start: p.edition_id for p in await CostPeriod.list_in(tenant.scope, {})}

    report = await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3"), october]))

    after = {p.period_start: p.edition_id for p in await CostPeriod.list_in(tenant.scope, {})}
    assert [change.is_unchanged for change in report.periods] == [False, True]
    assert after[datetime(2026, 10, 1, tzinfo=UTC)] == kept[datetime(2026, 10, 1, tzinfo=UTC)]
    assert after[datetime(2026, 9, 1, tzinfo=UTC)] != kept[datetime(2026, 9, 1, tzinfo=UTC)]
    assert await total(tenant) == Decimal(10)


async def test_parts_of_one_export_are_loaded_together(backend, tenant, tmp_path):
    parts = [write_csv(tmp_path / f"{n}.csv", [focus_row(BilledCost=f"{n}")]) for n in (1, 2)]

    report = await load(backend, tenant, *parts)

    assert len(report.periods) == 1
    assert await total(tenant) == Decimal(3)
    lines = (await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=10)).rows
    assert sorted((line.file, line.row) for line in lines) == [(0, 1), (1, 1)]


async def test_feeds_of_other_sources_stand_side_by_side_and_are_pointed_out(backend, tenant, tmp_path):
    await load(
        backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(BilledCost="1")]), options=ReadOptions(source="one")
    )

    report = await load(
        backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="2")]), options=ReadOptions(source="two")
    )

    assert await total(tenant) == Decimal(3)
    assert "shares days with the one from 2026-09-01 loaded with the source 'one'. Both are counted." in (
        report.notices[0].message
    )


async def test_a_load_that_fails_half_way_leaves_nothing(backend, tenant, tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(5000)])
    real, calls = cost_import.stage_lines, 0

    async def breaks(lines):
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError("the disk is full")
        await real(lines)

    monkeypatch.setattr(cost_import, "stage_lines", breaks)
    with pytest.raises(OSError, match="disk is full"):
        await load(backend, tenant, path)

    assert await stored(tenant) == {
        "CostLine": 0,
        "CostDay": 0,
        "CostMonth": 0,
        "CostPeriod": 0,
        "CostLoad": 1,
        "Account": 0,
    }


async def test_a_load_that_is_cancelled_leaves_nothing(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(20_000)])
    begun = asyncio.Event()

    task = asyncio.create_task(load(backend, tenant, path, on_progress=lambda _: begun.set()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await stored(tenant) == {
        "CostLine": 0,
        "CostDay": 0,
        "CostMonth": 0,
        "CostPeriod": 0,
        "CostLoad": 1,
        "Account": 0,
    }


async def test_rows_on_their_way_in_are_not_seen(backend, tenant, tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(5000)])
    task = asyncio.create_task(load(backend, tenant, path))
    seen = []

    while not task.done():
        here = await CostLine.rows().count_documents({"org_id": tenant.organization.id})
        seen.append((here, await visible_lines(tenant), await total(tenant)))
    await task

    staged = [entry for entry in seen if 0 < entry[0] < 5000]
    assert staged
    assert {(lines, cost) for _, lines, cost in staged} == {(0, Decimal(0))}
    assert await visible_lines(tenant) == 5000


async def test_readers_see_a_restatement_of_many_periods_whole_or_not_at_all(backend, tenant, tmp_path):
    accounts = 400
    files = [
        write_csv(
            tmp_path / f"{cost}.csv", [focus_row(BillingAccountId=f"{n}", BilledCost=cost) for n in range(accounts)]
        )
        for cost in ("1", "2")
    ]
    await load(backend, tenant, files[0])
    stop, seen = asyncio.Event(), []

    async def read() -> None:
        while not stop.is_set():
            seen.append((await total(tenant), await visible_lines(tenant)))

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for path in (files[1], files[0], files[1]):
        await load(backend, tenant, path)
    stop.set()
    await asyncio.gather(*readers)

    assert {cost for cost, _ in seen} <= {Decimal(accounts), Decimal(accounts * 2)}
    assert {lines for _, lines in seen} == {accounts}
    assert len(seen) > 5


async def test_a_reader_that_began_before_a_restatement_can_end_after_it(backend, tenant, tmp_path):
    rows = [focus_row(ResourceId=f"i-{number}") for number in range(300)]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    (period,) = await CostPeriod.list_in(tenant.scope, {})

    await load(backend, tenant, write_csv(tmp_path / "b.csv", rows[:100]))
    await clear_costs(dead_since=NOW, retired_before=NOW - timedelta(minutes=10))

    assert await CostLine.rows().count_documents({"edition_id": period.edition_id}) == 300


async def test_replaced_rows_are_deleted_after_a_while(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row()]))
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="9")]))
    before = await stored(tenant)

    await clear_costs(dead_since=NOW, retired_before=NOW + timedelta(seconds=1))

    after = await stored(tenant)
    assert (before["CostLine"], after["CostLine"]) == (3, 1)
    assert (before["CostDay"], after["CostDay"]) == (2, 1)
    assert (before["CostMonth"], after["CostMonth"]) == (2, 1)
    (period,) = await CostPeriod.list_in(tenant.scope, {})
    assert period.retired == []
    assert await total(tenant) == Decimal(9)
    assert await clear_costs(dead_since=NOW, retired_before=NOW + timedelta(seconds=1)) == 0


async def test_a_line_of_a_replaced_period_looks_missing(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    (line,) = (await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=10)).rows
    assert [row.id for row in await CostLine.load_many(tenant.scope, [str(line.id)])] == [line.id]

    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="9")]))

    with pytest.raises(NotFound):
        await CostLine.get_in(tenant.scope, str(line.id))
    assert await CostLine.load_many(tenant.scope, [str(line.id)]) == [None]


async def test_two_loads_of_one_period_at_once_leave_one_of_them_whole(backend, tenant, tmp_path):
    files = [
        write_csv(tmp_path / f"{n}.csv", [focus_row(BilledCost=f"{n}", ResourceId=f"{i}") for i in range(200)])
        for n in (1, 2, 3, 4)
    ]

    await asyncio.gather(*(load(backend, tenant, path) for path in files))

    assert await total(tenant) in {Decimal(200 * n) for n in (1, 2, 3, 4)}
    assert await visible_lines(tenant) == 200
    states = [entry.state for entry in await CostLoad.list_in(tenant.scope, {})]
    assert sorted(states) == [CostLoadState.ACTIVE] + [CostLoadState.RETIRED] * 3


async def test_a_load_thought_dead_does_not_count_and_leaves_nothing(backend, tenant, tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv", [focus_row(ResourceId=f"i-{number}") for number in range(3000)])
    real = cost_import.stage_days

    async def falls_asleep(days):
        await clear_costs(dead_since=NOW + timedelta(hours=1), retired_before=NOW)
        await real(days)

    monkeypatch.setattr(cost_import, "stage_days", falls_asleep)
    with pytest.raises(Conflict, match="given up because nothing was heard of it"):
        await load(backend, tenant, path)

    assert await stored(tenant) == {
        "CostLine": 0,
        "CostDay": 0,
        "CostMonth": 0,
        "CostPeriod": 0,
        "CostLoad": 1,
        "Account": 0,
    }
    assert await total(tenant) == 0


async def test_the_clearing_job_leaves_readers_their_time_and_may_run_twice(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="9")]))

    counts = []
    for minutes in (9, 11, 11):
        await clear_replaced_costs(job_at(backend, NOW + timedelta(minutes=minutes)))
        counts.append((await stored(tenant))["CostLine"])

    assert counts == [2, 1, 1]
    assert await total(tenant) == Decimal(9)


def job_at(backend: Backend, now: datetime) -> dict[str, JobContext]:
    """What the worker hands a job that runs at this time."""
    return {"context": replace(options(backend)["ctx"]["context"], now=lambda: now)}
