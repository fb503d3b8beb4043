"""What drove a change of costs, over the graph: worked out by hand, restated with its month, and of the tenant only."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.wiring import Backend, migrate
from documents import CostLine, CostPeriod, CostUsageDay
from documents.cost_drivers import drivers_pipeline
from documents.cost_load import clear_costs
from documents.cost_period import current_editions
from documents.cost_usage_making import make_usage
from domain.costs.problem import BadCostFile
from schema.cost_driver import CostDriversInput
from tests.factories.costs import NOW, load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

DRIVERS = """
query($input: CostDriversInput!) {
  costDrivers(input: $input) {
    currency comparedFirst comparedUntil restCount
    groups { ...driver }
    rest { ...driver }
    total { ...driver }
  }
}
fragment driver on CostDriver {
  values label before after difference
  parts { new gone usage price other purchase credit tax correction }
}
"""
BLANK = dict.fromkeys(
    (
        "SkuId",
        "ConsumedQuantity",
        "ConsumedUnit",
        "CommitmentDiscountId",
        "CommitmentDiscountStatus",
        "PricingCategory",
    ),
    "",
)


def charge(month: str, cost: str, quantity: str = "", **columns: str) -> dict[str, str]:
    """A row of 2026 that costs the same in every way."""
    costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), cost)
    used = {"ConsumedQuantity": quantity, "ConsumedUnit": "Hours", "SkuId": "S1"} if quantity else {}
    return focus_row(
        **BLANK
        | {
            "BillingPeriodStart": f"2026-{month}-01",
            "BillingPeriodEnd": f"2026-{int(month) + 1:02d}-01",
            "ChargePeriodStart": f"2026-{month}-02",
            "ChargePeriodEnd": f"2026-{month}-03",
            "ServiceName": "Compute",
        }
        | costs
        | used
        | columns
    )


UNUSED = {"CommitmentDiscountId": "sp-1", "CommitmentDiscountStatus": "Unused", "PricingCategory": "Committed"}
BILL = [
    # 10 hours at 2.00, then 15 at 3.00: five more at 2.00, fifteen dearer by 1.00.
    charge("08", "20", "10"),
    charge("09", "30", "9"),
    charge("09", "15", "6"),
    # Storage has no quantity, Mail is gone, Queue is new.
    charge("08", "4", ServiceName="Storage"),
    charge("09", "7", ServiceName="Storage"),
    charge("08", "1.5", "1", ServiceName="Mail", SubAccountId="300000000003"),
    charge("09", "2.5", "1", ServiceName="Queue"),
    charge("09", "6", ChargeCategory="Purchase", ChargeFrequency="One-Time"),
    charge("09", "-3", ChargeCategory="Credit"),
    charge("09", "0.7", ChargeCategory="Tax"),
    charge("09", "-0.2", ChargeClass="Correction"),
    charge("09", "0.9", **UNUSED),
]


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def ask(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    asked = {"first": "2026-09-01", "until": "2026-10-01", **fields}
    found: dict[str, Any] = (await graph.ask(DRIVERS, tenant.token, input=asked))["costDrivers"]
    return found


def parts(group: Mapping[str, Any]) -> dict[str, Decimal]:
    """The parts that are something."""
    return {name: Decimal(amount) for name, amount in group["parts"].items() if Decimal(amount)}


async def test_each_part_of_a_change_is_told(graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", BILL))

    found = await ask(graph, tenant)

    assert (found["currency"], found["comparedFirst"], found["comparedUntil"]) == ("USD", "2026-08-01", "2026-09-01")
    groups = {group["values"][0]: group for group in found["groups"]}
    assert parts(groups["Compute"]) == {
        "usage": Decimal(10),
        "price": Decimal(15) + Decimal("0.9"),
        "purchase": Decimal(6),
        "credit": Decimal(-3),
        "tax": Decimal("0.7"),
        "correction": Decimal("-0.2"),
    }
    assert parts(groups["Storage"]) == {"other": Decimal(3)}
    assert parts(groups["Mail"]) == {"gone": Decimal("-1.5")}
    assert parts(groups["Queue"]) == {"new": Decimal("2.5")}
    assert Decimal(found["total"]["before"]) == Decimal("25.5")
    assert Decimal(found["total"]["after"]) == Decimal("58.9")
    assert Decimal(found["total"]["difference"]) == Decimal("33.4") == sum(parts(found["total"]).values())


async def test_groups_and_the_rest_make_the_whole(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", BILL))

    found = await ask(graph, tenant, top=1, groupBy=[{"dimension": "SERVICE"}, {"tag": "team"}])

    assert [group["values"] for group in found["groups"]] == [["Compute", "web"]]
    assert found["restCount"] == 3
    assert parts(found["rest"]) == {"other": Decimal(3), "gone": Decimal("-1.5"), "new": Decimal("2.5")}
    whole = [Decimal(one["difference"]) for one in (*found["groups"], found["rest"])]
    assert sum(whole) == Decimal(found["total"]["difference"])


async def test_filters_and_days_that_cut_months_hold(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    late = {"ChargePeriodStart": "2026-09-20", "ChargePeriodEnd": "2026-09-21"}
    await load(
        backend, tenant, write_csv(tmp_path / "a.csv", [*BILL, charge("09", "8", "1", **late, Tags='{"team": "$x.y"}')])
    )

    chosen = {
        "tags": [{"tag": "team", "values": ["$x.y"]}],
        "dimensions": [{"dimension": "SERVICE", "values": ["Compute"]}],
    }
    found = await ask(graph, tenant, first="2026-09-15", until="2026-10-01", filter=chosen)
    others = {"tags": [{"tag": "team", "values": ["$x.y"], "isExcluded": True}]}
    left = await ask(graph, tenant, first="2026-09-15", until="2026-10-01", filter=others)
    days = {"comparedFirst": "2026-09-20", "comparedUntil": "2026-09-21"}
    labelled = await ask(graph, tenant, groupBy=[{"dimension": "SUB_ACCOUNT"}], **days)

    assert found["comparedFirst"] == "2026-08-30"
    assert (parts(found["total"]), found["total"]["before"]) == ({"new": Decimal(8)}, "0")
    assert Decimal(left["total"]["before"]) == Decimal("58.9")
    assert (Decimal(left["total"]["after"]), left["restCount"]) == (Decimal(0), 0)
    assert [group["label"] for group in labelled["groups"]] == ["production"]


async def test_a_month_loaded_again_has_new_drivers_and_the_old_ones_go(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [charge("08", "20", "10"), charge("09", "30", "15")]))
    first = await ask(graph, tenant)

    await load(backend, tenant, write_csv(tmp_path / "b.csv", [charge("09", "45", "15")]))
    second = await ask(graph, tenant)

    assert parts(first["total"]) == {"usage": Decimal(10)}
    assert parts(second["total"]) == {"usage": Decimal(10), "price": Decimal(15)}
    assert await usage_days(tenant) == 3
    await clear_costs(dead_since=NOW, retired_before=NOW.replace(year=2027))
    assert await usage_days(tenant) == 2
    assert await ask(graph, tenant) == second


async def test_a_load_that_fails_leaves_no_usage(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    good = write_csv(tmp_path / "a.csv", [charge("08", "1", "1")])
    bad = write_csv(tmp_path / "b.csv", [charge("08", "2", "1"), charge("09", "much")])

    with pytest.raises(BadCostFile):
        await load(backend, tenant, good, bad)

    assert await usage_days(tenant) == 0


async def test_a_load_that_is_cut_off_leaves_no_usage(
    backend: Backend, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "a.csv", [charge("08", "1", "1")])

    async def cut_off(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("jobs.cost_import.activate", cut_off)
    with pytest.raises(asyncio.CancelledError):
        await load(backend, tenant, path)

    assert await usage_days(tenant) == 0
    assert await CostPeriod.list_in(tenant.scope, {}) == []


async def test_the_migration_makes_the_same_days_of_lines_loaded_before(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", BILL))
    before, found = await kept_days(tenant), await ask(graph, tenant)
    await CostUsageDay.rows().delete_many({"org_id": tenant.organization.id})
    await CostPeriod.rows().update_many({"org_id": tenant.organization.id}, {"$unset": {"usage_id": 1}})

    made = await migrate(backend)
    await CostPeriod.rows().update_many({"org_id": tenant.organization.id}, {"$unset": {"usage_id": 1}})
    again = await make_usage()

    assert any(line.startswith("made days of usage: ") for line in made)
    assert again == 2
    assert await kept_days(tenant) == before
    assert await ask(graph, tenant) == found
    assert await make_usage() == 0


async def test_drivers_read_no_lines_and_an_index_of_days(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", BILL))
    before = await ask(graph, tenant)
    await CostLine.rows().delete_many({"org_id": tenant.organization.id})
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    question = CostDriversInput(first="2026-09-01", until="2026-10-01").question()
    pipeline = drivers_pipeline(tenant.scope, question, editions)
    command = {"aggregate": CostUsageDay.get_settings().name, "pipeline": pipeline, "cursor": {}}

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert await ask(graph, tenant) == before
    assert "'indexName': 'org_day'" in plan
    assert "COLLSCAN" not in plan


async def test_another_tenant_sees_nothing_of_it(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", BILL))
    stranger = await make_tenant(backend)

    found = await ask(graph, stranger)

    assert (found["currency"], found["groups"], found["rest"]) == (None, [], None)


@pytest.mark.parametrize(
    "fields",
    [
        {"comparedFirst": "2026-08-01"},
        {"comparedFirst": "2026-08-02", "comparedUntil": "2026-08-01"},
        {"until": "2026-09-01"},
        {"groupBy": [{"tag": ""}]},
    ],
)
async def test_what_makes_no_sense_is_refused(graph: Graph, tenant: Tenant, fields: dict[str, Any]) -> None:
    asked = {"first": "2026-09-01", "until": "2026-10-01", **fields}

    (error,) = await graph.refused(DRIVERS, tenant.token, input=asked)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_several_currencies_are_not_added_up(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    euros = charge("09", "5", BillingAccountId="200", BillingCurrency="EUR")
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [*BILL, euros]))
    asked = {"first": "2026-09-01", "until": "2026-10-01"}

    (error,) = await graph.refused(DRIVERS, tenant.token, input=asked)
    found = await ask(graph, tenant, currency="EUR")

    assert "EUR, USD" in error["message"]
    assert parts(found["total"]) == {"new": Decimal(5)}


async def usage_days(tenant: Tenant) -> int:
    return await CostUsageDay.rows().count_documents({"org_id": tenant.organization.id})


async def kept_days(tenant: Tenant) -> list[dict[str, Any]]:
    found = CostUsageDay.rows().find({"org_id": tenant.organization.id}, {"_id": 0})
    return sorted([dict(sorted(day.items())) async for day in found], key=str)
