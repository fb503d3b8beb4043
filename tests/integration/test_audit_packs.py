"""Packs for auditors over the graph: asked for, made, downloaded, opened, verified; and of a time without checks."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from beanie import PydanticObjectId
from pypdf import PdfReader

import documents
from app.wiring import Backend
from app.worker import options
from documents import Role
from documents.base import utc_now
from documents.check_items import note_items
from documents.evidence import keep_pack
from documents.evidence_chain import append_records
from documents.transaction import Transaction
from domain.errors import Unavailable
from domain.facts.compliance import CheckStatus, Integration, Verdict
from jobs.tasks.make_audit_pack import make_audit_pack
from jobs.tasks.seal_evidence import seal_evidence
from schema.node import global_id, local_id
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

REQUEST = """
mutation Request($input: RequestAuditPackInput!) {
  requestAuditPack(input: $input) {
    __typename
    ... on RequestAuditPackSuccess { pack { id state first until frameworks organizationId } }
    ... on UserError { code path message }
  }
}
"""
ONE = "query One($id: ID!) { auditPack(id: $id) { id state done total problem size sha256 requestedBy } }"
ALL = "query All($org: ID) { auditPacks(organizationId: $org) { nodes { id } } }"
DOWNLOAD = "query Get($id: ID!) { auditPackDownload(id: $id) { url } }"
CONTROL = "CW-IAM-01"


def days(first: int = 1, until: int = -1) -> dict[str, str]:
    """The period from so many days ago until so many days ago."""
    today = utc_now().date()
    return {"first": str(today - timedelta(days=first)), "until": str(today - timedelta(days=until))}


async def requested(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = (await graph.ask(REQUEST, tenant.token, input={**days(), **fields}))["requestAuditPack"]
    return answer


async def made(backend: Backend, graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """A pack that was asked for and made here and now."""
    id = (await requested(graph, tenant, **fields))["pack"]["id"]
    await make_audit_pack(options(backend)["ctx"], org_id=tenant.org_id, pack_id=local_id("AuditPack", id))
    shown: dict[str, Any] = (await graph.ask(ONE, tenant.token, id=id))["auditPack"]
    return shown


async def opened(graph: Graph, tenant: Tenant, id: str) -> zipfile.ZipFile:
    url = (await graph.ask(DOWNLOAD, tenant.token, id=id))["auditPackDownload"]["url"]
    async with httpx2.AsyncClient() as http:
        answer = await http.get(graph.address + httpx2.URL(url).path)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


def check(tenant: Tenant, *items: dict[str, str]) -> documents.Check:
    now = utc_now()
    return documents.Check(
        org_id=tenant.organization.id,
        control_id=CONTROL,
        integration=Integration.AWS,
        status=CheckStatus.FAIL,
        counts={Verdict.FAIL: len(items), Verdict.PASS: 5},
        items=list(items),
        judged_at=now,
        changed_at=now,
        version=1,
        next_at=now,
    )


ROOT = {"resource": "=root", "verdict": "FAIL", "observed": "no factor", "expected": "a factor"}
ADA = {"resource": "ada", "verdict": "EXEMPT", "observed": "no factor", "expected": "a factor"}


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    """Two checks that failed and one that passed; root had failed in the first alone, ada is exempt."""
    made = await make_tenant(backend)
    org_id = PydanticObjectId(made.organization.id)
    raw = await keep_pack(org_id, b'[["GET /users",null,{},0,[]]]', now=utc_now(), retention=timedelta(days=400))
    checks = [check(made, ROOT, ADA), check(made, ADA), check(made, ADA)]

    async def change(tx: Transaction) -> None:
        before = None
        for number, one in enumerate(checks):
            await note_items(tx, before, org_id, one, utc_now())
            before = one
            status = "PASS" if number == 2 else "FAIL"
            record = {"control_id": CONTROL, "integration": "AWS", "account": "111122223333", "status": status}
            counts = {"FAIL": len(one.items), "PASS": 5}
            await append_records(tx, org_id, [{**record, "counts": counts, "evidence": [raw]}])

    await backend.writer.commit(change)
    await seal_evidence(options(backend)["ctx"])
    return made


async def test_an_auditor_finds_each_item_from_the_index_and_verifies_it(
    graph: Graph, backend: Backend, tenant: Tenant, tmp_path: Path
) -> None:
    shown = await made(backend, graph, tenant, frameworks=["soc2_tsc_2017"])
    pack = await opened(graph, tenant, shown["id"])

    index, report = (json.loads(pack.read(name)) for name in ("index.json", "report.json"))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pack.read("report.pdf"))).pages]
    assert (shown["state"], shown["done"], shown["total"]) == ("SUCCEEDED", shown["total"], len(index["controls"]))
    assert set(index["files"]) | {one["table"] for one in index["controls"]} <= set(pack.namelist())
    for one in index["controls"]:
        assert f"{one['id']} {one['name']}"[:40] in pages[int(one["report"].partition("=")[2]) - 1].replace("\n", " ")
    (framework,) = index["frameworks"]
    assert len(framework["requirements"]) == 61
    for one in framework["requirements"]:
        assert one["id"] in pages[int(one["report"].partition("=")[2]) - 1]
    (found,) = [one for one in index["controls"] if one["id"] == CONTROL]
    stored = await documents.EvidenceRecord.rows().find({"org_id": tenant.organization.id}).sort("seq").to_list()
    assert found["records"] == {"first": [1, stored[0]["hash"]], "last": [3, stored[2]["hash"]]}
    (control,) = [one for one in report["controls"] if one["id"] == CONTROL]
    assert control["history"]["counts"] == {"FAIL": 2, "PASS": 1}
    assert [(one["first"], one["last"], one["checks"]) for one in control["history"]["spells"]] == [(1, 2, 2)]
    assert f'<tr id="{CONTROL}">' in pack.read("index.html").decode()

    (tmp_path / "evidence.zip").write_bytes(pack.read("evidence.zip"))
    (tmp_path / "verify.py").write_bytes(pack.read("verify.py"))
    command = [sys.executable, "-I", "verify.py", "evidence.zip", "--key", backend.keys.audit[0].public]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: ASYNC221 - quick
    assert done.returncode == 0, done.stdout


async def test_the_tables_say_the_same_and_name_what_failed_from_when_to_when(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    pack = await opened(graph, tenant, (await made(backend, graph, tenant))["id"])

    def table(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(pack.read(name).decode("utf-8-sig"), newline="")))

    assert [(row["record"], row["status"], row["failed"]) for row in table(f"checks/{CONTROL}.csv")] == [
        ("1", "FAIL", "2"),
        ("2", "FAIL", "1"),
        ("3", "PASS", "1"),
    ]
    items = table("items.csv")
    assert [(one["resource"], one["verdict"], one["until"] != "") for one in items] == [
        ("'=root", "FAIL", True),
        ("ada", "EXEMPT", False),
    ]
    assert len(table("controls.csv")) == 64
    assert table("requirements.csv") == []


async def test_a_time_without_checks_is_told_in_words(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    shown = await made(backend, graph, tenant, **days(40, 30))
    pack = await opened(graph, tenant, shown["id"])

    text = " ".join(PdfReader(io.BytesIO(pack.read("report.pdf"))).pages[0].extract_text().split())
    assert shown["state"] == "SUCCEEDED"
    assert "No check was made in this period" in text
    assert "That is not a pass" in text
    assert not {"evidence.zip", "verify.py"} & set(pack.namelist())
    assert json.loads(pack.read("index.json"))["evidence"] is None


async def test_evidence_out_of_reach_makes_no_pack(
    graph: Graph, backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def out_of_reach(*_: Any, **__: Any) -> int:
        raise Unavailable("The bucket is away.", service="evidence")

    monkeypatch.setattr("jobs.audit_pack.writing.write_evidence_pack", out_of_reach)
    shown = await made(backend, graph, tenant)

    assert (shown["state"], shown["size"]) == ("FAILED", None)
    assert shown["problem"] == "The bucket is away. Ask for the pack again when it can be reached."


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"first": "2026-02-01", "until": "2026-02-01"}, ["input", "until"]),
        ({"first": "2025-01-01", "until": "2026-02-06"}, ["input", "until"]),
        ({"first": "1999-01-01", "until": "1999-02-01"}, ["input", "until"]),
        ({"first": "2090-01-01", "until": "2090-02-01"}, ["input", "first"]),
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(
    graph: Graph, tenant: Tenant, fields: dict[str, str], path: list[str]
) -> None:
    assert (await requested(graph, tenant, **fields))["path"] == path


async def test_nobody_gets_a_pack_of_a_framework_there_is_not(graph: Graph, tenant: Tenant) -> None:
    assert (await requested(graph, tenant, frameworks=["nothing"]))["code"] == "NOT_FOUND"


async def test_packs_are_for_those_who_may_read_evidence(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = (await requested(graph, tenant))["pack"]["id"]
    user, stranger = await add_member(backend, tenant.organization, Role.USER), await make_tenant(backend)

    (early,) = await graph.refused(DOWNLOAD, tenant.token, id=id)
    (forbidden,) = await graph.refused(ONE, user.token, id=id)
    (theirs,) = await graph.refused(ONE, stranger.token, id=id)
    (nobodys,) = await graph.refused(ONE, stranger.token, id=global_id("AuditPack", "0" * 24))

    assert early["extensions"]["code"] == "CONFLICT"
    assert forbidden["extensions"]["code"] == "FORBIDDEN"
    assert theirs["message"] == nobodys["message"]
    assert (await graph.ask(ALL, stranger.token))["auditPacks"]["nodes"] == []
    assert (await graph.ask(ALL, tenant.token, org=tenant.global_id))["auditPacks"]["nodes"] == [{"id": id}]
