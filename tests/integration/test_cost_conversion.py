"""Costs in several currencies become one by the organization's own rates, and an independent sum agrees."""

import json
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal, localcontext

import pytest

from app.wiring import Backend
from documents import ExchangeRate
from documents.base import utc_now
from documents.cost_day import cost_series
from documents.exchange_rate import rate_table, set_rates
from documents.transaction import Transaction
from domain.costs.exchange import Rate
from domain.costs.series import CostQuestion, Grain, Metric, TagKey, period_of
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.scope import Scope
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

FIRST, UNTIL = date(2026, 8, 20), date(2026, 10, 10)
COSTS = {Metric.BILLED: "BilledCost", Metric.EFFECTIVE: "EffectiveCost"}
# One account is billed in one currency a month, so each currency has its own.
PAYERS = {"1": "USD", "2": "GBP", "3": "EUR"}
RATES = [
    Rate("USD", "EUR", date(2026, 8, 1), Decimal("0.85123")),
    Rate("USD", "EUR", date(2026, 9, 7), Decimal("0.91")),
    Rate("USD", "EUR", date(2026, 9, 8), Decimal("0.0875000001")),
    Rate("GBP", "EUR", date(2026, 8, 20), Decimal("1.17")),
    Rate("GBP", "EUR", date(2026, 10, 1), Decimal("1.2")),
    Rate("EUR", "USD", date(2026, 8, 1), Decimal(9)),
]


def made_up(count: int) -> list[dict[str, str]]:
    dice = random.Random(11)
    rows = []
    for _ in range(count):
        day = FIRST + timedelta(days=dice.randrange((UNTIL - FIRST).days))
        month, payer = day.replace(day=1), dice.choice(list(PAYERS))
        rows.append(
            focus_row(
                BillingPeriodStart=f"{month}",
                BillingPeriodEnd=f"{(month + timedelta(days=31)).replace(day=1)}",
                ChargePeriodStart=f"{day}T{dice.randrange(24):02d}:00:00Z",
                ChargePeriodEnd=f"{day + timedelta(days=1)}",
                BillingAccountId=payer,
                BillingCurrency=PAYERS[payer],
                ServiceName=dice.choice(["web", "db"]),
                ResourceId=dice.choice(["i-1", "i-2", ""]),
                Tags=dice.choice(["", '{"team": "a"}', '{"team": "b"}']),
                **{name: f"{dice.randrange(-200, 2000)}.{dice.randrange(10**9)}" for name in COSTS.values()},
            )
        )
    return rows


ROWS = made_up(300)


async def give_rates(backend: Backend, tenant: Tenant, rates: list[Rate]) -> list[Rate]:
    async def change(tx: Transaction) -> list[Rate]:
        return await set_rates(tx, tenant.organization.id, rates, "user:me", utc_now())

    return await backend.writer.commit(change)


@pytest.fixture(scope="module")
async def tenant(backend: Backend, tmp_path_factory) -> Tenant:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path_factory.mktemp("costs") / "a.csv", ROWS))
    await give_rates(backend, tenant, RATES)
    return tenant


def asked(**changes) -> CostQuestion:
    wide = {"first": FIRST, "until": UNTIL, "top": 100, "convert_to": "EUR", "metrics": tuple(COSTS)}
    return CostQuestion(**(wide | changes))


def rate_on(currency: str, day: date) -> Decimal:
    """By looking through the whole list, the plainest way there is."""
    if currency == "EUR":
        return Decimal(1)
    held = [one for one in RATES if (one.base, one.quote) == (currency, "EUR") and one.day <= day]
    return max(held, key=lambda one: one.day).rate


def value_of(row: dict[str, str], part: Dimension | TagKey) -> str | None:
    if isinstance(part, TagKey):
        return json.loads(row["Tags"] or "{}").get(part.key)
    columns = {
        Dimension.SERVICE: "ServiceName",
        Dimension.BILLING_ACCOUNT: "BillingAccountId",
        Dimension.RESOURCE: "ResourceId",
    }
    return row[columns[part]] or None


def expected(question: CostQuestion) -> tuple[dict, dict]:
    """(converted, original) sums by group, period and metric, original ones by currency too."""
    converted: defaultdict[tuple, Decimal] = defaultdict(Decimal)
    original: defaultdict[tuple, Decimal] = defaultdict(Decimal)
    with localcontext(prec=60):
        for row in ROWS:
            day, currency = date.fromisoformat(row["ChargePeriodStart"][:10]), row["BillingCurrency"]
            group = tuple(value_of(row, part) for part in question.group_by)
            for metric in question.metrics:
                amount, key = Decimal(row[COSTS[metric]]), (group, period_of(day, question.grain), metric)
                converted[key] += amount * rate_on(currency, day)
                original[(*key, currency)] += amount
    return dict(converted), dict(original)


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.MONTH])
@pytest.mark.parametrize(
    "group_by",
    [(), (Dimension.BILLING_ACCOUNT,), (Dimension.SERVICE,), (TagKey("team"),), (Dimension.RESOURCE, TagKey("team"))],
    ids=str,
)
async def test_every_cost_is_converted_by_the_rate_of_its_day(tenant, group_by, grain):
    question = asked(group_by=group_by, grain=grain)
    converted, original = expected(question)

    series = await cost_series(tenant.scope, question)

    assert series.currency == "EUR"
    found = {
        (group.values, period, metric): amount
        for group in series.groups
        for metric, column in group.amounts.items()
        for period, amount in zip(series.periods, column, strict=True)
        if amount
    }
    as_billed = {
        (group.values, period, metric, currency): amount
        for group in series.groups
        for currency, columns in group.original.items()
        for metric, column in columns.items()
        for period, amount in zip(series.periods, column, strict=True)
        if amount
    }
    assert found == converted
    assert as_billed == original


async def test_the_answer_tells_the_rates_it_was_converted_by(tenant):
    series = await cost_series(tenant.scope, asked(first=date(2026, 9, 1), until=date(2026, 9, 8)))

    assert {one.currency: (one.days, one.rates) for one in series.rates} == {
        "GBP": ([date(2026, 8, 20)], [Decimal("1.17")]),
        "USD": ([date(2026, 8, 1), date(2026, 9, 7)], [Decimal("0.85123"), Decimal("0.91")]),
    }


async def test_the_dearest_converted_groups_come_first(tenant):
    series = await cost_series(tenant.scope, asked(group_by=(Dimension.BILLING_ACCOUNT,), top=1))

    totals, _ = expected(asked(group_by=(Dimension.BILLING_ACCOUNT,), grain=Grain.YEAR))
    dearest = max((key for key in totals if key[2] is Metric.BILLED), key=lambda key: totals[key])
    assert series.groups[0].values == dearest[0]
    assert series.rest_count == 2


async def test_a_day_without_a_rate_is_named_with_its_pair(backend, tmp_path):
    tenant = await make_tenant(backend)
    early = {"ChargePeriodStart": "2026-09-02", "ChargePeriodEnd": "2026-09-03"}
    late = {"ChargePeriodStart": "2026-09-20", "ChargePeriodEnd": "2026-09-21"}
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(**early), focus_row(**late)]))
    await give_rates(backend, tenant, [Rate("USD", "EUR", date(2026, 9, 3), Decimal(2))])

    for group_by in ((), (Dimension.SERVICE,), (Dimension.RESOURCE,)):
        with pytest.raises(Invalid, match="no rate from USD to EUR on 2026-09-02 or before"):
            await cost_series(tenant.scope, asked(group_by=group_by))
    later = await cost_series(tenant.scope, asked(first=date(2026, 9, 3)))
    with pytest.raises(Invalid, match="no rate from USD to CHF on 2026-09-02 or before"):
        await cost_series(tenant.scope, asked(convert_to="CHF"))

    assert later.all.totals[Metric.BILLED] == Decimal("1.25") * 2


async def test_rates_are_those_of_the_tenant(backend, tenant, tmp_path):
    stranger = await make_tenant(backend)
    await load(backend, stranger, write_csv(tmp_path / "a.csv", [focus_row()]))

    with pytest.raises(Invalid, match="no rate from USD to EUR"):
        await cost_series(stranger.scope, asked())
    ids = frozenset({tenant.org_id, stranger.org_id})
    with pytest.raises(Invalid, match="Rates belong to an organization"):
        await cost_series(Scope(org_ids=ids, visible=ids, actor="test"), asked())


async def test_a_rate_takes_the_place_of_another_which_is_kept(backend):
    tenant = await make_tenant(backend)
    old = Rate("USD", "EUR", FIRST, Decimal("0.9"))
    new = Rate("USD", "EUR", FIRST, Decimal("0.8"), "corrected")

    assert await give_rates(backend, tenant, [old]) == [old]
    assert await give_rates(backend, tenant, [old]) == []
    assert await give_rates(backend, tenant, [new]) == [new]

    table = await rate_table(tenant.scope, "EUR", ["USD"], UNTIL)
    assert table.on("USD", FIRST) == Decimal("0.8")
    stored = await ExchangeRate.list_in(tenant.scope, {})
    assert sorted((one.rate, one.is_current, one.ended_by) for one in stored) == [
        (Decimal("0.8"), True, None),
        (Decimal("0.9"), False, "user:me"),
    ]


async def test_rates_are_read_through_an_index(backend, tenant):
    query = {
        "org_id": tenant.organization.id,
        "quote": "EUR",
        "base": {"$in": ["USD", "GBP"]},
        "day": {"$lt": utc_now()},
        "is_current": True,
    }
    command = {"find": ExchangeRate.get_settings().name, "filter": query}
    explained = await backend.database.command("explain", command, verbosity="queryPlanner")

    plan = str(explained["queryPlanner"]["winningPlan"])
    assert "'current'" in plan
    assert "COLLSCAN" not in plan
