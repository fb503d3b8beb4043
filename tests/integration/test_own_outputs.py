"""What we make ourselves as controls look at it: files, looks for anomalies, the chain of evidence, and no drift."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import httpx2
import pytest

import documents
from app.wiring import Backend
from auth.permission import Permission
from documents.base import utc_now
from documents.cost_export import CostFileFormat
from documents.evidence_chain import append_records
from documents.own_export import KINDS
from documents.transaction import Transaction
from domain.compliance.answers import NotOffered, Unread
from domain.compliance.control import Case, Control
from domain.compliance.judging import judge
from domain.compliance.own_records import OPERATIONS
from domain.controls.cw_log_04 import CONTROL as WATCHED
from domain.controls.cw_log_06 import CONTROL as RECORDED
from domain.controls.cw_pin_03 import CONTROL as OUTPUTS
from domain.facts.compliance import CheckStatus, Integration, Verdict
from domain.facts.job import JobState
from domain.facts.provider import Provider
from jobs.checking.own import own_subjects
from jobs.tasks.detect_anomalies import detect_anomalies
from jobs.tasks.export_costs import export_costs
from jobs.tasks.seal_evidence import seal_evidence
from schema.node import local_id
from tests.factories.answers import answers, case, procedure
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, make_tenant

NOW = utc_now()
OURS = Integration.PLATFORM
REQUEST = """mutation($input: RequestCostExportInput!) { requestCostExport(input: $input) {
  ... on RequestCostExportSuccess { export { id } } } }"""
DOWNLOAD = "query($id: ID!) { costDownload(id: $id) { url } }"
ASKED = {"format": "FOCUS_CSV", "focusVersion": "1.2", "first": "2026-09-01", "until": "2026-10-01"}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


async def rows(backend: Backend, tenant: Tenant, operation: str) -> list[dict[str, Any]]:
    """The rows of one of our own operations, which have the fields that were agreed on."""
    platform, _ = own_subjects(context_of(backend), tenant.scope, utc_now())
    (call,) = await platform.calls._read(operation)
    assert {frozenset(row) for row in call.pages[0]} <= {frozenset(get_type_hints(OPERATIONS[operation]))}
    return list(call.pages[0])


def verdicts(control: Control, operation: str, found: list[dict[str, Any]]) -> dict[str, Verdict]:
    """What the control says of these rows."""
    judgement = judge(procedure(control, OURS), case(answers(OURS, (operation, found)), control, now=utc_now()))
    return {item.resource: item.verdict for item in judgement.items}


async def test_a_file_was_asked_for_by_somebody_who_may_and_is_known_by_who_took_it(
    backend: Backend, tenant: Tenant, graph: Graph, tmp_path: Path
) -> None:
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost="2")]))
    export = (await graph.ask(REQUEST, tenant.token, input=ASKED))["requestCostExport"]["export"]
    id = local_id("CostExport", export["id"])
    assert await rows(backend, tenant, "platform:exports") == []

    await export_costs({"context": context_of(backend)}, org_id=tenant.org_id, export_id=id)
    url = (await graph.ask(DOWNLOAD, tenant.token, id=export["id"]))["costDownload"]["url"]
    async with httpx2.AsyncClient() as http:
        for _ in range(2):
            await http.get(graph.address + httpx2.URL(url).path)

    (row,) = await rows(backend, tenant, "platform:exports")
    me = f"user:{tenant.user.id}"
    assert row.pop("sha256") is not None
    assert row == {
        "export_id": id,
        "requested_by": me,
        "permission": "costs:read",
        "was_permitted": True,
        "row_count": 2,
        "source_count": 2,
        "downloaded_by": [me],
        "downloaded_without_permission": [],
    }


async def test_a_file_that_nobody_is_on_record_to_have_asked_for_fails(backend: Backend, tenant: Tenant) -> None:
    planted = documents.CostExport(
        org_id=tenant.organization.id,
        format=CostFileFormat.FINANCE_CSV,
        first=NOW,
        until=NOW,
        state=JobState.SUCCEEDED,
        done=1,
        total=1,
        requested_by=f"user:{tenant.user.id}",
        sha256="0" * 64,
        expires_at=NOW + timedelta(days=7),
    )
    await planted.insert()

    found = await rows(backend, tenant, "platform:exports")

    assert verdicts(OUTPUTS, "platform:exports", found) == {str(planted.id): Verdict.FAIL}


def test_files_need_permissions_that_there_are() -> None:
    needed = (Permission.AUDIT_EXPORT, Permission.EVIDENCE_READ, Permission.COSTS_READ)
    assert set(KINDS.values()) == {permission.value for permission in needed}


async def account_of(tenant: Tenant, native_id: str, provider: Provider = Provider.AWS) -> documents.Account:
    account = documents.Account(
        org_id=tenant.organization.id,
        provider=provider,
        native_id=native_id,
        name=native_id,
        state=documents.AccountState.CONNECTED,
    )
    await account.insert()
    return account


async def test_models_cover_the_accounts_whose_costs_they_have_looked_through(
    backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    operation = "platform:anomaly_models"
    await account_of(tenant, "octo", Provider.GITHUB)
    nothing = await rows(backend, tenant, operation)
    await account_of(tenant, "200000000002")
    never = await rows(backend, tenant, operation)
    await load(backend, tenant, write_csv(tmp_path / "a.csv", [focus_row()]))
    at = datetime(2026, 9, 4, 12, tzinfo=UTC)
    context = replace(context_of(backend), now=lambda: at)
    await detect_anomalies({"context": context}, org_id=tenant.org_id)
    looked = await rows(backend, tenant, operation)
    payer = {"org_id": tenant.organization.id, "native_id": "100000000001"}
    await documents.Account.rows().update_one(payer, {"$set": {"state": documents.AccountState.CONNECTED}})
    await account_of(tenant, "300000000003")

    assert nothing == []
    assert never == [{"last_run_at": None, "accounts_covered": 0, "accounts_total": 1}]
    assert looked == [{"last_run_at": at, "accounts_covered": 1, "accounts_total": 1}]
    # The account that pays for another is covered, too; one without costs is not.
    later = await rows(backend, tenant, operation)
    assert later == [{"last_run_at": at, "accounts_covered": 2, "accounts_total": 3}]
    assert verdicts(WATCHED, operation, never) == {"anomaly models": Verdict.FAIL}


async def write(backend: Backend, tenant: Tenant, count: int, **record: Any) -> None:
    async def change(tx: Transaction) -> None:
        await append_records(tx, tenant.organization.id, [{"control_id": "CW-ACC-01", **record}] * count)

    await backend.writer.commit(change)


async def test_the_chain_of_evidence_is_walked_and_sealed_hour_by_hour(backend: Backend, tenant: Tenant) -> None:
    operation = "platform:evidence_chain.verify"
    with pytest.raises(NotOffered, match="nothing is recorded yet"):
        await rows(backend, tenant, operation)
    await write(backend, tenant, 3)
    began = (await documents.EvidenceRecord.rows().find_one({"org_id": tenant.organization.id, "seq": 1}))["at"]

    (fresh,) = await rows(backend, tenant, operation)
    await seal_evidence({"context": context_of(backend)})
    (sealed,) = await rows(backend, tenant, operation)
    changed = {"org_id": tenant.organization.id, "seq": 2}
    await documents.EvidenceRecord.rows().update_one(changed, {"$set": {"record.control_id": "CW-ACC-02"}})
    (broken,) = await rows(backend, tenant, operation)

    walked = {"first_sequence": 1, "last_sequence": 3, "broken_at": None}
    assert fresh == {**walked, "anchored_until": began}
    assert sealed["anchored_until"] > began
    assert sealed == {**walked, "anchored_until": sealed["anchored_until"]}
    assert broken["broken_at"] == 2


async def test_a_chain_without_its_end_is_broken_where_the_look_began(backend: Backend, tenant: Tenant) -> None:
    await write(backend, tenant, 2)
    await documents.EvidenceHead.get_pymongo_collection().delete_one({"_id": tenant.organization.id})

    (row,) = await rows(backend, tenant, "platform:evidence_chain.verify")

    assert row["broken_at"] == 1


async def test_nothing_is_said_of_evidence_that_cannot_be_looked_at(backend: Backend, tenant: Tenant) -> None:
    far = documents.EvidencePack(
        org_id=tenant.organization.id, sha256="0" * 64, place="in/a/bucket", size=1, expires_at=NOW + timedelta(days=9)
    )
    await far.insert()
    await write(backend, tenant, 1, evidence=[far.sha256])

    with pytest.raises(Unread, match="lies in a bucket, and none is set"):
        await rows(backend, tenant, "platform:evidence_chain.verify")


async def test_drift_is_not_assessed_and_it_is_said_why(backend: Backend, tenant: Tenant) -> None:
    platform, _ = own_subjects(context_of(backend), tenant.scope, NOW)
    made = Case(answers=platform.answers, parameters=RECORDED.parameters, now=NOW)

    found = await asyncio.to_thread(judge, procedure(RECORDED, OURS), made)

    assert found.status is CheckStatus.NOT_ASSESSED
    assert "no baseline is declared" in (found.problem or "")
