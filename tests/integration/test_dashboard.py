"""The dashboard over the graph: each number is that of the tenant, right now, after every kind of change."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import documents
from app import metrics
from app.wiring import Backend
from documents import AccountState, Role
from documents.account import counting_pipeline, record_sync
from documents.alert import AlertSource, Cause, raise_alert, resolve_alerts
from documents.base import utc_now
from documents.sync_run import announce_sync, open_run, update_run
from documents.tally import recount
from documents.transaction import Transaction
from domain.costs.header import ReadOptions
from domain.facts.provider import Provider
from domain.facts.severity import Severity
from jobs.cost_import import import_cost_files
from jobs.queue import request_sync
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.holdings import make_holdings
from tests.factories.tenant import Tenant, add_member, make_tenant

DASHBOARD = """
query($organizationId: ID, $currency: String) {
  dashboard(organizationId: $organizationId, currency: $currency) {
    asOf currency costsUntil
    costMonthToDate costLastMonth costSameDaysLastMonth costYesterday costLast30Days
    openFindings criticalFindings monthlySaving openAlerts criticalAlerts accounts failingAccounts
  }
}
"""
ACKNOWLEDGE = "mutation($input: AcknowledgeAlertInput!) { acknowledgeAlert(input: $input) { __typename } }"
COUNTS = ("openFindings", "criticalFindings", "openAlerts", "criticalAlerts", "accounts", "failingAccounts")
COSTS = ("costMonthToDate", "costLastMonth", "costSameDaysLastMonth", "costYesterday", "costLast30Days")
Load = Callable[..., Awaitable[None]]


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


@pytest.fixture
def load(backend: Backend, tmp_path: Path) -> Load:
    """Load what was billed on some days, each day in a period of its month."""

    async def loaded(tenant: Tenant, billed: dict[date, str], currency: str = "USD") -> None:
        rows = []
        for day, amount in billed.items():
            month = day.replace(day=1)
            rows.append(
                focus_row(
                    BilledCost=amount,
                    BillingCurrency=currency,
                    BillingAccountId=f"payer-{currency}-{tenant.org_id}",
                    SubAccountId=f"sub-{tenant.org_id}",
                    BillingPeriodStart=f"{month}",
                    BillingPeriodEnd=f"{(month + timedelta(days=31)).replace(day=1)}",
                    ChargePeriodStart=f"{day}",
                    ChargePeriodEnd=f"{day + timedelta(days=1)}",
                )
            )
        path = write_csv(tmp_path / "costs.csv", rows)
        await import_cost_files(tenant.scope, [path], ReadOptions(), writer=backend.writer, now=utc_now)

    return loaded


async def ask(graph: Graph, tenant: Tenant, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await graph.ask(DASHBOARD, tenant.token, **variables))["dashboard"]
    return found


async def counts(graph: Graph, tenant: Tenant) -> dict[str, int]:
    """The counts that are not 0."""
    found = await ask(graph, tenant)
    return {name: found[name] for name in COUNTS if found[name]}


def cause(name: str, severity: Severity) -> Cause:
    return Cause(fingerprint=name, source=AlertSource.SYNC, severity=severity, title=name, message="m")


async def raised(backend: Backend, tenant: Tenant, *causes: Cause) -> None:
    async def change(tx: Transaction) -> None:
        for one in causes:
            await raise_alert(tx, tenant.organization.id, one, utc_now())

    await backend.writer.commit(change)


async def held(tenant: Tenant) -> dict[str, Any]:
    """One thing of every kind, as a version that kept no tallies had stored it."""
    things = await make_holdings(tenant)
    await recount(tenant.organization.id)
    return things


async def test_a_tenant_that_begins_sees_zeros(graph: Graph, tenant: Tenant) -> None:
    before = utc_now()

    found = await ask(graph, tenant)

    assert (found["currency"], found["costsUntil"]) == (None, None)
    assert {Decimal(found[name]) for name in (*COSTS, "monthlySaving")} == {0}
    assert {found[name] for name in COUNTS} == {0}
    assert before.isoformat()[:19] <= found["asOf"][:19] <= utc_now().isoformat()[:19]


async def test_costs_are_those_of_their_days(graph: Graph, tenant: Tenant, load: Load) -> None:
    today = utc_now().date()
    this_month = today.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    # Powers of two: every sum tells which days are in it.
    days = [today, today - timedelta(days=1), this_month, last_month, this_month - timedelta(days=1)]
    days += [today - timedelta(days=30), today - timedelta(days=31), last_month - timedelta(days=1)]
    billed: dict[date, int] = {}
    for number, day in enumerate(days):
        billed[day] = billed.get(day, 0) + 2**number
    await load(tenant, {day: str(amount) for day, amount in billed.items()})

    found = await ask(graph, tenant)

    def between(first: date, until: date) -> int:
        return sum(amount for day, amount in billed.items() if first <= day < until)

    tomorrow = today + timedelta(days=1)
    same_days = min(last_month + (tomorrow - this_month), this_month)
    assert [Decimal(found[name]) for name in COSTS] == [
        between(this_month, tomorrow),
        between(last_month, this_month),
        between(last_month, same_days),
        between(today - timedelta(days=1), today),
        between(today - timedelta(days=30), today),
    ]
    assert (found["currency"], found["costsUntil"]) == ("USD", f"{today}")


async def test_counts_are_those_of_the_rows(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await held(tenant)
    await raised(backend, tenant, cause("a", Severity.LOW), cause("b", Severity.CRITICAL))

    assert await counts(graph, tenant) == {
        "openFindings": 1,
        "criticalFindings": 1,
        "openAlerts": 3,
        "criticalAlerts": 2,
        "accounts": 1,
    }


async def test_a_stranger_sees_none_of_it_and_cannot_ask_for_it(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await held(tenant)
    stranger = await make_tenant(backend)

    assert await counts(graph, stranger) == {}
    (error,) = await graph.refused(DASHBOARD, stranger.token, organizationId=tenant.global_id)
    assert error["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
async def test_every_role_but_auditors_reads_the_dashboard(
    graph: Graph, backend: Backend, tenant: Tenant, role: Role
) -> None:
    await held(tenant)
    member = await add_member(backend, tenant.organization, role)

    assert (await counts(graph, member))["openAlerts"] == 1


async def test_a_provider_sees_all_clients_together_or_one(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, kind=documents.OrganizationKind.MSP, role=Role.MSP_ADMIN)
    clients = [await make_tenant(backend, managed_by=msp) for _ in range(2)]
    for client in clients:
        await raised(backend, client, cause("a", Severity.HIGH))

    together = await ask(graph, msp)
    one = await ask(graph, msp, organizationId=clients[0].global_id)

    assert (together["openAlerts"], one["openAlerts"]) == (2, 1)


async def test_several_currencies_need_one_to_be_named(graph: Graph, tenant: Tenant, load: Load) -> None:
    yesterday = utc_now().date() - timedelta(days=1)
    await load(tenant, {yesterday: "5"})
    await load(tenant, {yesterday: "7"}, currency="EUR")

    (error,) = await graph.refused(DASHBOARD, tenant.token)
    euros = await ask(graph, tenant, currency="EUR")

    assert "These costs are in EUR, USD and do not add up: name one currency" in error["message"]
    assert (euros["currency"], Decimal(euros["costYesterday"])) == ("EUR", 7)


async def test_savings_count_in_their_currency_only(graph: Graph, tenant: Tenant, load: Load) -> None:
    finding = (await held(tenant))["Finding"]
    saving = {"category": "FINOPS", "saving_amount": Decimal("12.50"), "saving_currency": "USD"}
    await documents.Finding.rows().update_one({"_id": finding.id}, {"$set": saving})
    await recount(tenant.organization.id)
    dollars = await ask(graph, tenant, currency="USD")
    await load(tenant, {utc_now().date() - timedelta(days=1): "7"}, currency="EUR")

    (error,) = await graph.refused(DASHBOARD, tenant.token)
    euros = await ask(graph, tenant, currency="EUR")

    assert dollars["monthlySaving"] == "12.50"
    assert "These amounts are in EUR, USD and do not add up" in error["message"]
    assert (Decimal(euros["monthlySaving"]), Decimal(euros["costYesterday"])) == (0, 7)


@pytest.mark.parametrize("currency", ["usd", "", "EURO", "ÄÖÜ"])
async def test_a_currency_has_three_capital_letters(graph: Graph, tenant: Tenant, currency: str) -> None:
    (error,) = await graph.refused(DASHBOARD, tenant.token, currency=currency)

    assert "three capital letters" in error["message"]


async def test_asking_again_is_answered_from_what_is_kept(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    await raised(backend, tenant, cause("a", Severity.HIGH))
    first = await ask(graph, tenant)
    computed = metrics.RESULTS.labels("computed")._value.get()

    second = await ask(graph, tenant)

    assert metrics.RESULTS.labels("computed")._value.get() == computed
    assert {**second, "asOf": None} == {**first, "asOf": None}
    assert second["asOf"] > first["asOf"]


async def test_every_kind_of_change_shows_at_once(graph: Graph, backend: Backend, tenant: Tenant, load: Load) -> None:
    seen = [await counts(graph, tenant)]
    account: dict[str, Any] = {}

    async def connect() -> None:
        row = documents.Account(
            org_id=tenant.organization.id, provider=Provider.AWS, name="a", state=AccountState.CONNECTING
        )

        async def change(tx: Transaction) -> None:
            await row.insert(session=tx.session)
            await request_sync(tx, row)

        await backend.writer.commit(change)
        (account["row"],) = await documents.Account.list_in(tenant.scope, {})

    async def fail_sync() -> None:
        async def change(tx: Transaction) -> None:
            run, _ = await open_run(account["row"], tx.session)
            run = await update_run(run, tx.session, state="FAILED", problem="p")
            await record_sync(account["row"], problem="p", at=utc_now(), session=tx.session)
            announce_sync(tx, run)

        await backend.writer.commit(change)

    async def raise_two() -> None:
        await raised(backend, tenant, cause("a", Severity.HIGH), cause("b", Severity.LOW))

    async def acknowledge() -> None:
        alerts = (await graph.ask("{ alerts(filter: {severities: [HIGH]}) { nodes { id } } }", tenant.token))["alerts"]
        await graph.ask(ACKNOWLEDGE, tenant.token, input={"alertId": alerts["nodes"][0]["id"]})

    async def resolve() -> None:
        await backend.writer.commit(lambda tx: resolve_alerts(tx, tenant.organization.id, ["a", "b"], utc_now()))

    for change in (connect, fail_sync, raise_two, acknowledge, resolve):
        await change()
        seen.append(await counts(graph, tenant))

    assert seen == [
        {},
        {"accounts": 1},
        {"accounts": 1, "failingAccounts": 1},
        {"accounts": 1, "failingAccounts": 1, "openAlerts": 2, "criticalAlerts": 1},
        {"accounts": 1, "failingAccounts": 1, "openAlerts": 1},
        {"accounts": 1, "failingAccounts": 1},
    ]
    yesterday = utc_now().date() - timedelta(days=1)
    for amount in ("5", "9"):
        await load(tenant, {yesterday: amount})
        assert Decimal((await ask(graph, tenant))["costYesterday"]) == Decimal(amount)


async def test_accounts_known_from_bills_are_not_connected(graph: Graph, tenant: Tenant) -> None:
    for number, state in enumerate(AccountState):
        await documents.Account(
            org_id=tenant.organization.id, provider=Provider.AWS, native_id=f"d{number}", name="n", state=state
        ).insert()

    assert await counts(graph, tenant) == {"accounts": 3, "failingAccounts": 1}


async def test_accounts_are_counted_in_an_index(backend: Backend, tenant: Tenant) -> None:
    command = {"aggregate": "accounts", "pipeline": counting_pipeline(tenant.scope), "cursor": {}}

    plan = str(await backend.database.command("explain", command, verbosity="queryPlanner"))

    assert "'org_state'" in plan
    assert "'PROJECTION_COVERED'" in plan
    assert "COLLSCAN" not in plan


async def test_everybody_may_ask_for_the_version(graph: Graph) -> None:
    assert await graph.ask("{ version }") == {"version": version("cloudwatcher")}
