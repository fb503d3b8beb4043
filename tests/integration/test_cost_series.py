"""Charts add up to the billed rows whatever they are grouped and filtered by, and are read through an index."""

import json
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from app.wiring import Backend
from documents import CostDay, CostLine, CostMonth, CostPeriod
from documents.cost_day import cost_series, series_pipeline
from documents.cost_line import NEWEST_FIRST
from documents.cost_period import current_editions
from documents.page import page_steps
from domain.costs.series import CostQuestion, CostSeries, Grain, Metric, TagKey, period_of
from domain.errors import Invalid
from domain.facts.cost_dimension import ROLLED_UP, Dimension
from domain.facts.cost_filter import CostFilter, DimensionFilter, TagFilter
from domain.facts.scope import Scope
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.tenant import Tenant, make_tenant

FIRST, UNTIL = date(2026, 8, 20), date(2026, 10, 10)
COLUMNS = {
    Dimension.PROVIDER: "ProviderName",
    Dimension.BILLING_ACCOUNT: "BillingAccountId",
    Dimension.SUB_ACCOUNT: "SubAccountId",
    Dimension.SERVICE: "ServiceName",
    Dimension.SERVICE_CATEGORY: "ServiceCategory",
    Dimension.REGION: "RegionId",
    Dimension.CHARGE_CATEGORY: "ChargeCategory",
    Dimension.PRICING_CATEGORY: "PricingCategory",
    Dimension.COMMITMENT: "CommitmentDiscountId",
    Dimension.COMMITMENT_STATUS: "CommitmentDiscountStatus",
    Dimension.PUBLISHER: "PublisherName",
    Dimension.RESOURCE: "ResourceId",
    Dimension.RESOURCE_TYPE: "ResourceType",
    Dimension.AVAILABILITY_ZONE: "AvailabilityZone",
    Dimension.SERVICE_SUBCATEGORY: "ServiceSubcategory",
    Dimension.SKU: "SkuId",
    Dimension.SKU_METER: "SkuMeter",
    Dimension.SKU_PRICE: "SkuPriceId",
    Dimension.CHARGE_DESCRIPTION: "ChargeDescription",
    Dimension.CHARGE_CLASS: "ChargeClass",
    Dimension.CHARGE_FREQUENCY: "ChargeFrequency",
    Dimension.INVOICE: "InvoiceId",
    Dimension.INVOICE_ISSUER: "InvoiceIssuerName",
    Dimension.COMMITMENT_TYPE: "CommitmentDiscountType",
    Dimension.CAPACITY_RESERVATION: "CapacityReservationId",
    Dimension.BILLING_ACCOUNT_NAME: "BillingAccountName",
    Dimension.HOST_PROVIDER: "HostProviderName",
}
# What rows may hold in columns that only they have: texts like these, some none.
LINE_COLUMNS = [COLUMNS[dimension] for dimension in Dimension if dimension not in ROLLED_UP]
FIXED = {"ChargeClass": ["", "Correction"], "ChargeFrequency": ["One-Time", "Recurring", "Usage-Based"]}
METRICS = {
    Metric.BILLED: "BilledCost",
    Metric.EFFECTIVE: "EffectiveCost",
    Metric.LIST: "ListCost",
    Metric.CONTRACTED: "ContractedCost",
}


def made_up(count: int) -> list[dict[str, str]]:
    """Rows that differ in everything that can be asked for."""
    dice = random.Random(7)
    rows = []
    for _ in range(count):
        day = FIRST + timedelta(days=dice.randrange((UNTIL - FIRST).days))
        month = day.replace(day=1)
        rows.append(
            focus_row(
                BillingPeriodStart=f"{month}",
                BillingPeriodEnd=f"{(month + timedelta(days=31)).replace(day=1)}",
                ChargePeriodStart=f"{day}T{dice.randrange(24):02d}:30:00Z",
                ChargePeriodEnd=f"{day + timedelta(days=1)}",
                ProviderName=dice.choice(["AWS", "Amazon Web Services", "Oracle"]),
                BillingAccountId=dice.choice(["1", "2"]),
                SubAccountId=dice.choice(["", "s1", "s2", "s3"]),
                ServiceName=dice.choice(["web", "db", "$queue"]),
                ServiceCategory=dice.choice(["Compute", "Databases"]),
                RegionId=dice.choice(["", "r1", "r2"]),
                ChargeCategory=dice.choice(["Usage", "Tax", "Credit"]),
                PricingCategory=dice.choice(["", "Standard", "Committed"]),
                CommitmentDiscountId=dice.choice(["", "sp-1", "ri-2"]),
                CommitmentDiscountStatus=dice.choice(["", "Used", "Unused"]),
                PublisherName=dice.choice(["AWS", "Vendor"]),
                **{name: dice.choice(FIXED.get(name, ["", f"$ {name}", f"{name}.2"])) for name in LINE_COLUMNS},
                Tags=dice.choice(["", '{"team": "a"}', '{"team": "$b", "x.y/$z": "1"}', '{"x.y/$z": ""}']),
                **{id: f"{dice.randrange(-200, 2000)}.{dice.randrange(10**9)}" for id in METRICS.values()},
            )
        )
    return rows


ROWS = made_up(400)


@pytest.fixture(scope="module")
async def tenant(backend: Backend, tmp_path_factory) -> Tenant:
    tenant = await make_tenant(backend)
    await load(backend, tenant, write_csv(tmp_path_factory.mktemp("costs") / "a.csv", ROWS))
    return tenant


def asked(**changes) -> CostQuestion:
    return CostQuestion(**({"first": FIRST, "until": UNTIL, "top": 100} | changes))


def value_of(row: dict[str, str], part: Dimension | TagKey) -> str | None:
    """What a row counts as in a group, worked out from the file's own text."""
    if isinstance(part, Dimension):
        return row[COLUMNS[part]] or None
    tags = json.loads(row["Tags"] or "{}")
    return tags.get(part.key)


def expected(question: CostQuestion, rows=ROWS) -> dict[tuple, Decimal]:
    """Sums by group, period and metric, worked out from the rows."""
    sums: defaultdict[tuple, Decimal] = defaultdict(Decimal)
    for row in rows:
        day = date.fromisoformat(row["ChargePeriodStart"][:10])
        if question.first <= day < question.until:
            group = tuple(value_of(row, part) for part in question.group_by)
            for metric in question.metrics:
                sums[group, period_of(day, question.grain), metric] += Decimal(row[METRICS[metric]])
    return {key: amount for key, amount in sums.items() if amount}


def found(series: CostSeries) -> dict[tuple, Decimal]:
    return {
        (group.values, period, metric): amount
        for group in series.groups
        for metric, column in group.amounts.items()
        for period, amount in zip(series.periods, column, strict=True)
        if amount
    }


GROUPINGS = [
    (),
    (TagKey("team"),),
    (TagKey("x.y/$z"),),
    (TagKey("nobody has it"),),
    (Dimension.SERVICE, Dimension.REGION, TagKey("team")),
    (Dimension.RESOURCE, Dimension.PROVIDER, TagKey("x.y/$z")),
]


ASKED = [
    *product([(part,) for part in Dimension if part in ROLLED_UP], [Grain.DAY, Grain.MONTH]),
    *product([(part,) for part in Dimension if part not in ROLLED_UP], [Grain.WEEK]),
    *product(GROUPINGS, [grain for grain in Grain if grain is not Grain.HOUR]),
]


@pytest.mark.parametrize(("group_by", "grain"), ASKED, ids=str)
async def test_every_grouping_adds_up_to_the_rows(tenant, group_by, grain):
    question = asked(group_by=group_by, grain=grain, metrics=tuple(Metric))

    series = await cost_series(tenant.scope, question)

    assert series.currency == "USD"
    assert series.periods == question.periods()
    assert found(series) == expected(question)


SPANS = [
    (date(2026, 9, 1), date(2026, 10, 1)),
    (date(2026, 8, 1), date(2026, 10, 5)),
    (date(2026, 8, 25), date(2027, 1, 1)),
    (date(2026, 8, 25), date(2026, 10, 5)),
    (date(2026, 9, 2), date(2026, 9, 16)),
]


@pytest.mark.parametrize("grain", [Grain.MONTH, Grain.QUARTER, Grain.YEAR])
@pytest.mark.parametrize(("first", "until"), SPANS, ids=str)
async def test_whole_and_cut_months_add_up_to_the_rows_by_every_dimension(tenant, first, until, grain):
    for group_by in [*((part,) for part in sorted(ROLLED_UP)), *GROUPINGS[:5]]:
        question = asked(first=first, until=until, group_by=group_by, grain=grain, metrics=tuple(Metric))

        series = await cost_series(tenant.scope, question)

        assert found(series) == expected(question), group_by


async def test_only_the_days_asked_for_count(tenant):
    question = asked(first=date(2026, 9, 2), until=date(2026, 9, 16), grain=Grain.WEEK)

    series = await cost_series(tenant.scope, question)

    assert series.periods == [date(2026, 8, 31), date(2026, 9, 7), date(2026, 9, 14)]
    assert found(series) == expected(question)


@pytest.mark.parametrize(
    ("dimensions", "tags"),
    [
        ({Dimension.SERVICE: ["web", "$queue"]}, {}),
        ({Dimension.SUB_ACCOUNT: [None, "s1"], Dimension.REGION: ["r1"]}, {}),
        ({Dimension.CHARGE_CATEGORY: ["Usage"]}, {"team": ["$b"]}),
        ({}, {"team": [None]}),
        ({}, {"team": ["a", "$b"], "x.y/$z": ["1"]}),
        ({Dimension.PROVIDER: ["nobody"]}, {}),
        ({Dimension.RESOURCE: ["$ ResourceId", None], Dimension.PROVIDER: ["AWS", None]}, {}),
        ({Dimension.SKU: ["SkuId.2"], Dimension.BILLING_ACCOUNT: ["2"]}, {"x.y/$z": [None]}),
    ],
)
async def test_filters_take_the_rows_with_one_of_the_values(tenant, dimensions, tags):
    question = asked(where=CostFilter.of(dimensions, tags), grain=Grain.MONTH)
    kept = [
        row
        for row in ROWS
        if all(value_of(row, part) in values for part, values in dimensions.items())
        and all(value_of(row, TagKey(key)) in values for key, values in tags.items())
    ]

    series = await cost_series(tenant.scope, question)

    assert found(series) == expected(question, kept)


async def test_filters_leave_out_the_rows_with_one_of_the_values(tenant):
    where = CostFilter(
        dimensions=(
            DimensionFilter(dimension=Dimension.SERVICE, values=("web",)),
            DimensionFilter(dimension=Dimension.SERVICE, values=("$queue",), is_excluded=True),
            DimensionFilter(dimension=Dimension.REGION, values=(None, "r1"), is_excluded=True),
        ),
        tags=(TagFilter(tag="team", values=("$b", None), is_excluded=True),),
    )
    kept = [
        row
        for row in ROWS
        if row["ServiceName"] == "web" and row["RegionId"] == "r2" and value_of(row, TagKey("team")) not in ("$b", None)
    ]

    series = await cost_series(tenant.scope, asked(where=where, grain=Grain.MONTH))

    assert kept
    assert found(series) == expected(asked(grain=Grain.MONTH), kept)


async def test_the_dearest_groups_come_first_and_the_rest_is_added_up(tenant):
    whole = await cost_series(tenant.scope, asked(group_by=(Dimension.SUB_ACCOUNT,)))

    cut = await cost_series(tenant.scope, asked(group_by=(Dimension.SUB_ACCOUNT,), top=1))

    totals = [group.totals[Metric.BILLED] for group in whole.groups]
    assert totals == sorted(totals, reverse=True)
    assert len(totals) == 4
    assert [group.values for group in cut.groups] == [whole.groups[0].values]
    assert cut.rest is not None
    assert (cut.rest_count, cut.rest.totals[Metric.BILLED]) == (3, sum(totals[1:], Decimal(0)))
    assert cut.all.totals == whole.all.totals


async def test_sub_accounts_come_with_their_printed_name(tenant):
    series = await cost_series(tenant.scope, asked(group_by=(Dimension.SUB_ACCOUNT,)))

    assert {group.label for group in series.groups} == {"production"}


async def test_another_tenant_sees_none_of_it(backend, tenant):
    stranger = await make_tenant(backend)

    series = await cost_series(stranger.scope, asked(group_by=(Dimension.SERVICE,)))
    page = await CostLine.page_in(stranger.scope, {}, NEWEST_FIRST, first=10)

    assert (series.currency, series.groups) == (None, [])
    assert set(series.all.amounts[Metric.BILLED]) == {Decimal(0)}
    assert page.rows == []


async def test_several_organizations_in_reach_are_added_up(backend, tenant, tmp_path):
    other = await make_tenant(backend)
    day = {"ChargePeriodStart": "2026-09-02", "ChargePeriodEnd": "2026-09-03"}
    await load(backend, other, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="1000000", **day)]))
    ids = frozenset({tenant.org_id, other.org_id})

    both = await cost_series(Scope(org_ids=ids, visible=ids, actor="test"), asked())
    one = await cost_series(tenant.scope, asked())

    assert both.all.totals[Metric.BILLED] - one.all.totals[Metric.BILLED] == 1_000_000


async def test_currencies_do_not_add_up_unless_one_is_named(backend, tmp_path):
    tenant = await make_tenant(backend)
    october = {"BillingPeriodStart": "2026-10-01", "BillingPeriodEnd": "2026-11-01", "BillingCurrency": "EUR"}
    rows = [
        focus_row(BilledCost="5"),
        focus_row(BilledCost="7", ChargePeriodStart="2026-10-01", ChargePeriodEnd="2026-10-02", **october),
    ]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))

    with pytest.raises(Invalid, match="These costs are in EUR, USD and do not add up: name one currency"):
        await cost_series(tenant.scope, asked())
    euros = await cost_series(tenant.scope, asked(currency="EUR"))
    september = await cost_series(tenant.scope, asked(until=date(2026, 10, 1)))
    pounds = await cost_series(tenant.scope, asked(currency="GBP"))

    assert (euros.currency, euros.all.totals[Metric.BILLED]) == ("EUR", Decimal(7))
    assert (september.currency, september.all.totals[Metric.BILLED]) == ("USD", Decimal(5))
    assert (pounds.currency, pounds.all.totals[Metric.BILLED]) == (None, Decimal(0))


async def test_lines_are_paged_through_newest_first_without_gap_or_repeat(tenant):
    seen, after = [], None
    while True:
        page = await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=37, after=after)
        seen += page.rows
        if not page.has_next:
            break
        after = NEWEST_FIRST.values_of(page.rows[-1])

    assert [line.charge_period_start for line in seen] == sorted(
        (line.charge_period_start for line in seen), reverse=True
    )
    assert sorted(line.row for line in seen) == list(range(1, len(ROWS) + 1))


async def test_lines_can_be_asked_for_by_their_columns(tenant):
    where = {"service_name": "$queue", "charge_period_start": {"$gte": datetime(2026, 10, 1, tzinfo=UTC)}}

    page = await CostLine.page_in(tenant.scope, where, NEWEST_FIRST, first=100)

    wanted = [row for row in ROWS if row["ServiceName"] == "$queue" and row["ChargePeriodStart"] >= "2026-10-01"]
    assert len(page.rows) == len(wanted)
    assert sum((line.billed_cost for line in page.rows), Decimal(0)) == sum(
        Decimal(row["BilledCost"]) for row in wanted
    )


def stages(plan) -> set[str]:
    """Every stage and index name in an explained plan."""
    if isinstance(plan, list):
        return set().union(*(stages(part) for part in plan)) if plan else set()
    if not isinstance(plan, Mapping):
        return set()
    own = {plan[name] for name in ("stage", "indexName") if isinstance(plan.get(name), str)}
    return own.union(*(stages(part) for name, part in plan.items() if name != "rejectedPlans"))


async def test_series_are_read_through_an_index(backend, tenant):
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    pipeline = series_pipeline(tenant.scope, asked(group_by=(Dimension.SERVICE,)), editions)
    command = {"aggregate": CostDay.get_settings().name, "pipeline": pipeline, "cursor": {}}

    plan = stages(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert {"IXSCAN", "org_day"} <= plan
    assert "COLLSCAN" not in plan


async def test_pages_of_lines_are_read_in_the_order_of_an_index(tenant):
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    page = await CostLine.page_in(tenant.scope, {}, NEWEST_FIRST, first=5)
    last = NEWEST_FIRST.values_of(page.rows[-1])
    within, where = CostLine.within(tenant.scope), {"edition_id": {"$in": editions}}

    for after in (None, last):
        for queries, sort in page_steps([within], where, NEWEST_FIRST, after):
            explained = await CostLine.rows().find(queries[0], sort=sort, limit=6).explain()
            plan = stages(explained["queryPlanner"])
            assert {"IXSCAN", "org_newest"} <= plan
            assert not {"COLLSCAN", "SORT"} & plan


async def test_current_editions_are_read_through_an_index(tenant):
    query = {**CostPeriod.within(tenant.scope), "last_on": {"$gte": datetime(2026, 9, 1, tzinfo=UTC)}}

    plan = stages((await CostPeriod.rows().find(query).explain())["queryPlanner"])

    assert "IXSCAN" in plan
    assert "COLLSCAN" not in plan


@pytest.mark.parametrize("name", ["get_in", "find_in", "list_in", "page_in", "count_in", "rows_by_id", "load_many"])
@pytest.mark.parametrize("document", [CostDay, CostMonth])
def test_sums_are_only_read_through_current_editions(document, name):
    with pytest.raises(TypeError, match=f"{document.__name__} belongs to a tenant"):
        getattr(document, name)()


@pytest.mark.parametrize("name", ["find_in", "list_in"])
def test_lines_are_only_read_through_current_editions(name):
    with pytest.raises(TypeError, match="CostLine belongs to a tenant"):
        getattr(CostLine, name)()
