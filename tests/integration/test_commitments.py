"""Commitments over the graph: examples of the specification by hand, what people enter, and alerts before the end."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

import documents
from app.wiring import Backend
from app.worker import options
from documents import Alert, CostUsageDay, Role
from documents.commitment_usage import commitment_pipeline
from documents.cost_period import current_editions
from domain.costs.header import ReadOptions
from domain.facts.resource_kind import ResourceKind
from jobs.tasks.check_commitments import check_commitments
from schema.commitment import CommitmentsInput
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

COMMITMENTS = """
query($input: CommitmentsInput!) {
  commitments(input: $input) {
    currency periods restCount
    commitments {
      commitmentId unit used unused billed usedQuantity unusedQuantity utilizations cost utilization
      covers { service region listCost effectiveCost }
    }
  }
}
"""
RATES = """
query($input: CommitmentCoverageInput!) {
  commitmentCoverage(input: $input) { ratio ratios unlistedRows services { service ratio } }
  effectiveSavingsRate(input: $input) { rate rates listCosts paid unused unlistedRows }
}
"""
SET = """
mutation($input: SetCommitmentTermInput!) {
  setCommitmentTerm(input: $input) {
    __typename
    ... on SetCommitmentTermSuccess { term { id endsOn startsOn payment version } }
    ... on UserError { path }
    ... on ConflictError { current { id } }
  }
}
"""
REMOVE = """
mutation($input: RemoveCommitmentTermInput!) { removeCommitmentTerm(input: $input) { __typename } }
"""
ENDS = """
query($within: Int!, $organizationId: ID) {
  expiringCommitments(within: $within, organizationId: $organizationId) { commitmentId name endsOn daysLeft source }
}
"""
FILL = {
    "BillingAccountId": "example",
    "BillingCurrency": "USD",
    "ServiceName": "VM",
    "ProviderName": "Example provider",
}
# At list price an hour of scenario 4 costs 2.00; the file leaves it out.
LISTED = {"ListCost": "2.00"}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def example(backend: Backend, graph: Graph, tenant: Tenant, path: Path, fill: dict[str, str]) -> dict[str, Any]:
    await load(backend, tenant, path, options=ReadOptions(is_lenient=True, fill=FILL | fill))
    days = {"first": "2023-01-01", "until": "2023-02-01"}
    found = await graph.ask(COMMITMENTS, tenant.token, input=days)
    return {**found, **await graph.ask(RATES, tenant.token, input=days)}


# File, fill; used, unused, billed, utilisation; coverage and savings rate. By hand from the rows of each file.
EXAMPLES: list[tuple[str, dict[str, str], tuple[str, str, str, str | None], tuple[str | None, str | None]]] = [
    # Bought for a year at once; nothing of it is amortised by a purchase row.
    ("commitment_discount_purchase_scenario_1", {}, ("0", "0", "8760", None), (None, None)),
    # Half at once, and three hours at 0.50.
    ("commitment_discount_purchase_scenario_3", {}, ("0", "0", "4381.5", None), (None, None)),
    # An hour that nothing used.
    ("commitment_discount_usage_scenario_2", {}, ("0", "1", "0", "0"), (None, None)),
    # An hour covered for 1.00 and one on demand for 0.50, both listed at 2.00: 2 of 4; 1 - 1.50 / 4.
    ("commitment_discount_usage_scenario_4", LISTED, ("1", "0", "0", "1"), ("0.5", "0.625")),
    # Listed at 3.00, had for 1.50.
    (
        "one_hundred_percent_utilization_without_commitment_discount_flexibility",
        {},
        ("1.5", "0", "1.5", "1"),
        ("1", "0.5"),
    ),
    # 3.00 had for 0.50, and 2.25 on demand: 3 of 5.25; 1 - 2.75 / 5.25.
    (
        "one_hundred_percent_utilization_with_commitment_discount_flexibility_with_1_resource",
        {},
        ("0.5", "0", "0.5", "1"),
        ("0.571428571429", "0.476190476190"),
    ),
]


@pytest.mark.parametrize(("name", "fill", "use", "rates"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
async def test_an_example_of_the_specification_gives_what_it_is_about(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    shared: Path,
    name: str,
    fill: dict[str, str],
    use: tuple[str, str, str, str | None],
    rates: tuple[str | None, str | None],
) -> None:
    path = shared / "data" / "focus" / "spec_examples" / f"{name}.csv"

    found = await example(backend, graph, tenant, path, fill)

    (one,) = found["commitments"]["commitments"]
    assert one["commitmentId"] == "<my-commitment-discount-id>"
    sums = [Decimal(one[column][0]) for column in ("used", "unused", "billed")]
    assert sums == [Decimal(text) for text in use[:3]]
    assert number(one["utilization"]) == number(one["utilizations"][0]) == number(use[3])
    assert number(found["commitmentCoverage"]["ratio"]) == number(rates[0])
    assert number(found["effectiveSavingsRate"]["rate"]) == number(rates[1])


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def committed(id: str, cost: str, **columns: str) -> dict[str, str]:
    return focus_row(
        **{
            "CommitmentDiscountId": id,
            "CommitmentDiscountStatus": "Used",
            "CommitmentDiscountType": "Savings Plan",
            "CommitmentDiscountCategory": "Spend",
            "PricingCategory": "Committed",
            "BilledCost": "0",
            "EffectiveCost": cost,
            "ListCost": "10",
        }
        | columns
    )


async def test_the_dearest_are_told_with_what_they_cover_and_filters_hold(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    rows = [committed("sp-1", "5"), committed("sp-2", "7", RegionId="us"), committed("sp-3", "1", ServiceName="db")]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    asked = {"first": "2026-09-01", "until": "2026-10-01", "top": 1, "organizationId": tenant.global_id}
    chosen = {"dimensions": [{"dimension": "SERVICE", "values": ["db"]}]}
    stranger = await make_tenant(backend)

    found = (await graph.ask(COMMITMENTS, tenant.token, input=asked))["commitments"]
    filtered = (await graph.ask(COMMITMENTS, tenant.token, input=asked | {"filter": chosen}))["commitments"]
    foreign = await graph.ask(COMMITMENTS, stranger.token, input={"first": "2026-09-01", "until": "2026-10-01"})

    assert (found["currency"], found["restCount"]) == ("USD", 2)
    (dearest,) = found["commitments"]
    (place,) = dearest["covers"]
    assert (dearest["commitmentId"], place["region"]) == ("sp-2", "us")
    assert (Decimal(place["listCost"]), Decimal(place["effectiveCost"])) == (10, 7)
    assert [one["commitmentId"] for one in filtered["commitments"]] == ["sp-3"]
    assert foreign["commitments"] == {"currency": None, "periods": ["2026-09-01"], "restCount": 0, "commitments": []}


async def test_usage_of_commitments_is_read_through_an_index(backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [committed("sp-1", "5")]))
    editions = [edition.id for edition in await current_editions(tenant.scope)]
    question = CommitmentsInput(first=date(2026, 9, 1), until=date(2026, 10, 1)).question()
    pipeline = commitment_pipeline(tenant.scope, question, editions)
    command = {"aggregate": CostUsageDay.get_settings().name, "pipeline": pipeline, "cursor": {}}

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert "'indexName': 'org_day'" in plan
    assert "COLLSCAN" not in plan


def in_days(days: int) -> str:
    return f"{datetime.now(UTC).date() + timedelta(days=days)}"


async def term(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(SET, tenant.token, input=fields))["setCommitmentTerm"]
    return found


async def ends(graph: Graph, tenant: Tenant, within: int = 90, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await graph.ask(ENDS, tenant.token, within=within, **fields))["expiringCommitments"]
    return found


async def synced(tenant: Tenant, native_id: str, end: str) -> None:
    await documents.Resource(
        org_id=tenant.organization.id,
        account_id=ObjectId(),
        kind=ResourceKind.AWS_SAVINGS_PLAN,
        native_id=native_id,
        name="plan",
        tags={},
        config={"end": f"{end}T00:00:00.000Z"},
        first_seen_at=datetime.now(UTC),
    ).insert()


async def test_what_people_enter_goes_before_what_syncs_see(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await synced(tenant, "arn:aws:savingsplans::1:savingsplan/AB", in_days(10))
    await synced(tenant, "arn:aws:savingsplans::1:savingsplan/cd", in_days(20))
    await term(graph, tenant, nativeId="ab", endsOn=in_days(30), name="Ours")
    await term(graph, tenant, nativeId="far", endsOn=in_days(100))
    await term(graph, tenant, nativeId="gone", endsOn=in_days(-1))

    found = await ends(graph, tenant, organizationId=tenant.global_id)

    assert [(one["commitmentId"][-2:], one["source"], one["daysLeft"]) for one in found] == [
        ("cd", "SYNCED", 20),
        ("ab", "ENTERED", 30),
    ]
    assert await ends(graph, tenant, within=19) == []
    assert await ends(graph, await make_tenant(backend)) == []


async def test_terms_are_set_by_version_and_forgotten(graph: Graph, tenant: Tenant) -> None:
    fields = {"nativeId": "sp-1", "endsOn": in_days(9)}
    first = await term(graph, tenant, **fields, startsOn=in_days(-9), payment="NO_UPFRONT", expectedVersion=0)
    stale = await term(graph, tenant, **fields, expectedVersion=0)
    second = await term(graph, tenant, **fields, expectedVersion=1)
    backwards = await term(graph, tenant, **fields, startsOn=in_days(9))
    id = first["term"]["id"]
    too_old = await graph.ask(REMOVE, tenant.token, input={"termId": id, "expectedVersion": 1})
    removed = await graph.ask(REMOVE, tenant.token, input={"termId": id, "expectedVersion": 2})

    assert (first["term"]["payment"], first["term"]["startsOn"]) == ("NO_UPFRONT", in_days(-9))
    assert (stale["__typename"], stale["current"]) == ("ConflictError", {"id": id})
    assert second["term"] == {"id": id, "endsOn": in_days(9), "startsOn": None, "payment": None, "version": 2}
    assert backwards == {"__typename": "ValidationError", "path": ["input", "endsOn"]}
    assert too_old["removeCommitmentTerm"]["__typename"] == "ConflictError"
    assert removed["removeCommitmentTerm"]["__typename"] == "RemoveCommitmentTermSuccess"
    assert await ends(graph, tenant) == []


async def test_terms_are_for_their_tenant_and_for_who_may_manage_costs(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    id = (await term(graph, tenant, nativeId="sp-1", endsOn=in_days(9)))["term"]["id"]
    stranger = await make_tenant(backend)
    reader = await make_tenant(backend, role=Role.USER)

    foreign = await graph.ask(REMOVE, stranger.token, input={"termId": id})
    (forbidden,) = await graph.refused(SET, reader.token, input={"nativeId": "sp-1", "endsOn": in_days(9)})

    assert foreign["removeCommitmentTerm"]["__typename"] == "NotFoundError"
    assert forbidden["extensions"]["code"] == "FORBIDDEN"
    terms = "{ commitmentTerms { nodes { id } } }"
    assert (await graph.ask(terms, tenant.token))["commitmentTerms"]["nodes"] == [{"id": id}]
    assert (await graph.ask(terms, stranger.token))["commitmentTerms"]["nodes"] == []


async def checked(backend: Backend, days_on: int) -> None:
    context = options(backend)["ctx"]["context"]
    now = context.now
    object.__setattr__(context, "now", lambda: now() + timedelta(days=days_on))
    await check_commitments({"context": context})


async def test_an_alert_tells_60_30_and_7_days_before_the_end_once_each(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    await term(graph, tenant, nativeId="sp-1", name="Compute plan", endsOn=in_days(70))
    other = await make_tenant(backend)
    told = []

    for day in (9, 10, 10, 11, 39, 40, 62, 63, 64, 70, 71):
        await checked(backend, day)
        alerts = await Alert.list_in(tenant.scope, {})
        told.append((day, len(alerts), sum(alert.state == "OPEN" for alert in alerts)))

    # Of those that were raised only the nearest stays open.
    assert told == [
        (9, 0, 0),
        (10, 1, 1),
        (10, 1, 1),
        (11, 1, 1),
        (39, 1, 1),
        (40, 2, 1),
        (62, 2, 1),
        (63, 3, 1),
        (64, 3, 1),
        (70, 3, 1),
        (71, 3, 1),
    ]
    alerts = await Alert.list_in(tenant.scope, {})
    assert {alert.times_raised for alert in alerts} == {1}
    assert sorted(alert.title for alert in alerts) == [
        f"Commitment ends in {days} days: Compute plan" for days in (30, 60, 7)
    ]
    assert await Alert.list_in(other.scope, {}) == []
