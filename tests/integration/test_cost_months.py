"""Sums by month: the same to the cent as the days, switched with them, read in their place, made by migrating."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.wiring import Backend, migrate
from documents import CostDay, CostMonth, CostPeriod
from documents.cost_day import cost_series, rolled_up
from documents.cost_period import current_editions
from documents.cost_rollup_making import make_months
from domain.costs.series import CostQuestion, CostSeries, Grain, Metric, TagKey
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter
from tests.factories.costs import OCTOBER, load, total
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

FIRST, UNTIL = date(2026, 8, 25), date(2026, 10, 20)
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
SUMS = ("billed", "effective", "listed", "contracted", "line_count")


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def made_up(count: int = 200) -> list[dict[str, str]]:
    dice = random.Random(3)
    rows = []
    for _ in range(count):
        day = FIRST + timedelta(days=dice.randrange((UNTIL - FIRST).days))
        month = day.replace(day=1)
        rows.append(
            focus_row(
                BillingPeriodStart=f"{month}",
                BillingPeriodEnd=f"{(month + timedelta(days=31)).replace(day=1)}",
                # Some charges are billed in the month after they begin.
                ChargePeriodStart=f"{day - timedelta(days=dice.choice([0, 0, 20]))}",
                ChargePeriodEnd=f"{day + timedelta(days=1)}",
                BillingAccountId=dice.choice(["1", "2"]),
                ServiceName=dice.choice(["web", "db"]),
                RegionId=dice.choice(["", "r1"]),
                Tags=dice.choice(["", '{"team": "a"}', '{"team": "b", "x": "1"}']),
                **{name: f"{dice.randrange(-200, 2000)}.{dice.randrange(10**9)}" for name in COSTS},
            )
        )
    return rows


WHERES = [
    CostFilter(),
    CostFilter.of({Dimension.SERVICE: ["web"], Dimension.REGION: [None]}),
    CostFilter(
        dimensions=(DimensionFilter(dimension=Dimension.BILLING_ACCOUNT, values=("1",), is_excluded=True),),
        tags=(TagFilter(tag="team", values=("a",), is_excluded=True),),
    ),
]


async def all_series(tenant: Tenant, first: date, until: date) -> list[CostSeries]:
    groupings = [(Dimension.REGION,), (TagKey("team"),), (Dimension.SERVICE, Dimension.BILLING_ACCOUNT, TagKey("x"))]
    return [
        await cost_series(
            tenant.scope,
            CostQuestion(first, until, grain=grain, group_by=group_by, metrics=tuple(Metric), where=where),
        )
        for group_by in groupings
        for where in WHERES
        for grain in (Grain.MONTH, Grain.QUARTER)
    ]


async def sums_of(document: type[CostDay] | type[CostMonth], tenant: Tenant) -> dict[str, tuple[Decimal | int, ...]]:
    """What current editions store, added up one by one: by everything but the day in the month."""
    current = {period.edition_id for period in await CostPeriod.list_in(tenant.scope, {})}
    sums: defaultdict[str, tuple[Decimal | int, ...]] = defaultdict(lambda: (0,) * len(SUMS))
    async for raw in document.rows().find({"org_id": tenant.organization.id}, {"_id": 0}):
        if raw["edition_id"] in current:
            one = [raw.pop(name) for name in SUMS]
            key = str(sorted((raw | {"day": raw["day"].replace(day=1)}).items()))
            sums[key] = tuple(map(sum, zip(one, sums[key], strict=True)))
    return dict(sums)


async def without_months(tenant: Tenant) -> None:
    """Make what is stored that of a version that knew no months."""
    await CostMonth.rows().delete_many({"org_id": tenant.organization.id})
    await CostPeriod.rows().update_many({"org_id": tenant.organization.id}, {"$unset": {"months_id": 1}})


async def test_months_add_up_to_the_cent_with_the_days(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up()))

    months = await sums_of(CostMonth, tenant)

    assert months == await sums_of(CostDay, tenant)
    assert sum(one[-1] for one in months.values()) == 200
    assert len(months) == await CostMonth.rows().count_documents({"org_id": tenant.organization.id})


@pytest.mark.parametrize(
    ("first", "until"),
    [(date(2026, 8, 1), date(2026, 11, 1)), (date(2026, 9, 1), date(2026, 10, 9)), (date(2026, 8, 9), UNTIL)],
    ids=str,
)
async def test_questions_get_the_same_answer_from_months_as_from_days(backend, tenant, tmp_path, first, until):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up()))

    from_months = await all_series(tenant, first, until)
    await without_months(tenant)
    from_days = await all_series(tenant, first, until)

    assert from_months == from_days
    assert str(from_months) == str(from_days)  # the digits too
    assert sum(len(series.groups) for series in from_days) > len(from_days)


async def test_questions_for_whole_months_read_no_days(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up()))
    whole = date(2026, 9, 1), UNTIL  # Charges end before it.
    before = await all_series(tenant, *whole)

    await CostDay.rows().delete_many({"org_id": tenant.organization.id})

    assert await all_series(tenant, *whole) == before
    daily = CostQuestion(FIRST, UNTIL, group_by=(Dimension.SERVICE,))
    assert (await cost_series(tenant.scope, daily)).groups == []


async def test_a_period_loaded_again_has_the_months_of_its_new_rows(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost="7", **OCTOBER)]))

    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3"), focus_row(BilledCost="4")]))

    by_service = CostQuestion(
        date(2026, 9, 1), date(2026, 11, 1), grain=Grain.MONTH, group_by=(Dimension.SERVICE,), top=1
    )
    (group,) = (await cost_series(tenant.scope, by_service)).groups
    assert group.amounts[Metric.BILLED] == [7, 7]
    assert await total(tenant) == 14


async def test_the_migration_makes_the_same_months_of_what_was_loaded_before(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up()))
    before, answers = await sums_of(CostMonth, tenant), await all_series(tenant, FIRST, UNTIL)
    await without_months(tenant)

    made = await migrate(backend)
    # As one that was cut off before it wrote down that it was done.
    await CostPeriod.rows().update_many({"org_id": tenant.organization.id}, {"$unset": {"months_id": 1}})
    again = await make_months()

    assert any(line.startswith("made months of costs: ") for line in made)
    assert again == 6  # three months of two accounts
    assert await sums_of(CostMonth, tenant) == before
    assert await all_series(tenant, FIRST, UNTIL) == answers
    assert await make_months() == 0


async def test_a_period_that_an_older_version_loads_after_the_migration_is_read_by_days(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(BilledCost="3")]))
    (old,) = await CostPeriod.list_in(tenant.scope, {})
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="5")]))
    (new,) = await CostPeriod.list_in(tenant.scope, {})
    await CostPeriod.rows().update_one({"_id": old.id}, {"$set": {"months_id": old.edition_id}})
    await CostMonth.rows().delete_many({"edition_id": new.edition_id})
    question = CostQuestion(date(2026, 9, 1), date(2026, 10, 1), grain=Grain.MONTH, group_by=(Dimension.SERVICE,))

    assert (await cost_series(tenant.scope, question)).all.totals[Metric.BILLED] == 5


@pytest.mark.parametrize("until", [date(2026, 11, 1), date(2026, 10, 9)], ids=["whole", "cut"])
async def test_months_and_the_days_beside_them_are_read_through_an_index(backend, tenant, tmp_path, until):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up()))
    question = CostQuestion(date(2026, 9, 1), until, grain=Grain.MONTH, group_by=(Dimension.SERVICE,))
    editions = await current_editions(tenant.scope, first=question.first, until=question.until)
    document, steps = rolled_up(tenant.scope, question, editions)
    command = {"aggregate": document.get_settings().name, "pipeline": steps, "cursor": {}}

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert document is CostMonth
    assert len(steps) == (1 if until.day == 1 else 2)
    assert plan.count("'indexName': 'org_day'") >= len(steps)
    assert "COLLSCAN" not in plan
