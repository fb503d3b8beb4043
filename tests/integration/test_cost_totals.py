"""Daily totals in billing periods: the same to the cent as the days, switched with them, made later by migrating."""

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from app.wiring import Backend, migrate
from documents import CostDay, CostPeriod
from documents.cost_day import cost_series, totals_pipeline
from documents.cost_freshness import newest_charge
from documents.cost_rollup_making import make_totals
from domain.costs.series import CostQuestion, CostSeries, Grain, Metric
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from tests.factories.costs import OCTOBER, load, total
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

FIRST, UNTIL = date(2026, 8, 25), date(2026, 10, 20)
GRAINS = [grain for grain in Grain if grain is not Grain.HOUR]
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def made_up(seed: int, count: int = 150) -> list[dict[str, str]]:
    dice = random.Random(seed)
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
                **{name: f"{dice.randrange(-200, 2000)}.{dice.randrange(10**9)}" for name in COSTS},
            )
        )
    return rows


def coarse_questions() -> list[CostQuestion]:
    spans = [(FIRST - timedelta(days=30), UNTIL), (date(2026, 9, 2), date(2026, 9, 16))]
    groups = [(), (Dimension.BILLING_ACCOUNT,)]
    wheres = [CostFilter(), CostFilter.of({Dimension.BILLING_ACCOUNT: ["2"]})]
    return [
        CostQuestion(first, until, grain=grain, group_by=group_by, metrics=tuple(Metric), where=where)
        for (first, until), grain, group_by, where in product(spans, GRAINS, groups, wheres)
    ]


async def all_series(tenant: Tenant) -> list[CostSeries]:
    return [await cost_series(tenant.scope, question) for question in coarse_questions()]


async def stored_totals(tenant: Tenant) -> dict[tuple[object, object], tuple[Decimal | int, ...]]:
    """(edition, day) to its sums, from the periods."""
    return {
        (period.edition_id, one.day): (one.billed, one.effective, one.listed, one.contracted, one.line_count)
        for period in await CostPeriod.list_in(tenant.scope, {})
        for one in period.totals
    }


async def summed_days(tenant: Tenant) -> dict[tuple[object, object], tuple[Decimal | int, ...]]:
    """The same, added up from the cost days of current editions one by one."""
    current = {period.edition_id for period in await CostPeriod.list_in(tenant.scope, {})}
    sums: dict[tuple[object, object], tuple[Decimal | int, ...]] = {}
    async for raw in CostDay.rows().find({"org_id": tenant.organization.id}):
        if raw["edition_id"] in current:
            key = (raw["edition_id"], raw["day"])
            one = [raw[name] for name in ("billed", "effective", "listed", "contracted", "line_count")]
            sums[key] = tuple(map(sum, zip(one, sums.get(key, (0,) * 5), strict=True)))
    return sums


async def without_totals(tenant: Tenant) -> None:
    """Make the periods those of a version that knew no totals."""
    await CostPeriod.rows().update_many({"org_id": tenant.organization.id}, {"$unset": {"totals": 1, "totalled_id": 1}})


@pytest.mark.parametrize("seed", range(3))
async def test_totals_add_up_to_the_cent_with_the_days(backend, tenant, tmp_path, seed):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(seed)))

    totals = await stored_totals(tenant)

    assert totals == await summed_days(tenant)
    assert sum(one[-1] for one in totals.values()) == 150


async def test_coarse_questions_get_the_same_answer_from_totals_as_from_days(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(7)))

    from_totals = await all_series(tenant)
    await without_totals(tenant)
    from_days = await all_series(tenant)

    assert from_totals == from_days
    assert str(from_totals) == str(from_days)  # the digits too
    assert sum(len(series.groups) for series in from_days) > len(from_days)


async def test_coarse_questions_read_no_days(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(7)))
    before = await all_series(tenant)

    await CostDay.rows().delete_many({"org_id": tenant.organization.id})

    assert await all_series(tenant) == before
    fine = CostQuestion(FIRST, UNTIL, group_by=(Dimension.SERVICE,))
    assert (await cost_series(tenant.scope, fine)).groups == []


async def test_a_period_loaded_again_has_the_totals_of_its_new_rows(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost="7", **OCTOBER)]))

    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3"), focus_row(BilledCost="4")]))

    assert await total(tenant) == 14
    assert await stored_totals(tenant) == await summed_days(tenant)


async def test_the_same_rows_again_keep_their_totals(backend, tenant, tmp_path):
    rows = [focus_row(BilledCost="3"), focus_row(BilledCost="7", **OCTOBER)]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [rows[0], focus_row(BilledCost="8", **OCTOBER)]))

    assert await total(tenant) == 11
    assert await stored_totals(tenant) == await summed_days(tenant)


async def test_the_migration_totals_what_was_loaded_before(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(5)))
    before = await stored_totals(tenant)
    await without_totals(tenant)

    made = await migrate(backend)

    assert any(line.startswith("made daily totals: ") for line in made)
    assert await stored_totals(tenant) == before
    assert await make_totals() == 0


async def test_totals_of_an_edition_that_was_replaced_do_not_count(backend, tenant, tmp_path):
    """As an older version leaves it that loads a period after the migration."""
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(BilledCost="3")]))
    (old,) = await CostPeriod.list_in(tenant.scope, {})
    await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="5")]))
    stale = {"totalled_id": old.totalled_id, "totals": [one.model_dump() for one in old.totals]}
    await CostPeriod.rows().update_one({"_id": old.id}, {"$set": stale})

    assert await total(tenant) == 5
    await make_totals()
    assert await total(tenant) == 5
    assert await stored_totals(tenant) == await summed_days(tenant)


async def test_the_newest_charge_is_that_of_the_tenant(backend, tenant, tmp_path):
    stranger = await make_tenant(backend)
    assert await newest_charge(tenant.scope) is None
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(**OCTOBER)]))

    assert await newest_charge(tenant.scope) == date(2026, 10, 2)
    assert await newest_charge(stranger.scope) is None


async def test_totals_are_read_through_an_index(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(5)))
    command = {
        "aggregate": CostPeriod.get_settings().name,
        "pipeline": totals_pipeline(tenant.scope, coarse_questions()[0]),
        "cursor": {},
    }

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert "'IXSCAN'" in plan
    assert "COLLSCAN" not in plan


async def test_the_newest_charge_is_read_off_an_index(backend, tenant):
    command = {"find": "cost_periods", "filter": CostPeriod.within(tenant.scope), "sort": {"last_on": -1}, "limit": 1}

    explained = await backend.database.command("explain", command, verbosity="queryPlanner")

    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "'org_last_on'" in plan
    assert "COLLSCAN" not in plan
    assert "'SORT'" not in plan
