"""Exports of the audit log: made by the worker, downloaded by a signed address, verified without us."""

import asyncio
import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from typer.testing import CliRunner

import documents
from app.cli.main import app
from app.wiring import Backend
from app.worker import options
from auth.download import Download, DownloadLinks
from documents import Role
from documents.audit import Act, acting
from documents.base import utc_now
from documents.file_export import files, forget_exports
from documents.transaction import Transaction
from jobs.tasks.export_audit import export_audit
from schema.node import global_id, local_id
from tests.factories.graph import Graph, messages, socket, subscribe
from tests.factories.tenant import Tenant, add_member, make_tenant

EXPORT = """
mutation Export($input: ExportAuditInput!) {
  exportAudit(input: $input) {
    __typename
    ... on ExportAuditSuccess { export { id state format } }
    ... on UserError { code path }
  }
}
"""
ONE = "query One($id: ID!) { auditExport(id: $id) { id state done total problem size sha256 requestedBy } }"
DOWNLOAD = "query Get($id: ID!) { auditDownload(id: $id) { url expiresAt } }"
PROGRESS = "subscription { auditExportProgressed { ... on AuditExportProgressed { export { state done total } } } }"
ACT = Act(action="thing.change", actor="user:1", user_agent="=cmd|' /C calc'!A0", request_id="request-1")
DAY = timedelta(days=1)


def span() -> dict[str, str]:
    now = datetime.now(UTC)
    return {"atFrom": (now - DAY).isoformat(), "atBefore": (now + DAY).isoformat()}


async def write(backend: Backend, tenant: Tenant, count: int) -> None:
    async def change(tx: Transaction) -> None:
        for number in range(count):
            tx.audit(tenant.organization.id, target=f"thing:{number}", after={"n": number})

    with acting(ACT):
        await backend.writer.commit(change)


async def exported(graph: Graph, tenant: Tenant, **fields: Any) -> str:
    """The id of an export that a running worker has ended."""
    answer = (await graph.ask(EXPORT, tenant.token, input={**span(), **fields}))["exportAudit"]
    id: str = answer["export"]["id"]
    async with asyncio.timeout(30):
        while True:
            if (await graph.ask(ONE, tenant.token, id=id))["auditExport"]["state"] in ("SUCCEEDED", "FAILED"):
                return id
            await asyncio.sleep(0.1)


async def fetched(graph: Graph, tenant: Tenant, id: str) -> httpx2.Response:
    url = (await graph.ask(DOWNLOAD, tenant.token, id=id))["auditDownload"]["url"]
    async with httpx2.AsyncClient() as http:
        return await http.get(graph.address + httpx2.URL(url).path)


async def bundle(graph: Graph, tenant: Tenant, **fields: Any) -> zipfile.ZipFile:
    answer = await fetched(graph, tenant, await exported(graph, tenant, **fields))
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


@pytest.mark.usefixtures("worker")
async def test_an_export_is_made_downloaded_and_verified_offline(
    graph: Graph, backend: Backend, tmp_path: Path
) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 5)

    id = await exported(graph, tenant)
    answer = await fetched(graph, tenant, id)
    path = tmp_path / "audit.zip"
    path.write_bytes(answer.content)
    shown = (await graph.ask(ONE, tenant.token, id=id))["auditExport"]
    said = CliRunner().invoke(app, ["verify", str(path), "--key", backend.keys.audit[0].public])

    # The five, and the asking for the export itself.
    assert (shown["state"], shown["done"], shown["total"]) == ("SUCCEEDED", 6, 6)
    assert shown["requestedBy"] == f"user:{tenant.user.id}"
    assert shown["size"] == len(answer.content) == int(answer.headers["content-length"])
    assert answer.headers["cache-control"] == "no-store"
    assert "audit-" in answer.headers["content-disposition"]
    assert said.exit_code == 0, said.output
    assert "intact. 6 entries from 1 to 6" in said.output
    last = await documents.AuditEntry.rows().find_one({"org_id": tenant.organization.id}, sort=[("seq", -1)])
    assert last is not None
    assert (last["action"], last["actor"]) == ("audit.download", f"user:{tenant.user.id}")


@pytest.mark.usefixtures("worker")
async def test_an_export_holds_the_entries_in_the_form_that_was_asked_for(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)

    table = await bundle(graph, tenant, format="CSV")
    events = await bundle(graph, tenant, format="OCSF")
    lines = await bundle(graph, tenant, format="JSON_LINES")

    rows = list(csv.DictReader(io.TextIOWrapper(table.open("entries.csv"), "utf-8", newline="")))
    assert [row["target"] for row in rows[:3]] == ["thing:0", "thing:1", "thing:2"]
    assert rows[0]["user_agent"] == "'=cmd|' /C calc'!A0", "or a spreadsheet would take it for a formula"
    assert rows[0]["changed"] == "n"
    shown = [orjson.loads(line) for line in events.open("entries.ocsf.jsonl")]
    assert [event["class_uid"] for event in shown[:3]] == [6003, 6003, 6003]
    assert [event["metadata"]["sequence"] for event in shown] == list(range(1, len(shown) + 1))
    assert sorted(lines.namelist()) == ["README.txt", "entries.jsonl", "proof.json"]
    proof = orjson.loads(table.read("proof.json"))
    assert set(proof["files"]) == {"entries.jsonl", "entries.csv"}


@pytest.mark.usefixtures("worker")
async def test_tampering_with_a_downloaded_file_is_located(graph: Graph, backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 5)
    whole = await bundle(graph, tenant, format="CSV")
    lines = whole.read("entries.jsonl").splitlines(keepends=True)
    edited = lines[2].replace(b'"user:1"', b'"user:2"')

    def verified(**changed: bytes) -> str:
        path = tmp_path / "tampered.zip"
        with zipfile.ZipFile(path, "w") as made:
            for name in whole.namelist():
                made.writestr(name, changed.get(name.partition(".")[0], whole.read(name)))
        said = CliRunner().invoke(app, ["verify", str(path)])
        assert said.exit_code == 1
        return " ".join(said.output.split())

    assert "BROKEN at 3: the entry was changed" in verified(entries=b"".join([*lines[:2], edited, *lines[3:]]))
    assert "BROKEN at 2: entry 2 is missing" in verified(entries=b"".join([lines[0], *lines[2:]]))
    assert "BROKEN at 6: entries 6 to 6 are missing" in verified(entries=b"".join(lines[:5]))
    assert "BROKEN at 4" in verified(entries=b"".join([*lines[:3], b"not json\n"]))
    assert "signature" in verified(proof=whole.read("proof.json").replace(b'"last_seq": 6', b'"last_seq": 5'))


def test_a_file_that_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    path.write_bytes(b"not a zip")

    said = CliRunner().invoke(app, ["verify", str(path)])

    assert said.exit_code == 1
    assert "no export of an audit log, no pack of evidence" in str(said.exception)


@pytest.mark.usefixtures("worker")
async def test_a_file_signed_with_another_key_is_not_ours(graph: Graph, backend: Backend, tmp_path: Path) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 1)
    path = tmp_path / "audit.zip"
    path.write_bytes((await fetched(graph, tenant, await exported(graph, tenant))).content)

    said = CliRunner().invoke(app, ["verify", str(path), "--key", "00" * 32])

    assert said.exit_code == 1
    assert "signature" in said.output


@pytest.mark.usefixtures("worker")
async def test_a_time_without_entries_ends_the_export_with_the_reason(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)

    id = await exported(graph, tenant, atFrom="2020-01-01T00:00:00Z", atBefore="2020-02-01T00:00:00Z")

    shown = (await graph.ask(ONE, tenant.token, id=id))["auditExport"]
    (error,) = await graph.refused(DOWNLOAD, tenant.token, id=id)
    assert shown["state"] == "FAILED"
    assert "Nothing was logged" in shown["problem"]
    assert error["extensions"]["code"] == "CONFLICT"


async def test_a_time_that_ends_before_it_begins_is_refused(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    backwards = {"atFrom": "2026-02-01T00:00:00Z", "atBefore": "2026-01-01T00:00:00Z"}

    answer = (await graph.ask(EXPORT, tenant.token, input=backwards))["exportAudit"]

    assert (answer["code"], answer["path"]) == ("BAD_USER_INPUT", ["input", "atBefore"])


async def test_progress_is_told_live(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    told = []
    async with socket(graph.address, tenant.token) as opened, asyncio.timeout(10):
        await subscribe(opened, PROGRESS)
        await asyncio.sleep(0.5)
        answer = (await graph.ask(EXPORT, tenant.token, input=span()))["exportAudit"]
        args = {"org_id": tenant.org_id, "export_id": local_id("AuditExport", answer["export"]["id"])}
        await export_audit(options(backend)["ctx"], **args)
        async for message in messages(opened):
            told.append(message["payload"]["data"]["auditExportProgressed"]["export"])
            if told[-1]["state"] == "SUCCEEDED":
                break
        again = await export_audit(options(backend)["ctx"], **args)

    assert [(one["state"], one["done"], one["total"]) for one in told] == [
        ("QUEUED", 0, 0),
        ("RUNNING", 0, 4),
        ("SUCCEEDED", 4, 4),
    ]
    assert again == "SUCCEEDED"


async def test_an_export_that_breaks_says_so(graph: Graph, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 1)
    answer = (await graph.ask(EXPORT, tenant.token, input=span()))["exportAudit"]
    id = answer["export"]["id"]

    async def breaks(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("jobs.tasks.export_audit._write", breaks)
    await export_audit(options(backend)["ctx"], org_id=tenant.org_id, export_id=local_id("AuditExport", id))

    shown = (await graph.ask(ONE, tenant.token, id=id))["auditExport"]
    assert shown["state"] == "FAILED"
    assert "on our side" in shown["problem"]


@pytest.mark.usefixtures("worker")
async def test_an_address_is_useless_once_it_has_expired_or_the_file_is_gone(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 1)
    id = await exported(graph, tenant)
    links = DownloadLinks(backend.keys.cursor, graph.address)
    actor = f"user:{tenant.user.id}"
    download = Download(kind="AuditExport", export_id=local_id("AuditExport", id), org_id=tenant.org_id, actor=actor)
    elsewhere = Download(
        kind="AuditExport", export_id=download.export_id, org_id=(await make_tenant(backend)).org_id, actor=actor
    )
    now = utc_now()

    async with httpx2.AsyncClient() as http:
        works = await http.get(links.make(download, now)[0])
        expired = await http.get(links.make(download, now - timedelta(minutes=11))[0])
        crossed = await http.get(links.make(elsewhere, now)[0])
        made_up = await http.get(f"{graph.address}/downloads/made-up")
        export = await documents.AuditExport.get_in(tenant.scope, download.export_id)
        assert export.file_id is not None
        await files(documents.AuditExport).delete(export.file_id)
        fileless = await http.get(links.make(download, now)[0])
        gone = await forget_exports(documents.AuditExport, now + timedelta(days=8))
        forgotten = await http.get(links.make(download, now)[0])

    assert works.status_code == 200
    refused = (expired, crossed, made_up, fileless, forgotten)
    assert [answer.status_code for answer in refused] == [404] * 5
    assert len({answer.text for answer in refused}) == 1
    assert gone >= 1


@pytest.mark.usefixtures("worker")
async def test_expired_exports_go_with_their_files(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 1)
    export = await documents.AuditExport.get_in(tenant.scope, local_id("AuditExport", await exported(graph, tenant)))

    await forget_exports(documents.AuditExport, utc_now() + timedelta(days=8))

    assert await documents.AuditExport.find_in(tenant.scope, {}) is None
    chunks = backend.database["audit_files.chunks"]
    assert await chunks.count_documents({"files_id": export.file_id}) == 0


async def test_exports_are_for_administrators_of_the_tenant(graph: Graph, backend: Backend) -> None:
    tenant, stranger = await make_tenant(backend), await make_tenant(backend)
    member = await add_member(backend, tenant.organization, Role.USER)
    id = (await graph.ask(EXPORT, tenant.token, input=span()))["exportAudit"]["export"]["id"]

    (forbidden,) = await graph.refused(EXPORT, member.token, input=span())
    for text in (ONE, DOWNLOAD):
        (theirs,) = await graph.refused(text, stranger.token, id=id)
        (nobodys,) = await graph.refused(text, stranger.token, id=global_id("AuditExport", "0" * 24))
        assert theirs["message"] == nobodys["message"]
    assert forbidden["extensions"]["code"] == "FORBIDDEN"
