"""Logs, files, budgets and failures as the application keeps them, and what the controls then say of them."""

import secrets
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

import documents
from documents import AccountState
from documents.base import utc_now
from domain.costs.header import ReadOptions
from domain.facts.provider import Provider
from jobs.cost_import import import_cost_files
from jobs.tasks.check_budgets import check_budgets
from jobs.tasks.detect_anomalies import detect_anomalies
from jobs.tasks.export_audit import export_audit
from jobs.tasks.seal_audit import seal_audit
from schema.node import local_id
from tests.factories.focus import focus_row, write_csv
from tests.factories.platform_house import FAIL, PASS, WARNING, House, Make, Recorded, ago, told
from tests.factories.tenant import Tenant

DAYS, HOURS = timedelta(days=1), timedelta(hours=1)
LOG, MODELS, BUDGET = "audit log", "anomaly models", "Cloud"
# A control of high severity that fails where nobody has ever held an exercise.
FAILING = "CW-INC-02"
AMOUNTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")


async def act(house: House) -> str:
    """Anything that is written into the audit log."""
    await house.do("CreatePolicy", "policy { id }", name="Access", text="Ask first.")
    return LOG


async def act_and_seal(house: House) -> str:
    """What was done today is sealed tomorrow, and then nobody does anything for days."""
    await act(house)
    await seal_audit(house.job(utc_now() + 1 * DAYS))
    return LOG


async def act_and_lie(house: House) -> str:
    await act(house)
    await documents.AuditEntry.rows().update_one({"org_id": house.org_id, "seq": 1}, {"$set": {"actor": "nobody"}})
    return LOG


async def export(house: House) -> str:
    """The global id of a file of the audit log, which is made."""
    await act(house)
    asked = {"atFrom": ago(days=1), "atBefore": told(utc_now() + 1 * DAYS)}
    id = str((await house.do("ExportAudit", "export { id }", **asked))["export"]["id"])
    await export_audit(house.job(), org_id=house.tenant.org_id, export_id=local_id("AuditExport", id))
    return id


def exported(*takers: str) -> Make:
    """A file that these people have taken."""

    async def make(house: House) -> str:
        id = await export(house)
        for taker in takers:
            await _take(house, id, getattr(house, taker))
        return local_id("AuditExport", id)

    return make


async def _take(house: House, id: str, who: Tenant) -> None:
    text = "query($id: ID!) { auditDownload(id: $id) { url } }"
    url = (await house.graph.ask(text, who.token, id=id))["auditDownload"]["url"]
    async with httpx2.AsyncClient(verify=False) as http:
        assert (await http.get(house.graph.address + httpx2.URL(url).path)).status_code == 200


async def cut_export(house: House) -> str:
    """A file of which somebody has said, in the database, that more is in it than there was."""
    id = local_id("AuditExport", await export(house))
    await documents.AuditExport.rows().update_one({"org_id": house.org_id}, {"$inc": {"total": 1}})
    return id


async def account(house: House) -> str:
    """The native id of a cloud whose bills come, and of which nothing else is read. No two organizations have one."""
    native_id = f"{secrets.randbelow(10**12):012}"
    made = documents.Account(
        org_id=house.org_id,
        provider=Provider.AWS,
        native_id=native_id,
        name=native_id,
        state=AccountState.CONNECTED,
    )
    await made.insert()
    return native_id


async def spend(house: House, days: int) -> None:
    """Every day up to yesterday has cost a dollar, in an account of its own."""
    today, native_id = utc_now().date(), await account(house)
    rows = [{**_row(today - back * DAYS), "SubAccountId": native_id} for back in range(days, 0, -1)]
    with TemporaryDirectory() as folder:
        file = write_csv(Path(folder) / "costs.csv", rows)
        await import_cost_files(house.tenant.scope, [file], ReadOptions(), writer=house.backend.writer, now=utc_now)


def _row(day: date) -> dict[str, str]:
    month = day.replace(day=1)
    times = {
        "BillingPeriodStart": month,
        "BillingPeriodEnd": (month + 31 * DAYS).replace(day=1),
        "ChargePeriodStart": day,
        "ChargePeriodEnd": day + 1 * DAYS,
    }
    return focus_row(**dict.fromkeys(AMOUNTS, "1"), **{name: f"{at}T00:00:00Z" for name, at in times.items()})


def watched(*, others: int = 0) -> Make:
    """One account whose costs were looked through, and others that send none."""

    async def make(house: House) -> str:
        await spend(house, 1)
        for _ in range(others):
            await account(house)
        await detect_anomalies(house.job(), org_id=house.tenant.org_id)
        return MODELS

    return make


async def never_watched(house: House) -> str:
    await account(house)
    return MODELS


def budget(amount: str, *, is_checked: bool = True) -> Make:
    """One for a month, which after seventy days of a dollar comes to about thirty."""

    async def make(house: House) -> str:
        limits = {"amount": amount, "currency": "USD", "period": "MONTHLY", "forecastThresholds": [100]}
        await house.do("CreateBudget", "budget { id }", name=BUDGET, **limits)
        if is_checked:
            await spend(house, 70)
            await check_budgets(house.job(), org_id=house.tenant.org_id)
        return BUDGET

    return make


async def failure(house: House) -> str:
    """A control of high severity that was found failing just now."""
    await house.check(FAILING)
    return FAILING


async def nothing(house: House) -> str:
    return house.tenant.org_id


STATES = (
    Recorded("CW-LOG-02", PASS, act, "whole from entry 1"),
    Recorded("CW-LOG-02", PASS, act_and_seal, "whole from entry", 10 * DAYS),
    Recorded("CW-LOG-02", WARNING, act, "anchored until", 30 * HOURS),
    Recorded("CW-LOG-02", FAIL, act, "anchored until", 49 * HOURS),
    Recorded("CW-LOG-02", FAIL, act_and_lie, "broken at entry 1"),
    Recorded("CW-LOG-04", PASS, watched(), "1 of 1 accounts"),
    Recorded("CW-LOG-04", WARNING, watched(), "run 30 hours ago", 30 * HOURS),
    Recorded("CW-LOG-04", FAIL, watched(others=1), "1 of 2 accounts"),
    Recorded("CW-LOG-04", FAIL, never_watched, "never run"),
    Recorded("CW-PIN-03", PASS, exported(), "rows for user:"),
    Recorded("CW-PIN-03", PASS, exported("tenant"), "rows for user:"),
    Recorded("CW-PIN-03", WARNING, exported("tenant", "other"), "downloaded by user:"),
    Recorded("CW-PIN-03", FAIL, cut_export, "rows, SHA-256"),
    Recorded("CW-AVL-04", PASS, budget("100"), "of the budget foreseen"),
    Recorded("CW-AVL-04", WARNING, budget("100", is_checked=False), "no spend foreseen yet"),
    Recorded("CW-AVL-04", FAIL, budget("10"), "of the budget foreseen"),
    Recorded("CW-INC-01", PASS, failure, "still in time"),
    Recorded("CW-INC-01", FAIL, failure, "without ticket", 2 * HOURS),
)
NOTHING_TO_JUDGE = {
    "CW-PIN-03": nothing,
    "CW-AVL-04": nothing,
    "CW-INC-01": nothing,
}
