"""Advice on commitments over the graph: bills of known truth, and what three clouds recommend, as they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import documents
from app.wiring import Backend
from connectors.clouds.aws import purchase
from connectors.clouds.azure import cost
from connectors.clouds.gcp import recommender
from connectors.reading.listing import Place
from documents import Account
from documents.account import AccountState
from domain.facts.finding import FindingCategory
from domain.facts.provider import Provider
from domain.facts.resource import Resource
from domain.facts.resource_kind import ResourceKind
from domain.facts.severity import Severity
from tests.factories.commitment_rows import FIRST, TODAY, hours, steady, used
from tests.factories.costs import load
from tests.factories.focus import write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, make_tenant

ADVICE = """
query($organizationId: ID) {
  commitmentAdvice(organizationId: $organizationId) {
    bills billsLeftOut nextSteps
    advice {
      provider billingAccountId currency covers coversSource first until days isHourly rows costsLoadedAt
      onDemand otherSavings savingsCount unusedCommitments left confidence caveats nextSteps
      families { family region onDemand }
      ways {
        rate { offer months payment family region discountRatio source says }
        hourly monthlySaving breakEvenMonths upfront coverageRatio utilizationRatio
      }
      recommendations {
        offer months payment family region hourly monthlySaving currency readAt savingOnWhatIsLeft difference says
      }
    }
  }
}
"""
MONTH = Decimal(730)


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@dataclass
class Connected:
    """A cloud that is connected, and what a sync keeps of it."""

    tenant: Tenant
    account: Account

    async def keep(self, resource: Resource) -> documents.Resource:
        stored = documents.Resource(
            org_id=self.tenant.organization.id,
            account_id=self.account.id,
            first_seen_at=datetime.now(UTC),
            **resource.model_dump(include={"kind", "native_id", "name", "region", "tags", "config"}),
        )
        await stored.insert()
        return stored

    async def saves(self, resource: documents.Resource, monthly: str, rule_id: str = "aws-ec2-idle") -> None:
        finding = documents.Finding(
            org_id=self.tenant.organization.id,
            account_id=self.account.id,
            resource_id=resource.id,
            resource_native_id=resource.native_id,
            rule_id=rule_id,
            category=FindingCategory.FINOPS,
            severity=Severity.HIGH,
            severity_rank=1,
            title="idle",
            reason="idle",
            observed={},
            saving_amount=Decimal(monthly),
            saving_currency="USD",
            opened_at=datetime.now(UTC),
            last_seen_at=datetime.now(UTC),
        )
        await finding.insert()


def fresh() -> str:
    """An id that no account of another test has: an account is connected by one organization."""
    return f"{uuid4().int % 10**12:012d}"


async def connect(tenant: Tenant, provider: Provider, native_id: str) -> Connected:
    """Loading a bill may have made the account already."""
    key = {"org_id": tenant.organization.id, "provider": provider.value, "native_id": native_id}
    account = Account(
        **key, name=native_id, state=AccountState.CONNECTED, last_synced_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    await Account.rows().delete_one(key)
    await account.insert()
    return Connected(tenant, account)


async def advice(graph: Graph, tenant: Tenant, **given: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(ADVICE, tenant.token, **given))["commitmentAdvice"]
    return found


def machine(native_id: str = "i-1", size: str = "m5.large") -> Resource:
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id=native_id,
        name=native_id,
        region="us-east-1",
        config={"InstanceType": size},
    )


def here(account: str) -> Place:
    return Place(account_id=account, region=None, now=datetime.now(UTC))


def plan_of_aws(account: str) -> Resource:
    """A Compute Savings Plan of 7.20 USD an hour for 10 on demand, as Cost Explorer answers."""
    detail = {
        "AccountId": account,
        "HourlyCommitmentToPurchase": "7.2",
        "EstimatedAverageUtilization": "100",
        "EstimatedMonthlySavingsAmount": "2044",
        "CurrencyCode": "USD",
        "SavingsPlansDetails": {"OfferingId": "o-1"},
    }
    answer = {
        "SavingsPlansPurchaseRecommendation": {
            "SavingsPlansType": "COMPUTE_SP",
            "TermInYears": "ONE_YEAR",
            "PaymentOption": "NO_UPFRONT",
            "SavingsPlansPurchaseRecommendationDetails": [detail],
        }
    }
    (item,) = purchase.plan_purchases(answer)
    return purchase.parse_plan_purchase(item, {}, here(account))


async def test_what_other_savings_leave_is_committed_to_and_set_beside_what_aws_recommends(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    """10 USD an hour of which 3 can be saved: 7 are left, 5.04 at 72 %. AWS recommends 7.20, a loss of 0.20 then."""
    await load(backend, tenant, write_csv(tmp_path / "a.csv", steady("10")))
    cloud = await connect(tenant, Provider.AWS, fresh())
    await cloud.saves(await cloud.keep(machine()), "2190")
    recommendation = await cloud.keep(plan_of_aws("111111111111"))
    await cloud.saves(recommendation, "2044", "aws-savings-plan-purchase")

    found = await advice(graph, tenant, organizationId=tenant.global_id)

    assert (found["bills"], found["billsLeftOut"], found["nextSteps"]) == (1, 0, [])
    (one,) = found["advice"]
    assert (one["provider"], one["billingAccountId"], one["currency"]) == ("AWS", "100000000001", "USD")
    assert (one["first"], one["until"]) == (f"{FIRST + timedelta(days=1)}", f"{TODAY - timedelta(days=1)}")
    assert (one["days"], one["isHourly"], one["rows"], one["confidence"]) == (30, True, 720, "HIGH")
    sums = [Decimal(one[name]) for name in ("onDemand", "otherSavings", "unusedCommitments", "left")]
    assert sums == [10 * MONTH, 3 * MONTH, 0, 7 * MONTH]
    assert (one["savingsCount"], one["caveats"], one["nextSteps"]) == (1, [], [])
    assert [(row["family"], row["region"]) for row in one["families"]] == [("m5", "us-east-1")]
    (way,) = one["ways"]
    assert (way["rate"]["offer"], way["rate"]["months"], way["rate"]["source"]) == (
        "Compute Savings Plan",
        12,
        "RECOMMENDATION",
    )
    assert (Decimal(way["rate"]["discountRatio"]), Decimal(way["hourly"])) == (Decimal("0.28"), Decimal("5.04"))
    assert Decimal(way["monthlySaving"]) == Decimal("1.96") * MONTH
    assert (Decimal(way["utilizationRatio"]), Decimal(way["breakEvenMonths"])) == (1, Decimal("8.64"))
    (theirs,) = one["recommendations"]
    assert (Decimal(theirs["hourly"]), Decimal(theirs["monthlySaving"])) == (Decimal("7.2"), 2044)
    assert theirs["readAt"] == "2026-11-01T00:00:00Z"
    assert Decimal(theirs["savingOnWhatIsLeft"]) == Decimal("-0.2") * MONTH
    assert Decimal(theirs["difference"]) == Decimal("2.16") * MONTH
    assert "2190.00 USD of other savings" in theirs["says"]


async def test_azure_recommends_a_plan_and_a_reservation(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    """Bills by the day: 240 a day are 10 an hour. The plan is of 7.20; the reservation costs 876 a year: 0.10."""
    days = [at for at in hours() if at.hour == 0]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [used(at, 24, "240", Provider.AZURE) for at in days]))
    cloud = await connect(tenant, Provider.AZURE, fresh())
    root = "/subscriptions/s-1/providers"
    shared = {"term": "P1Y", "scope": "Shared", "lookBackPeriod": "Last30Days"}
    plan = {"commitmentAmount": 7.2, "savingsAmount": 2016.0, "averageUtilizationPercentage": 100.0}
    items: Sequence[tuple[dict[str, Any], dict[str, Any]]] = (
        (
            {
                "id": f"{root}/Microsoft.CostManagement/benefitRecommendations/b1",
                "name": "b1",
                "properties": {**shared, "currencyCode": "USD", "recommendationDetails": plan},
            },
            {},
        ),
        (
            {
                "id": f"{root}/Microsoft.Consumption/reservationRecommendations/r1",
                "name": "r1",
                "sku": "Standard_D4s_v5",
                "location": "westeurope",
                "properties": {**shared, "netSavings": 72.0, "resourceType": "virtualMachines"},
            },
            {"price": {"properties": {"billingCurrencyTotal": {"currencyCode": "USD", "amount": 876}}}},
        ),
    )
    for item, details in items:
        resource = cost.advice(item, details, here("s-1"))
        assert resource is not None
        await cloud.keep(resource)
    size = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}}
    vm = Resource(kind=ResourceKind.AZURE_VIRTUAL_MACHINE, native_id="/vm", name="vm", region="westeurope", config=size)
    await cloud.saves(await cloud.keep(vm), "2190", "azure-vm-idle")

    (one,) = (await advice(graph, tenant))["advice"]

    assert (one["isHourly"], Decimal(one["left"])) == (False, 7 * MONTH)
    assert any("sums of days" in caveat for caveat in one["caveats"])
    # Half the price for 7 an hour is more than 28 percent of it.
    ways = {way["rate"]["offer"]: Decimal(way["hourly"]) for way in one["ways"]}
    assert ways == {"Azure reservation": Decimal("3.5"), "Azure savings plan for compute": Decimal("5.04")}
    theirs = {row["offer"]: Decimal(row["savingOnWhatIsLeft"]) for row in one["recommendations"]}
    # 0.10 an hour at half price are used whole, and save 0.10.
    assert theirs["Azure savings plan for compute"] == Decimal("-0.2") * MONTH
    assert theirs["Azure reservation"] == Decimal("0.1") * MONTH


async def test_google_names_no_price_and_is_set_beside_its_printed_rates(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    """What Google and we both found on one machine is saved once: 3 USD an hour, not 5."""
    await load(backend, tenant, write_csv(tmp_path / "a.csv", steady("10", Provider.GCP)))
    project = f"shop-{fresh()}"
    cloud = await connect(tenant, Provider.GCP, project)
    item = {
        "name": "projects/shop-1/locations/us-central1/recommenders/google.compute.commitment."
        "UsageCommitmentRecommender/recommendations/r-1",
        "description": "Buy a commitment.",
        "stateInfo": {"state": "ACTIVE"},
        "content": {
            "operationGroups": [
                {"operations": [{"action": "add", "value": {"plan": "TWELVE_MONTH", "type": "GENERAL_PURPOSE_N2"}}]}
            ]
        },
        "primaryImpact": {
            "costProjection": {"cost": {"currencyCode": "USD", "units": "-1800"}, "duration": "2592000s"}
        },
    }
    parse = recommender.LISTINGS[0].parse
    assert parse is not None
    resource = parse(item, {}, here("shop-1"))
    assert resource is not None
    await cloud.keep(resource)
    path = "zones/us-central1-a/instances/web"
    found = Resource(
        kind=ResourceKind.GCP_INSTANCE,
        native_id=f"//compute.googleapis.com/projects/{project}/{path}",
        name="web",
        region="us-central1-a",
        config={"machineType": "https://x/machineTypes/n2-standard-4"},
    )
    idle = {"resource": f"//compute.googleapis.com/projects/42/{path}", "action": "test"}
    advised = Resource(
        kind=ResourceKind.GCP_RECOMMENDATION,
        native_id="//recommender.googleapis.com/idle",
        name="idle",
        config={"content": {"operationGroups": [{"operations": [idle]}]}},
    )
    await cloud.saves(await cloud.keep(found), "1460", "gcp-instance-old")
    await cloud.saves(await cloud.keep(advised), "2190", "gcp-instance-idle")

    (one,) = (await advice(graph, tenant))["advice"]

    assert (Decimal(one["otherSavings"]), one["savingsCount"]) == (3 * MONTH, 1)
    # 7 an hour at 54 % and at 72 %.
    assert [(way["rate"]["months"], Decimal(way["hourly"])) for way in one["ways"]] == [
        (36, Decimal("3.78")),
        (12, Decimal("5.04")),
    ]
    assert {way["rate"]["source"] for way in one["ways"]} == {"PRICE_LIST"}
    (theirs,) = one["recommendations"]
    assert (theirs["family"], theirs["region"], theirs["hourly"]) == ("N2", "us-central1", None)
    assert Decimal(theirs["monthlySaving"]) == Decimal("1825.002")
    assert "5.040 USD an hour" in theirs["says"]


async def test_commitment_that_is_half_used_is_filled_first_and_gives_its_rate(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    """1 USD an hour used for 2 on demand, and 1 unused, which could cover 2 more: 8 of 10 are left, 4 at half price."""
    held = {
        "CommitmentDiscountId": "arn:aws:savingsplans::1:savingsplan/AB",
        "CommitmentDiscountType": "Savings Plan",
        "CommitmentDiscountCategory": "Spend",
        "PricingCategory": "Committed",
        "BilledCost": "0",
    }
    rows = steady("10")
    for at in hours():
        covered = {"CommitmentDiscountStatus": "Used", "ContractedCost": "2", "ListCost": "2"}
        rows.append(used(at, 1, "1", **held | covered))
        rows.append(used(at, 1, "1", **held | {"CommitmentDiscountStatus": "Unused", "ServiceName": "Savings Plans"}))
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    year = datetime(2026, 1, 1, tzinfo=UTC)
    term = documents.CommitmentTerm(
        org_id=tenant.organization.id, native_id="ab", starts_on=year, ends_on=year.replace(year=2027)
    )
    await term.insert()

    (one,) = (await advice(graph, tenant))["advice"]

    assert Decimal(one["unusedCommitments"]) == 2 * MONTH
    (way,) = one["ways"]
    assert (way["rate"]["source"], way["rate"]["offer"], way["rate"]["months"]) == ("HELD", "Savings Plan", 12)
    assert Decimal(way["hourly"]) == 4


async def test_accounts_count_for_the_bill_that_names_them(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    named = fresh()
    other = {"BillingAccountId": "100000000009", "SubAccountId": "300000000003"}
    rows = [*(row | {"SubAccountId": named} for row in steady("10")), *(row | other for row in steady("20"))]
    await load(backend, tenant, write_csv(tmp_path / "a.csv", rows))
    for account in (named, fresh()):
        cloud = await connect(tenant, Provider.AWS, account)
        await cloud.saves(await cloud.keep(machine()), "2190")

    found = (await advice(graph, tenant))["advice"]

    left = {one["billingAccountId"]: Decimal(one["left"]) for one in found}
    assert left == {"100000000001": 7 * MONTH, "100000000009": 20 * MONTH}
    assert all("No rate is known" in one["nextSteps"][0] for one in found)


async def test_empty_states_say_what_to_do(graph: Graph, backend: Backend, tmp_path: Path) -> None:
    nobody, coarse = await make_tenant(backend), await make_tenant(backend)
    totals = [used(at, 24, "240", SkuId="", SkuMeter="", ChargeDescription="All") for at in hours() if at.hour == 0]
    await load(backend, coarse, write_csv(tmp_path / "a.csv", totals))

    nothing, no_skus = await advice(graph, nobody), await advice(graph, coarse)

    assert (nothing["advice"], nothing["bills"]) == ([], 0)
    assert nothing["nextSteps"][0].startswith("No costs of AWS, Azure or Google Cloud")
    assert (no_skus["advice"], no_skus["bills"]) == ([], 1)
    assert "SkuMeter" in no_skus["nextSteps"][0]
    assert no_skus["nextSteps"][1].startswith("Connect the cloud")


async def test_advice_is_for_its_tenant(graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", steady("10")))
    cloud = await connect(tenant, Provider.AWS, fresh())
    await cloud.saves(await cloud.keep(machine()), "2190")
    stranger = await make_tenant(backend)

    foreign = await advice(graph, stranger)
    (missing,) = await graph.refused(ADVICE, stranger.token, organizationId=tenant.global_id)

    assert (foreign["bills"], foreign["advice"]) == (0, [])
    assert missing["extensions"]["code"] == "NOT_FOUND"
