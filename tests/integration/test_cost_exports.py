"""Exports of costs over the graph: asked for, followed, downloaded by a signed address, killed, forgotten, erased."""

import asyncio
import csv
import gzip
import io
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from bson import ObjectId

import documents
from app.settings import Settings
from app.wiring import Backend
from app.worker import options
from documents import CostExport, Role
from documents.base import utc_now
from documents.file_export import erase_exports, forget_exports, keep_file
from jobs.tasks.export_costs import export_costs
from schema.node import global_id, local_id
from tests.factories.costs import load
from tests.factories.focus import focus_row, write_csv
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant

REQUEST = """
mutation Request($input: RequestCostExportInput!) {
  requestCostExport(input: $input) {
    __typename
    ... on RequestCostExportSuccess { export { id state format focusVersion first until } }
    ... on UserError { code path message }
  }
}
"""
ONE = "query One($id: ID!) { costExport(id: $id) { id state done total problem size sha256 requestedBy } }"
ALL = "query All { costExports { nodes { id } } }"
DOWNLOAD = "query Get($id: ID!) { costDownload(id: $id) { url expiresAt } }"
DAYS = {"first": "2026-09-01", "until": "2026-10-01"}


@pytest.fixture
async def tenant(backend: Backend, tmp_path: Path) -> Tenant:
    made = await make_tenant(backend)
    await load(backend, made, write_csv(tmp_path / "a.csv", [focus_row(), focus_row(BilledCost="2")]))
    return made


async def requested(graph: Graph, tenant: Tenant, **fields: Any) -> dict[str, Any]:
    given = {"format": "FOCUS_CSV", **DAYS, **fields}
    answer: dict[str, Any] = (await graph.ask(REQUEST, tenant.token, input=given))["requestCostExport"]
    return answer


async def ended(graph: Graph, tenant: Tenant, id: str) -> dict[str, Any]:
    """The export, once a running worker has ended it."""
    async with asyncio.timeout(30):
        while True:
            shown: dict[str, Any] = (await graph.ask(ONE, tenant.token, id=id))["costExport"]
            if shown["state"] in ("SUCCEEDED", "FAILED"):
                return shown
            await asyncio.sleep(0.1)


async def fetched(graph: Graph, tenant: Tenant, id: str) -> httpx2.Response:
    url = (await graph.ask(DOWNLOAD, tenant.token, id=id))["costDownload"]["url"]
    async with httpx2.AsyncClient() as http:
        return await http.get(graph.address + httpx2.URL(url).path)


@pytest.mark.usefixtures("worker")
async def test_an_export_is_made_and_downloaded_and_both_are_audited(graph: Graph, tenant: Tenant) -> None:
    answer = (await requested(graph, tenant, focusVersion="1.2"))["export"]
    shown = await ended(graph, tenant, answer["id"])
    file = await fetched(graph, tenant, answer["id"])

    assert (answer["focusVersion"], answer["first"], answer["until"]) == ("1.2", "2026-09-01", "2026-10-01")
    assert (shown["state"], shown["done"], shown["total"], shown["problem"]) == ("SUCCEEDED", 2, 2, None)
    assert shown["requestedBy"] == f"user:{tenant.user.id}"
    assert file.status_code == 200
    assert shown["size"] == len(file.content) == int(file.headers["content-length"])
    assert file.headers["content-disposition"] == 'attachment; filename="costs-focus-1.2-20260901-20261001.csv.gz"'
    assert file.headers["content-type"] == "application/gzip"
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(file.content).decode(), newline="")))
    assert [row["BilledCost"] for row in rows] == ["1.25", "2"]
    entries = documents.AuditEntry.rows().find({"org_id": tenant.organization.id}).sort("seq", -1).limit(2)
    assert [(one["action"], one["target"]) async for one in entries] == [
        ("costs.download", f"costexport:{local_id('CostExport', answer['id'])}"),
        ("costs.export", f"costexport:{local_id('CostExport', answer['id'])}"),
    ]


@pytest.mark.usefixtures("worker")
async def test_a_file_for_finance_opens_in_a_spreadsheet(graph: Graph, tenant: Tenant) -> None:
    id = (await requested(graph, tenant, format="FINANCE_CSV"))["export"]["id"]
    await ended(graph, tenant, id)

    file = await fetched(graph, tenant, id)

    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    (line,) = csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline=""))
    assert (line["Month"], line["Billed cost"], line["Rows"]) == ("2026-09", "3.25", "2")


@pytest.mark.usefixtures("worker")
async def test_a_filter_and_an_empty_result_say_so(graph: Graph, tenant: Tenant) -> None:
    nothing = {"dimensions": [{"dimension": "SERVICE", "values": ["no such service"]}]}

    id = (await requested(graph, tenant, filter=nothing))["export"]["id"]
    shown = await ended(graph, tenant, id)
    (error,) = await graph.refused(DOWNLOAD, tenant.token, id=id)

    assert (shown["state"], shown["problem"]) == ("FAILED", "There are no costs that match in these days.")
    assert error["extensions"]["code"] == "CONFLICT"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"first": "2026-10-01"}, ["input", "until"]),
        ({"first": "1999-01-01"}, ["input", "until"]),
        ({"format": "STATEMENT_PDF"}, ["input", "format"]),
        ({"format": "FINANCE_CSV", "focusVersion": "1.3"}, ["input", "focusVersion"]),
        ({"focusVersion": "1.4"}, ["input", "focusVersion"]),
    ],
)
async def test_what_cannot_be_made_is_refused_at_once(
    graph: Graph, tenant: Tenant, fields: dict[str, str], path: list[str]
) -> None:
    answer = await requested(graph, tenant, **fields)

    assert answer["path"] == path, answer


async def test_a_stranger_finds_no_export_and_no_file(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id, stranger = (await requested(graph, tenant))["export"]["id"], await make_tenant(backend)

    for query in (ONE, DOWNLOAD):
        (theirs,) = await graph.refused(query, stranger.token, id=id)
        (nobodys,) = await graph.refused(query, stranger.token, id=global_id("CostExport", "0" * 24))
        assert theirs["message"] == nobodys["message"]
    assert (await graph.ask(ALL, stranger.token))["costExports"]["nodes"] == []
    assert (await graph.ask(ALL, tenant.token))["costExports"]["nodes"] == [{"id": id}]


async def test_a_client_viewer_may_export_what_they_may_read(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    viewer = await add_member(backend, tenant.organization, Role.CLIENT_VIEWER)

    assert (await requested(graph, viewer))["__typename"] == "RequestCostExportSuccess"


async def run(backend: Backend, tenant: Tenant, id: str) -> str:
    """The job of an export, here and now."""
    return await export_costs(options(backend)["ctx"], org_id=tenant.org_id, export_id=local_id("CostExport", id))


async def left_of(backend: Backend, id: str) -> tuple[int, int]:
    """Files of an export, and rows of their pieces that belong to none of them."""
    export_id = ObjectId(local_id("CostExport", id))
    stored = backend.database["cost_files.files"].find({"metadata.export_id": export_id})
    ids = [one["_id"] async for one in stored]
    pieces = backend.database["cost_files.chunks"]
    return len(ids), await pieces.count_documents({"files_id": export_id, "n": {"$gt": 0}})


KILLED_AT = {
    "before anything": "jobs.tasks.export_costs._write",
    "while rows are read": "jobs.cost_file.row_batches",
    "while the file is stored": "documents.file_export._delete_file",
    "when the file is stored": "jobs.file_export.keep_file",
}


@pytest.mark.parametrize("place", KILLED_AT.values(), ids=KILLED_AT)
async def test_a_job_that_is_killed_starts_over_and_leaves_one_file(
    graph: Graph, backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    id = (await requested(graph, tenant))["export"]["id"]

    async def stores_and_dies(*args: Any) -> None:
        await keep_file(*args)
        raise asyncio.CancelledError

    def dies(*args: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(place, stores_and_dies if place.endswith("keep_file") else dies)
        with pytest.raises(asyncio.CancelledError):
            await run(backend, tenant, id)
    half_way = (await graph.ask(ONE, tenant.token, id=id))["costExport"]
    first, again = await run(backend, tenant, id), await run(backend, tenant, id)

    assert half_way["state"] in ("QUEUED", "RUNNING")
    assert half_way["size"] is None
    assert (first, again) == ("SUCCEEDED", "SUCCEEDED")
    assert await left_of(backend, id) == (1, 0)
    assert (
        len((await fetched(graph, tenant, id)).content)
        == (await graph.ask(ONE, tenant.token, id=id))["costExport"]["size"]
    )


async def test_an_export_that_breaks_says_so(
    graph: Graph, backend: Backend, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await requested(graph, tenant))["export"]["id"]

    async def breaks(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("jobs.tasks.export_costs.write_focus", breaks)
    state = await run(backend, tenant, id)

    assert state == "FAILED"
    assert "on our side" in (await graph.ask(ONE, tenant.token, id=id))["costExport"]["problem"]


async def test_progress_is_told_in_the_feed_of_jobs(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = (await requested(graph, tenant, format="FOCUS_PARQUET"))["export"]["id"]
    await run(backend, tenant, id)

    events = documents.Event.rows().find({"org_id": tenant.organization.id, "type": "JobProgressed"}).sort("seq", 1)
    told = [one["payload"] async for one in events if one["payload"]["kind"] == "COST_EXPORT"]

    assert [(one["state"], one["done"], one["total"]) for one in told] == [
        ("QUEUED", 0, 0),
        ("RUNNING", 0, 0),
        ("RUNNING", 2, 2),
        ("SUCCEEDED", 2, 2),
    ]
    assert {one["subject"] for one in told} == {f"CostExport:{local_id('CostExport', id)}"}


async def test_an_expired_export_goes_with_its_file(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = (await requested(graph, tenant))["export"]["id"]
    await run(backend, tenant, id)
    url = (await graph.ask(DOWNLOAD, tenant.token, id=id))["costDownload"]["url"]

    early = await forget_exports(CostExport, utc_now() + timedelta(days=6))
    kept = await CostExport.find_in(tenant.scope, {})
    await forget_exports(CostExport, utc_now() + timedelta(days=8))

    assert (early, kept is None) == (0, False)
    assert await CostExport.find_in(tenant.scope, {}) is None
    assert await left_of(backend, id) == (0, 0)
    async with httpx2.AsyncClient() as http:
        assert (await http.get(graph.address + httpx2.URL(url).path)).status_code == 404


async def test_the_files_of_an_erased_organization_go_with_it(graph: Graph, backend: Backend, tenant: Tenant) -> None:
    id = (await requested(graph, tenant))["export"]["id"]
    await run(backend, tenant, id)

    erased = await erase_exports(CostExport, ObjectId(tenant.org_id))

    assert (erased, await left_of(backend, id)) == (1, (0, 0))
    pieces = backend.database["cost_files.chunks"]
    assert await pieces.count_documents({"files_id": ObjectId(local_id("CostExport", id))}) == 0


async def exporting(settings: Settings, tenant: Tenant, *arguments: str) -> tuple[int, str]:
    """`cloudwatcher export-costs` as a process: how it ended, and what it said."""
    assert settings.mongodb_url is not None
    assert settings.redis_url is not None
    own = {
        "MONGODB_URL": settings.mongodb_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "CLOUDWATCHER_MONGODB_DATABASE": settings.mongodb_database,
        "CLOUDWATCHER_DATA_DIR": str(settings.data_dir),
    }
    command = ("-c", "from app.cli.main import run; run()", "export-costs", *arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "--organization",
        tenant.org_id,
        env=os.environ | own,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_the_command_writes_a_file_or_says_why_not(settings: Settings, tenant: Tenant, tmp_path: Path) -> None:
    days = ("--first", "2026-09-01", "--until", "2026-10-01")
    file = tmp_path / "out.csv.gz"

    code, said = await exporting(settings, tenant, str(file), *days)
    kept = file.read_bytes()
    none, why = await exporting(settings, tenant, str(file), "--first", "2020-01-01", "--until", "2020-02-01")
    other, ending = await exporting(settings, tenant, str(tmp_path / "out.zip"), *days)

    assert (code, "2 rows as FOCUS 1.3" in said) == (0, True), said
    assert gzip.decompress(kept).count(b"\n") == 3
    assert (none, "no costs that match" in why) == (1, True)
    assert (other, ".csv.gz or .parquet" in " ".join(ending.split())) == (1, True)
    assert file.read_bytes() == kept
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "out.csv.gz"]
