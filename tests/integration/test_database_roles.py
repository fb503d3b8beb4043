"""Under the roles that are printed for production, the application works, and cannot change its log and evidence."""

import importlib
import pkgutil
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from pymongo.errors import OperationFailure
from pymongo.uri_parser import parse_uri

import documents
from app.cli.database_roles import APP, MIGRATOR, SEALER, collections, role_scripts
from app.cli.doctor import examine
from app.settings import Settings
from app.web import Web, serving
from app.wiring import Backend, migrate, open_backend
from app.worker import options
from documents.audit_key import KeyRing
from documents.audit_verification import verify_chain
from documents.base import utc_now
from documents.database import connect, open_database
from documents.evidence_verification import verify_evidence
from jobs.tasks.erase_organization import erase_organization
from jobs.tasks.seal_audit import seal_audit
from jobs.tasks.seal_evidence import seal_evidence
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant
from tests.integration.test_audit_graph import CREATE, budget
from tests.integration.test_evidence_chain import pack
from tests.integration.test_evidence_chain import write as write_evidence

DATABASE = "cloudwatcher_roles"
DENIED = 13  # MongoDB error codes, Unauthorized


def test_no_place_for_files_is_forgotten() -> None:
    modules = [importlib.import_module(one.name) for one in pkgutil.iter_modules(documents.__path__, "documents.")]
    buckets = {module.BUCKET for module in modules if hasattr(module, "BUCKET")}

    assert len(buckets) >= 4
    assert {f"{bucket}.{part}" for bucket in buckets for part in ("files", "chunks")} <= set(collections())


@dataclass(frozen=True)
class Users:
    """The URL under each role."""

    url: Callable[[str], str]


def command_of(line: str) -> dict[str, Any]:
    """The command in a line for mongosh."""
    found = re.fullmatch(r'db\.getSiblingDB\("(\w+)"\)\.runCommand\((.*)\)', line)
    assert found is not None
    assert found[1] == DATABASE
    command: dict[str, Any] = orjson.loads(found[2])
    return command


@pytest.fixture(scope="module")
async def users(backend: Backend) -> AsyncIterator[Users]:
    """A user for each role, in a database of its own."""
    database = backend.client[DATABASE]
    for line in role_scripts(DATABASE, update=False):
        await database.command(command_of(line))
    for line in role_scripts(DATABASE, update=True):
        await database.command(command_of(line))
    for role in (APP, SEALER, MIGRATOR):
        await database.command("createUser", role, pwd="password", roles=[role])
    mongodb_url = backend.settings.mongodb_url
    assert mongodb_url is not None
    (host, port), *_ = parse_uri(mongodb_url.get_secret_value())["nodelist"]
    yield Users(lambda role: f"mongodb://{role}:password@{host}:{port}/?replicaSet=rs0&authSource={DATABASE}")
    await database.command("dropAllUsersFromDatabase")
    await database.command("dropAllRolesFromDatabase")
    await backend.client.drop_database(DATABASE)
    await open_database(backend.client, backend.settings.mongodb_database)


@pytest.fixture(scope="module")
async def bounded(backend: Backend, users: Users) -> AsyncIterator[Backend]:
    """The application as in production: migrated by one user, run by another, sealed by a third."""
    database = {"mongodb_database": DATABASE}
    by_migrator = backend.settings.model_copy(update={**database, "mongodb_url": SecretStr(users.url(MIGRATOR))})
    async with open_backend(by_migrator) as opened:
        await migrate(opened)
    urls = {"mongodb_url": SecretStr(users.url(APP)), "audit_mongodb_url": SecretStr(users.url(SEALER))}
    async with open_backend(backend.settings.model_copy(update={**database, **urls})) as opened:
        yield opened


async def test_the_application_works_and_appends_to_its_log(bounded: Backend) -> None:
    tenant = await make_tenant(bounded)

    async with serving(Web(bounded)) as address, Graph.connected(address) as graph:
        made = (await graph.ask(CREATE, tenant.token, input=budget()))["createBudget"]

    assert made["__typename"] == "CreateBudgetSuccess"
    assert await documents.AuditEntry.rows().count_documents({"org_id": tenant.organization.id}) == 1


async def test_the_doctor_is_content(bounded: Backend) -> None:
    settings: Settings = bounded.settings

    checks = {check.name: check for check in await examine(settings)}
    await open_database(bounded.client, DATABASE)  # the doctor has bound the documents to a client of its own

    assert checks["indexes"].is_fine, checks["indexes"]
    assert checks["permissions"].is_fine, checks["permissions"]


@pytest.mark.parametrize("role", [APP, MIGRATOR])
@pytest.mark.parametrize(
    "change",
    [
        lambda log: log.update_one({}, {"$set": {"actor": "user:2"}}),
        lambda log: log.replace_one({}, {"actor": "user:2"}),
        lambda log: log.delete_one({}),
        lambda log: log.delete_many({}),
        lambda log: log.find_one_and_delete({}),
        lambda log: log.drop(),
        lambda log: log.rename("audit_of_old", dropTarget=True),
        lambda log: log.database["budgets"].aggregate([{"$out": "audit"}]),
        lambda log: log.database.command("collMod", "audit", validator={}),
    ],
    ids=[
        "update",
        "replace",
        "delete",
        "delete all",
        "find and delete",
        "drop",
        "rename",
        "replace by $out",
        "collMod",
    ],
)
async def test_nobody_changes_the_log(bounded: Backend, users: Users, role: str, change: Callable[[Any], Any]) -> None:
    client = connect(users.url(role))
    try:
        with pytest.raises(OperationFailure) as denied:
            await change(client[DATABASE]["audit"])
    finally:
        await client.close()

    assert denied.value.code == DENIED


async def test_the_application_cannot_make_entries_expire(bounded: Backend) -> None:
    with pytest.raises(OperationFailure) as denied:
        await bounded.database["audit"].create_index("at", expireAfterSeconds=1)

    assert denied.value.code == DENIED


@pytest.mark.parametrize(
    "change",
    [
        lambda database: database["audit"].insert_one({}),
        lambda database: database["audit"].update_one({}, {"$set": {"actor": "user:2"}}),
        lambda database: database["audit_heads"].delete_many({}),
        lambda database: database["users"].find_one({}),
    ],
    ids=["insert", "update", "heads", "users"],
)
async def test_who_seals_may_delete_entries_and_nothing_else(
    bounded: Backend, users: Users, change: Callable[[Any], Any]
) -> None:
    client = connect(users.url(SEALER))
    try:
        with pytest.raises(OperationFailure) as denied:
            await change(client[DATABASE])
    finally:
        await client.close()

    assert denied.value.code == DENIED


async def test_sealing_deletes_what_the_retention_is_over_for(bounded: Backend) -> None:
    tenant = await make_tenant(bounded)
    async with serving(Web(bounded)) as address, Graph.connected(address) as graph:
        await graph.ask(CREATE, tenant.token, input=budget())
    context = options(bounded)["ctx"]["context"]
    now = context.now

    for days in (1, 92):
        object.__setattr__(context, "now", lambda days=days: now() + timedelta(days=days))
        await seal_audit({"context": context})

    left = await documents.AuditEntry.rows().find({"org_id": tenant.organization.id}).to_list()
    assert [entry["action"] for entry in left] == ["audit.retention"]
    keys = KeyRing(key.public for key in bounded.keys.audit)
    assert (await verify_chain(tenant.organization.id, keys)).is_intact


async def test_controls_are_judged_and_sealed_and_the_evidence_goes_with_the_organization(bounded: Backend) -> None:
    tenant = await make_tenant(bounded)
    org_id = tenant.organization.id
    sha256 = await pack(tenant)
    await write_evidence(bounded, tenant, 3, evidence=[sha256])
    context = options(bounded)["ctx"]

    await seal_evidence(context)

    keys = KeyRing(key.public for key in bounded.keys.audit)
    found = await verify_evidence(org_id, keys, now=utc_now())
    assert (found.breaks, found.records, found.packs, found.checkpoints) == ([], 3, 1, 1)
    await documents.Organization.get_pymongo_collection().update_one(
        {"_id": org_id}, {"$set": {"deleted_at": utc_now()}}
    )
    await erase_organization(context, org_id=str(org_id))
    for document in (documents.EvidenceRecord, documents.EvidenceCheckpoint, documents.EvidencePack):
        assert await document.rows().count_documents({"org_id": org_id}) == 0


@pytest.mark.parametrize("role", [APP, MIGRATOR])
@pytest.mark.parametrize(
    "change",
    [
        lambda database: database["evidence_records"].update_one({}, {"$set": {"record.status": "PASS"}}),
        lambda database: database["evidence_records"].replace_one({}, {"record": {}}),
        lambda database: database["evidence_records"].delete_many({}),
        lambda database: database["evidence_records"].drop(),
        lambda database: database["budgets"].aggregate([{"$out": "evidence_records"}]),
        lambda database: database["evidence_checkpoints"].delete_many({}),
        lambda database: database["evidence_checkpoints"].drop(),
    ],
    ids=["update", "replace", "delete", "drop", "replace by $out", "delete checkpoints", "drop checkpoints"],
)
async def test_nobody_changes_evidence(bounded: Backend, users: Users, role: str, change: Callable[[Any], Any]) -> None:
    client = connect(users.url(role))
    try:
        with pytest.raises(OperationFailure) as denied:
            await change(client[DATABASE])
    finally:
        await client.close()

    assert denied.value.code == DENIED
