"""A tenant's bills of thirteen months: rows, daily sums and periods that fit together, stored as a load would."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

from bson import ObjectId

from app.wiring import Backend
from auth.scope import scope_of_operator
from bench.bulk import in_processes, place_of, quick
from bench.seed_lines import Cell, LinesJob, slice_of, store_lines
from documents import CostDay, CostLine, CostLoad, CostLoadState, CostMonth, CostPeriod
from documents.account import record_billed_accounts
from documents.base import utc_now
from documents.cost_day import cost_series, days_of, stage_days
from documents.cost_load import LoadedFile, activate
from documents.cost_month import stage_months
from documents.cost_period import Edition, put_in_place
from documents.transaction import Transaction
from domain.costs.rollup import DayKey, DaySums, DayTotals, MonthRollup
from domain.costs.series import CostQuestion, Grain
from domain.costs.slice import CostSlice
from domain.facts import topic
from domain.facts.provider import Provider
from domain.facts.scope import Scope

MONTHS = 13
PROVIDERS = (Provider.AWS, Provider.AZURE, Provider.GCP)
ACCOUNTS_EACH, SERVICES_EACH = 10, 13
CURRENCY = "USD"
CATEGORIES = ("Compute", "Storage", "Databases", "Networking", "AI and Machine Learning", "Security", "Analytics")
DAYS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Bill:
    """One period on its way in."""

    slice: CostSlice
    edition_id: ObjectId
    cells: Sequence[Cell]


async def store_costs(backend: Backend, org_id: str, rows: int, today: date) -> None:
    scope = scope_of_operator(org_id)
    bills = list(_bills(rows, today))
    load = await _opened(scope, bills)
    totals = DayTotals()
    url, database = place_of(backend)
    firsts = accumulate((sum(cell.rows for cell in bill.cells) for bill in bills), initial=0)
    jobs = [
        LinesJob(url, database, ObjectId(org_id), bill.edition_id, bill.slice, bill.cells, first)
        for bill, first in zip(bills, firsts, strict=False)
    ]
    async with quick(backend, CostLine, CostDay):
        async for job, billed in in_processes(store_lines, jobs):
            await _store_days(job, billed, bills, totals)
    await _put_in_place(backend, scope, load, bills, totals)
    await _check(scope, rows, bills)


def _bills(rows: int, today: date) -> Iterator[Bill]:
    days = list(_days(today))
    plain = [cell for day in days for cell in _cells(day)]
    counts = [rows * (number + 1) // len(plain) - rows * number // len(plain) for number in range(len(plain))]
    periods: dict[tuple[date, Provider], list[Cell]] = {}
    for (day, provider, account, service), count in zip(plain, counts, strict=True):
        if count:
            cell = _cell(day, provider, account, service, count)
            periods.setdefault((day.replace(day=1), provider), []).append(cell)
    for number, ((month, provider), cells) in enumerate(periods.items()):
        slice = slice_of(provider, f"payer-{provider}", month, number, CURRENCY)
        yield Bill(slice, ObjectId(), cells)


def _days(today: date) -> Iterator[date]:
    day = today.replace(day=1)
    for _ in range(MONTHS - 1):
        day = (day - timedelta(days=1)).replace(day=1)
    while day <= today:
        yield day
        day += timedelta(days=1)


def _cells(day: date) -> Iterator[tuple[date, Provider, int, int]]:
    for provider in PROVIDERS:
        for account in range(ACCOUNTS_EACH):
            for service in range(SERVICES_EACH):
                yield day, provider, account, service


def _cell(day: date, provider: str, account: int, service: int, rows: int) -> Cell:
    return Cell(
        day=day,
        provider=provider,
        sub_account_id=f"{provider.lower()}-{account:04d}",
        service_name=f"{provider} Service {service:02d}",
        service_category=CATEGORIES[service % len(CATEGORIES)],
        region_id=f"region-{account % 4}",
        rows=rows,
    )


async def _opened(scope: Scope, bills: Sequence[Bill]) -> CostLoad:
    now = utc_now()
    load = CostLoad(
        id=ObjectId(),
        org_id=scope.only(),
        state=CostLoadState.STAGING,
        content=str(ObjectId()),
        files=[LoadedFile(name="seed.csv", size=0, sha256="")],
        actor="operator",
        staged=[bill.edition_id for bill in bills],
        started_at=now,
        # So that nobody takes a load for dead whose bulk takes minutes.
        seen_at=now + timedelta(hours=1),
    )
    return await load.add()


async def _store_days(job: LinesJob, billed: Sequence[Decimal], bills: Sequence[Bill], totals: DayTotals) -> None:
    slices, editions = [bill.slice for bill in bills], [bill.edition_id for bill in bills]
    sums = {}
    for cell, amount in zip(job.cells, billed, strict=True):
        key = DayKey(
            slice_number=job.slice.number,
            day=cell.day,
            provider=cell.provider,
            service_name=cell.service_name,
            service_category=cell.service_category,
            region_id=cell.region_id,
            charge_category="Usage",
            sub_account_id=cell.sub_account_id,
            sub_account_name=f"account {cell.sub_account_id}",
            tags=cell.tags,
        )
        sums[key] = DaySums(amount, amount, amount * 5 / 4, amount, cell.rows)
        bills[job.slice.number].slice.count(amount, 0, cell.day)
    bills[job.slice.number].slice.rows = sum(cell.rows for cell in job.cells)
    totals.add(sums)
    rollup = MonthRollup()
    rollup.add(sums)
    days, months = (days_of(one, slices, job.org_id, editions) for one in (sums, rollup.flush()))
    for stage, stored in ((stage_days, days), (stage_months, months)):
        for start in range(0, len(stored), DAYS_AT_ONCE):
            await stage(stored[start : start + DAYS_AT_ONCE])


async def _put_in_place(
    backend: Backend, scope: Scope, load: CostLoad, bills: Sequence[Bill], totals: DayTotals
) -> None:
    at = utc_now()
    seen = {
        (Provider(cell.provider), cell.sub_account_id): f"account {cell.sub_account_id}"
        for bill in bills
        for cell in bill.cells
    }

    async def change(tx: Transaction) -> None:
        slices = [bill.slice for bill in bills]
        await activate(tx, ObjectId(str(load.id)), load.files, slices, at)
        editions = [Edition(bill.edition_id, bill.slice, totals.of(bill.slice.number)) for bill in bills]
        await put_in_place(tx, scope, ObjectId(str(load.id)), editions, at)
        await record_billed_accounts(scope, seen, at, session=tx.session)
        tx.announce(load.org_id, topic.costs(load.org_id), "CostsUpdated", {"load_id": str(load.id)})

    await backend.writer.commit(change)


async def _check(scope: Scope, rows: int, bills: Sequence[Bill]) -> None:
    """Raises AssertionError where periods, months, days and lines do not tell the same."""
    billed = sum((bill.slice.billed for bill in bills), Decimal(0))
    first = bills[0].cells[0].day
    question = CostQuestion(first, date(2100, 1, 1), grain=Grain.MONTH, currency=CURRENCY)
    (from_totals,) = (await cost_series(scope, question)).all.totals.values()
    editions = [bill.edition_id for bill in bills]
    from_days = await _sum(CostDay, editions, "billed", "line_count")
    from_months = await _sum(CostMonth, editions, "billed", "line_count")
    assert (from_totals, *from_days) == (billed, billed, rows), (from_totals, from_days, billed, rows)
    assert from_months == from_days, (from_months, from_days)
    periods = await CostPeriod.list_in(scope, {"edition_id": {"$in": editions}})
    assert sum(period.line_count for period in periods) == rows
    # All lines take half a minute to add up; the newest period stands for them.
    last = bills[-1]
    lines = await _sum(CostLine, [last.edition_id], "billed_cost", None)
    assert lines == (last.slice.billed, last.slice.rows), (lines, last.slice)


async def _sum(
    document: type[CostMonth] | type[CostDay] | type[CostLine], editions: list[ObjectId], field: str, count: str | None
) -> tuple[Decimal, int]:
    pipeline: list[dict[str, Any]] = [
        {"$match": {"edition_id": {"$in": editions}}},
        {"$group": {"_id": None, "sum": {"$sum": f"${field}"}, "count": {"$sum": f"${count}" if count else 1}}},
    ]
    (raw,) = [raw async for raw in await document.rows().aggregate(pipeline)]
    return raw["sum"], raw["count"]
