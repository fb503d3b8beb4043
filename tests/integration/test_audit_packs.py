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
from domain.facts.governance import AttestationKind, AttestationState, ExceptionState, OwnerRole
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


def table(pack: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(pack.read(name).decode("utf-8-sig"), newline="")))


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

    assert [(row["record"], row["status"], row["failed"]) for row in table(pack, f"checks/{CONTROL}.csv")] == [
        ("1", "FAIL", "2"),
        ("2", "FAIL", "1"),
        ("3", "PASS", "1"),
    ]
    items = table(pack, "items.csv")
    assert [(one["resource"], one["verdict"], one["until"] != "") for one in items] == [
        ("'=root", "FAIL", True),
        ("ada", "EXEMPT", False),
    ]
    assert len(table(pack, "controls.csv")) == 64
    assert table(pack, "requirements.csv") == []


async def leave(tenant: Tenant, other: Tenant, since: int, until: int, **fields: Any) -> None:
    """An exception that the tenant asked for and the other approved, from so many days ago to so many days ahead."""
    now = utc_now()
    await documents.ControlException(
        org_id=tenant.organization.id,
        reason="=The vendor mends it.",
        compensating_control="Watched every day.",
        starts_at=now - timedelta(days=since),
        ends_at=now + timedelta(days=until),
        requested_by=tenant.user.own_id,
        decided_by=other.user.own_id,
        decided_at=now - timedelta(days=since),
        **{"control_id": CONTROL, "state": ExceptionState.APPROVED, "resources": ["ada"], **fields},
    ).insert()


async def test_exceptions_of_the_period_stand_in_its_table_and_under_their_control(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    other, now = await add_member(backend, tenant.organization, Role.ADMIN), utc_now()
    revoked = {"state": ExceptionState.REVOKED, "revoked_by": other.user.own_id}
    await leave(tenant, other, 30, 30)
    await leave(tenant, other, 50, -20, resources=["ended"])
    await leave(tenant, other, 50, 10, resources=["early"], revoked_at=now - timedelta(days=20), **revoked)
    await leave(tenant, other, 5, 10, resources=["cut"], revoked_at=now - timedelta(hours=1), **revoked)
    await leave(tenant, other, 3, 9, resources=["withdrawn"], revoked_at=now, **revoked)
    await documents.ControlException.rows().update_one({"resources": "withdrawn"}, {"$set": {"decided_at": None}})
    await leave(tenant, other, -3, 9, resources=["later"])
    await leave(tenant, other, 2, 9, resources=["asked"], state=ExceptionState.REQUESTED)
    await leave(tenant, other, -1, 9, resources=["undone"], revoked_at=now - timedelta(hours=2), **revoked)

    pack = await opened(graph, tenant, (await made(backend, graph, tenant, **days(10, -2)))["id"])

    rows = table(pack, "exceptions.csv")
    assert [(row["control"], row["account"], row["resources"], row["revoked"] != "") for row in rows] == [
        (CONTROL, "any account", "ada", False),
        (CONTROL, "any account", "cut", True),
    ]
    assert (rows[0]["requested_by"], rows[0]["approved_by"]) == (tenant.user.email, other.user.email)
    assert (rows[0]["reason"], rows[0]["compensating_control"]) == ("'=The vendor mends it.", "Watched every day.")
    assert rows[0]["until"][:16] == f"{now + timedelta(days=30):%Y-%m-%dT%H:%M}"
    (found,) = [one for one in json.loads(pack.read("index.json"))["controls"] if one["id"] == CONTROL]
    assert found["exceptions"] == {"count": 2, "table": "exceptions.csv"}
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pack.read("report.pdf"))).pages]
    place = int(found["report"].partition("=")[2]) - 1
    said = "".join("".join(pages[place : place + 2]).split())
    assert f"adainanyaccount=Thevendormendsit.Watchedeveryday.{tenant.user.email};{other.user.email}" in said
    assert "revoked" in said


async def test_attestations_policies_and_owners_are_told_with_the_addresses_of_people(
    graph: Graph, backend: Backend, tenant: Tenant
) -> None:
    other, now = await add_member(backend, tenant.organization, Role.ADMIN), utc_now()
    org_id, gone = PydanticObjectId(tenant.org_id), PydanticObjectId()
    file = {"name": "minutes.pdf", "media_type": "application/pdf", "size": 3, "sha256": "ab" * 32, "pieces": []}
    stated = {"org_id": org_id, "kind": AttestationKind.BOARD_MINUTES, "control_id": "CW-GOV-03", "content": []}
    common = {**stated, "submitted_by": gone, "files": [file]}
    accepted = {"state": AttestationState.ACCEPTED, "reviewed_by": other.user.own_id, "reviewed_at": now}
    ahead, past = now + timedelta(days=9), now - timedelta(days=20)
    await documents.Attestation(**common, **accepted, statement="Signed.", expires_at=ahead).insert()
    await documents.Attestation(**common, **accepted, statement="Over.", expires_at=past).insert()
    policy = documents.Policy(org_id=org_id, name="Access", is_required=True, newest=4, in_force=3)
    await policy.insert()
    # The first was replaced long ago, the second three days ago, the fourth nobody has approved.
    for number, since in ((1, 90), (2, 60), (3, 3), (4, None)):
        at = None if since is None else now - timedelta(days=since)
        said = {"text": "Ask.", "sha256": f"{number}" * 64, "written_by": gone, "approved_by": at and other.user.id}
        await documents.PolicyVersion(
            org_id=org_id, policy_id=policy.id, number=number, in_force_since=at, approved_at=at and now, **said
        ).insert()
    key = {"org_id": org_id, "policy_id": policy.id, "user_id": gone}
    await documents.PolicyAcknowledgement.rows().insert_one({**key, "number": 3, "created_at": now})
    await documents.ControlOwner(
        org_id=org_id, control_id=CONTROL, role=OwnerRole.OWNER, user_id=other.user.own_id, since=now
    ).insert()

    pack = await opened(graph, tenant, (await made(backend, graph, tenant, **days(10)))["id"])

    (row,) = table(pack, "attestations.csv")
    assert (row["kind"], row["control"], row["statement"]) == ("BOARD_MINUTES", "CW-GOV-03", "Signed.")
    assert (row["submitted_by"], row["reviewed_by"]) == (f"Somebody who is gone ({gone})", other.user.email)
    assert (row["state"], row["files"]) == ("ACCEPTED", f"{'ab' * 32} minutes.pdf")
    assert row["from"][:16] == f"{now:%Y-%m-%dT%H:%M}"
    told = [(one["version"], one["until"] != "", one["acknowledged"]) for one in table(pack, "policies.csv")]
    # Two members are bound: who has acknowledged is gone.
    assert told == [("2", True, "0"), ("3", False, "1")]
    assert table(pack, "policies.csv")[1]["members_now"] == "2"
    (control,) = [one for one in table(pack, "controls.csv") if one["control"] == CONTROL]
    assert control["owner"] == other.user.email
    index = json.loads(pack.read("index.json"))
    assert [(one["version"], one["table"]) for one in index["policies"]] == [(2, "policies.csv"), (3, "policies.csv")]
    (found,) = [one for one in index["controls"] if one["id"] == "CW-GOV-03"]
    assert found["attestations"] == {"count": 1, "table": "attestations.csv"}
    page = PdfReader(io.BytesIO(pack.read("report.pdf"))).pages[
        int(index["policies"][0]["report"].partition("=")[2]) - 1
    ]
    assert "a policy binds 2 members now" in " ".join(page.extract_text().split())
    html = pack.read("index.html").decode()
    assert all(f'<a href="{name}">' in html for name in ("exceptions.csv", "attestations.csv", "policies.csv"))


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
