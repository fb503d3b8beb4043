"""What a resource is billed lately is what its saving is worked out from."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import documents
from app.wiring import Backend
from documents.resource_bill import resource_bills
from domain.facts.money import Money
from domain.facts.provider import Provider
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.synthetic_account import a_vendor, connect, register, rows_of, sync
from tests.factories.tenant import Tenant, make_tenant
from tests.fakes.synthetic import Synthetic

TODAY = date(2026, 11, 22)
# Fourteen whole days before the newest day with a charge, which is not complete.
NEWEST = date(2026, 11, 20)
DAYS = [NEWEST - timedelta(days=back) for back in range(15)]
OURS = "200000000002"


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
async def account(tenant: Tenant) -> documents.Account:
    return await documents.Account(
        org_id=tenant.organization.id,
        provider=Provider.AWS,
        native_id=OURS,
        name="ours",
        state=documents.AccountState.CONNECTED,
    ).add()


def row(resource_id: str, day: date, cost: str, **columns: str) -> dict[str, str]:
    period = {"BillingPeriodStart": "2026-11-01T00:00:00Z", "BillingPeriodEnd": "2026-12-01T00:00:00Z"}
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    charged = {
        "ChargePeriodStart": begins.isoformat().replace("+00:00", "Z"),
        "ChargePeriodEnd": (begins + timedelta(days=1)).isoformat().replace("+00:00", "Z"),
    }
    costs = {"EffectiveCost": cost, "BilledCost": cost}
    return focus_row(ResourceId=resource_id, **{**period, **charged, **costs, **columns})


async def bills(
    backend: Backend, tenant: Tenant, account: documents.Account, path: Path, rows: list[dict[str, str]]
) -> dict[str, Money]:
    await load(backend, tenant, write_csv(path / "bill.csv", rows))
    return (await resource_bills(tenant.scope, account, TODAY)).total


async def test_the_mean_day_of_the_last_fourteen_complete_days_makes_the_month(
    backend: Backend, tenant: Tenant, account: documents.Account, tmp_path: Path
) -> None:
    arn = "arn:aws:ec2:eu-central-1:200000000002:snapshot/snap-0123456789abcdef0"
    rows = [row("vol-1", day, "99" if day == NEWEST else "2") for day in DAYS]
    rows += [row(arn, day, "0.5") for day in DAYS]
    rows += [row("vol-1", DAYS[3], "28", ChargeDescription="Requests")]

    found = await bills(backend, tenant, account, tmp_path, rows)

    # (14 * 2 + 28) / 14 = 4 a day, and 30.4167 days; of the day under way nothing counts.
    assert found == {
        "vol-1": Money(amount=Decimal("121.6668"), currency="USD"),
        "snap-0123456789abcdef0": Money(amount=Decimal("15.2084"), currency="USD"),
    }


async def test_what_extended_support_costs_is_told_apart(
    backend: Backend, tenant: Tenant, account: documents.Account, tmp_path: Path
) -> None:
    usage = {
        "old": [("5", "EUC1-InstanceUsage:db.m6g.large", ""), ("2", "EUC1-ExtendedSupport:Yr1-Yr2:PostgreSQL12", "")],
        "cluster": [("12", "", "EUC1-AmazonEKS-Hours:extendedSupport")],
        "new": [("3", "", "")],
    }
    rows = [
        row(name, day, cost, x_UsageType=type, SkuMeter=meter, SkuId="sku")
        for name, charges in usage.items()
        for cost, type, meter in charges
        for day in DAYS
    ]
    await load(backend, tenant, write_csv(tmp_path / "bill.csv", rows))

    found = await resource_bills(tenant.scope, account, TODAY)

    # 2 and 12 a day, of 30.4167 days.
    assert found.support == {
        "old": Money(amount=Decimal("60.8334"), currency="USD"),
        "cluster": Money(amount=Decimal("365.0004"), currency="USD"),
    }
    assert found.total["old"] == Money(amount=Decimal("212.9169"), currency="USD")


async def test_what_lacks_a_day_or_belongs_to_another_account_or_is_charged_for_a_month_is_not_known(
    backend: Backend, tenant: Tenant, account: documents.Account, tmp_path: Path
) -> None:
    rows = [row("vol-young", day, "2") for day in DAYS[:14]]
    rows += [row("vol-theirs", day, "2", SubAccountId="300000000003") for day in DAYS]
    rows += [row("", day, "2") for day in DAYS]
    rows += [row("fee", day, "2", ChargePeriodEnd="2026-11-25T00:00:00Z") for day in DAYS]

    assert await bills(backend, tenant, account, tmp_path, rows) == {}


@pytest.mark.parametrize(("today", "known"), [(date(2026, 11, 27), True), (date(2026, 11, 28), False)])
async def test_a_bill_that_says_nothing_of_the_last_week_says_not_what_things_cost_now(
    backend: Backend, tenant: Tenant, account: documents.Account, tmp_path: Path, today: date, known: bool
) -> None:
    await bills(backend, tenant, account, tmp_path, [row("vol-1", day, "2") for day in DAYS])

    assert bool((await resource_bills(tenant.scope, account, today)).total) is known


async def test_a_bill_of_fewer_days_and_no_bill_at_all_tell_nothing(
    backend: Backend, tenant: Tenant, account: documents.Account, tmp_path: Path
) -> None:
    nothing = await resource_bills(tenant.scope, account, TODAY)

    assert (
        nothing.total
        == await bills(backend, tenant, account, tmp_path, [row("vol-1", day, "2") for day in DAYS[:5]])
        == {}
    )


@pytest.fixture
async def vendor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Synthetic]:
    register(monkeypatch)
    async with a_vendor() as running:
        yield running


async def test_a_sync_works_a_saving_out_of_the_bill(
    backend: Backend, tenant: Tenant, vendor: Synthetic, tmp_path: Path
) -> None:
    connected = await connect(backend, vendor, tenant)
    await sync(backend, connected)
    (stored,) = await documents.Account.list_in(tenant.scope, {"_id": connected.id})
    assert stored.native_id is not None
    of = {"SubAccountId": stored.native_id, "ProviderName": "DigitalOcean"}
    await load(backend, tenant, write_csv(tmp_path / "bill.csv", [row("vol-1", day, "2", **of) for day in DAYS]))
    by_list = (await rows_of(documents.Finding, connected, rule_id="aws-ebs-unattached"))[0]

    await sync(backend, connected, now=lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))

    billed = (await rows_of(documents.Finding, connected, rule_id="aws-ebs-unattached"))[0]
    # 28 in 14 days are 2 a day, 60.8334 a month, without the snapshot that stays: 100 GiB at 0.05.
    assert billed.saving_amount == Decimal("55.83")
    assert by_list.saving_amount != billed.saving_amount
    (again,) = await documents.Account.list_in(tenant.scope, {"_id": connected.id})
    assert again.state is documents.AccountState.CONNECTED
