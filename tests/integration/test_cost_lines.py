"""From any number down to its rows, their files and their loads; all of it the tenant's own."""

import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend
from documents import CostLine
from documents import cost_line_sums as sums
from documents.cost_day import cost_series
from documents.cost_line_sums import count_lines, line_totals, lines_pipeline
from documents.cost_period import current_editions
from domain.costs.header import ReadOptions
from domain.costs.series import CostQuestion, Grain, Metric
from domain.errors import Invalid
from domain.facts.cost_dimension import Dimension
from domain.facts.cost_filter import CostFilter
from schema.node import global_id
from tests.factories.costs import NOW, OCTOBER, load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

LINES = """
query($filter: CostLineFilter) {
  costLineTotals(filter: $filter) { currency lineCount billed effective list contracted }
  costLines(filter: $filter, first: 100) { totalCount nodes {
    row serviceName resourceId billed { amount currency } contracted { amount } columns
    source { loadId loadedAt actor source fileName sha256 row }
  } }
}
"""
LEDGER = """
{
  costLoads { nodes { id state actor problem lineCount periodCount replacedIds
    files { name sha256 version lineCount } periods { source provider periodStart } } }
  costPeriods { nodes { source provider billingAccountId periodStart loadId loadedAt restatements lineCount
    billed { amount currency } } }
}
"""


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def made_up(count: int) -> list[dict[str, str]]:
    dice = random.Random(5)
    return [
        focus_row(
            ChargePeriodStart=f"2026-09-{dice.randrange(1, 31):02d}T{dice.randrange(24):02d}:00:00Z",
            ChargePeriodEnd="2026-10-01T00:00:00Z",
            BillingAccountId=(payer := dice.choice(["1", "2"])),
            BillingCurrency={"1": "USD", "2": "EUR"}[payer],
            ServiceName=dice.choice(["web", "db"]),
            ResourceId=dice.choice(["i-1", "i-2", "i-3", ""]),
            Tags=dice.choice(["", '{"team": "a"}', '{"team": "b"}']),
            ListCost=dice.choice(["", "3.5"]),
            **{
                name: f"{dice.choice([-3, 0, 3]) * dice.randrange(1, 900)}.{dice.randrange(10**6)}"
                for name in ("BilledCost", "EffectiveCost", "ContractedCost")
            },
        )
        for _ in range(count)
    ]


async def lines(graph: Graph, tenant: Tenant, **filter: Any) -> dict[str, Any]:
    return await graph.ask(LINES, tenant.token, filter=filter)


def where(*dimensions: tuple[str, list[str | None]], **tags: list[str | None]) -> dict[str, Any]:
    return {
        "dimensions": [{"dimension": name, "values": values} for name, values in dimensions],
        "tags": [{"tag": name, "values": values} for name, values in tags.items()],
    }


@pytest.mark.parametrize(
    ("filter", "holds"),
    [
        ({}, lambda row: True),
        ({"sign": "NEGATIVE"}, lambda row: Decimal(row["BilledCost"]) < 0),
        (
            {"sign": "POSITIVE", "currencies": ["EUR"]},
            lambda row: Decimal(row["BilledCost"]) > 0 and row["BillingCurrency"] == "EUR",
        ),
        ({"sign": "ZERO"}, lambda row: Decimal(row["BilledCost"]) == 0),
        ({"where": where(("RESOURCE", ["i-1", None]))}, lambda row: row["ResourceId"] in ("i-1", "")),
        ({"where": where(("PROVIDER", ["AWS"]), team=["a"])}, lambda row: "a" in row["Tags"].split('"')),
        (
            {"beginsFrom": "2026-09-03T00:00:00Z", "beginsBefore": "2026-09-08T12:00:00Z", "serviceNames": ["web"]},
            lambda row: row["ServiceName"] == "web" and "2026-09-03" <= row["ChargePeriodStart"] < "2026-09-08T12",
        ),
        ({"billingPeriodFrom": "2026-09-01", "billingPeriodBefore": "2026-09-02"}, lambda row: True),
        ({"billingPeriodFrom": "2026-09-02"}, lambda row: False),
    ],
    ids=lambda value: "holds" if callable(value) else str(value),
)
async def test_the_rows_of_a_filter_and_what_they_add_up_to(graph, backend, tenant, tmp_path, filter, holds):
    rows = made_up(60)
    rows.append(focus_row(BillingAccountId="1", BilledCost="0", Tags=""))
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    kept = [row for row in rows if holds(row)]

    found = await lines(graph, tenant, **filter)

    assert found["costLines"]["totalCount"] == len(kept)
    expected = {}
    for currency in sorted({row["BillingCurrency"] for row in kept}):
        of_it = [row for row in kept if row["BillingCurrency"] == currency]
        names = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
        expected[currency] = [str(len(of_it)), *(sum(Decimal(row[name] or 0) for row in of_it) for name in names)]
    fields = ("billed", "effective", "list", "contracted")
    told = {
        one["currency"]: [str(one["lineCount"]), *(Decimal(one[name]) for name in fields)]
        for one in found["costLineTotals"]
    }
    assert told == expected


async def test_a_number_and_its_rows_are_the_same_to_the_cent(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(80)))
    picked = CostFilter.of({Dimension.SERVICE: ["web"]}, {"team": ["a", None]})
    first, until = date(2026, 9, 5), date(2026, 9, 20)

    number = await cost_series(tenant.scope, CostQuestion(first, until, currency="USD", where=picked))
    begins = {"$gte": datetime(2026, 9, 5, tzinfo=UTC), "$lt": datetime(2026, 9, 20, tzinfo=UTC)}
    filter = {"charge_period_start": begins, **sums.matching(sums.LAYOUT, picked)}
    totals = await line_totals(tenant.scope, filter, picked, first=first, until=until)

    (dollars,) = [one for one in totals if one.currency == "USD"]
    assert dollars.line_count > 0
    assert number.all.totals[Metric.BILLED] == dollars.billed


async def test_each_row_tells_its_file_and_who_loaded_it(graph, backend, tenant, tmp_path):
    first = write_csv(tmp_path / "a.csv", [focus_row()])
    second = write_csv(tmp_path / "b.csv", [focus_row(**OCTOBER), focus_row(BilledCost="7", **OCTOBER)])
    report = await load(backend, tenant, first, second, options=ReadOptions(source="exports"))

    nodes = (await lines(graph, tenant, where=where(("CHARGE_FREQUENCY", ["Usage-Based"]))))["costLines"]["nodes"]

    sources = {(node["source"]["fileName"], node["source"]["row"]): node["source"] for node in nodes}
    assert sorted(sources) == [("a.csv", 1), ("b.csv", 1), ("b.csv", 2)]
    source = sources["b.csv", 2]
    assert source["sha256"] == hashlib.sha256(second.read_bytes()).hexdigest()
    assert source["loadId"] == global_id("CostLoad", report.load_id)
    assert (source["source"], source["actor"]) == ("exports", tenant.scope.actor)
    assert datetime.fromisoformat(source["loadedAt"]) == NOW


async def test_columns_without_a_field_are_told_too(graph, backend, tenant, tmp_path):
    row = focus_row(
        BillingAccountType="Payer", HostProviderName="AWS", x_Project="apollo", CapacityReservationStatus=""
    )
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [row]))

    (node,) = (await lines(graph, tenant))["costLines"]["nodes"]

    assert node["columns"] == {
        "billing_account_type": "Payer",
        "host_provider_name": "AWS",
        "provider_name": "AWS",
        "x_Project": "apollo",
    }
    assert Decimal(node["contracted"]["amount"]) == Decimal("1.25")


async def test_a_restatement_is_one_visible_step(graph, backend, tenant, tmp_path):
    first = await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(**OCTOBER)]))
    second = await load(backend, tenant, write_csv(tmp_path / "b.csv", [focus_row(BilledCost="3")]))

    found = await graph.ask(LEDGER, tenant.token)

    ids = [global_id("CostLoad", one.load_id) for one in (first, second)]
    loads = {one["id"]: one for one in found["costLoads"]["nodes"]}
    assert [loads[id]["state"] for id in ids] == ["ACTIVE", "ACTIVE"]
    assert [loads[id]["replacedIds"] for id in ids] == [[], [ids[0]]]
    assert [file["name"] for file in loads[ids[1]]["files"]] == ["b.csv"]
    assert loads[ids[0]]["periodCount"] == 2
    periods = found["costPeriods"]["nodes"]
    assert [(one["periodStart"][:7], one["loadId"], one["restatements"]) for one in periods] == [
        ("2026-10", ids[0], 0),
        ("2026-09", ids[1], 1),
    ]
    assert Decimal(periods[1]["billed"]["amount"]) == 3

    await load(backend, tenant, write_csv(tmp_path / "c.csv", [focus_row(BilledCost="4"), focus_row(**OCTOBER)]))
    found = await graph.ask(LEDGER, tenant.token)
    assert [one["restatements"] for one in found["costPeriods"]["nodes"]] == [0, 2]
    assert {one["id"]: one["state"] for one in found["costLoads"]["nodes"]}[ids[1]] == "RETIRED"


async def test_a_stranger_sees_no_rows_loads_or_periods(graph, backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    stranger = await make_tenant(backend)

    found = {**await lines(graph, stranger), **await graph.ask(LEDGER, stranger.token)}

    assert found["costLineTotals"] == []
    assert [found[name]["nodes"] for name in ("costLines", "costLoads", "costPeriods")] == [[], [], []]


async def test_costs_by_the_hour_are_those_of_the_rows(backend, tenant, tmp_path):
    rows = [row for row in made_up(120) if row["BillingCurrency"] == "USD"]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    first, until = date(2026, 9, 3), date(2026, 9, 9)

    series = await cost_series(tenant.scope, CostQuestion(first, until, grain=Grain.HOUR))

    expected = dict.fromkeys(series.begins, Decimal(0))
    for row in rows:
        begin = datetime.fromisoformat(row["ChargePeriodStart"])
        if begin in expected:
            expected[begin] += Decimal(row["BilledCost"])
    assert len(expected) == 6 * 24
    assert any(expected.values())
    assert dict(zip(series.begins, series.all.amounts[Metric.BILLED], strict=True)) == expected
    assert series.periods[23:25] == [date(2026, 9, 3), date(2026, 9, 4)]


async def test_resources_come_with_their_printed_name(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(ResourceName="web server")]))

    series = await cost_series(
        tenant.scope, CostQuestion(date(2026, 9, 1), date(2026, 10, 1), group_by=(Dimension.RESOURCE,))
    )

    assert [(group.values, group.label) for group in series.groups] == [(("i-1",), "web server")]


async def test_too_many_rows_are_refused_with_a_way_to_narrow(graph, backend, tenant, tmp_path, monkeypatch):
    days = [{"ChargePeriodStart": f"2026-09-{day:02d}", "ChargePeriodEnd": "2026-10-01"} for day in range(1, 11)]
    rows = [focus_row(BillingAccountId=payer, **day) for day in days for payer in ("1", "2")]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    monkeypatch.setattr(sums, "MOST_LINES", 10)
    wide = {"first": date(2026, 9, 1), "until": date(2026, 10, 1), "group_by": (Dimension.RESOURCE,)}

    with pytest.raises(Invalid, match=r"This looks at 20 billed rows, and at most 10 .* take fewer days, or name the"):
        await cost_series(tenant.scope, CostQuestion(**wide))
    with pytest.raises(Invalid, match="20 billed rows"):
        await line_totals(tenant.scope, {}, CostFilter(), first=None, until=None)

    fewer = await cost_series(tenant.scope, CostQuestion(**(wide | {"until": date(2026, 9, 6)})))
    one = CostFilter.of({Dimension.BILLING_ACCOUNT: ["2"], Dimension.PROVIDER: ["AWS"]})
    narrowed = await cost_series(tenant.scope, CostQuestion(**wide, where=one))
    assert [series.all.totals[Metric.BILLED] for series in (fewer, narrowed)] == [Decimal("12.5"), Decimal("12.5")]


async def test_rows_are_counted_from_the_periods(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(50)))
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    first, until = date(2026, 9, 10), date(2026, 9, 15)

    begins = {"$gte": datetime(2026, 9, 10, tzinfo=UTC), "$lt": datetime(2026, 9, 15, tzinfo=UTC)}
    counted = await CostLine.count_in(tenant.scope, {"charge_period_start": begins}, cap=100)
    assert 0 < counted < 50
    assert await count_lines(editions, first=first, until=until) == counted
    assert await count_lines(editions) == 50


async def test_rows_are_added_up_through_an_index(backend, tenant, tmp_path):
    await load(backend, tenant, write_csv(tmp_path / "a.csv", made_up(20)))
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    question = CostQuestion(date(2026, 9, 1), date(2026, 9, 1) + timedelta(days=7), group_by=(Dimension.SKU,))
    command = {
        "aggregate": CostLine.get_settings().name,
        "pipeline": lines_pipeline(tenant.scope, question, editions),
        "cursor": {},
        "hint": "org_newest",
    }

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert "'org_newest'" in plan
    assert "COLLSCAN" not in plan


FRESHNESS = """
query($input: CostsInput!) { costs(input: $input) { currency freshness {
  newestChargeOn loadedAt sourceCount sources { provider billingAccountId newestChargeOn loadedAt missingFrom }
} } }
"""


async def test_answers_tell_how_fresh_they_are(graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    october = {"ChargePeriodStart": "2026-10-01", "ChargePeriodEnd": "2026-11-01"}
    rows = [
        focus_row(BillingAccountId="a"),
        focus_row(BillingAccountId="b", ChargePeriodStart="2026-09-20", ChargePeriodEnd="2026-09-21"),
        focus_row(BillingAccountId="b", **{**OCTOBER, **october}),
    ]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    asked = {"first": "2026-09-10", "until": "2026-10-01"}

    found = (await graph.ask(FRESHNESS, tenant.token, input=asked))["costs"]["freshness"]
    before = (await graph.ask(FRESHNESS, tenant.token, input={"first": "2026-01-01", "until": "2026-02-01"}))["costs"]

    told = [(one["billingAccountId"], one["newestChargeOn"], one["missingFrom"]) for one in found["sources"]]
    # What b was charged in September ends on the 20th; its October is not asked about.
    assert told == [("a", "2026-09-02", "2026-09-10"), ("b", "2026-09-20", "2026-09-21")]
    assert (found["newestChargeOn"], found["sourceCount"]) == ("2026-09-20", 2)
    assert datetime.fromisoformat(found["loadedAt"]) == NOW
    assert before["freshness"] == {"newestChargeOn": None, "loadedAt": None, "sourceCount": 0, "sources": []}
