"""What `cloudwatcher verify --evidence` says of the evidence in the database, and how it ends."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

import documents
from app.cli.verify_evidence import run_verify_evidence
from app.wiring import Backend
from documents.database import open_database
from domain.errors import Invalid, NotFound
from tests.factories.tenant import Tenant, make_tenant
from tests.integration.test_evidence_chain import pack, write

Verify = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def verify(backend: Backend, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Verify]:
    """(exit code, everything printed) of the command."""

    async def run(organization: str | None = None, held: str | None = None) -> tuple[int, str]:
        code = await run_verify_evidence(backend.settings, organization, held)
        # The command has bound the documents to a client of its own.
        await open_database(backend.client, backend.settings.mongodb_database)
        return code, capsys.readouterr().out

    yield run
    await open_database(backend.client, backend.settings.mongodb_database)


async def head_of(tenant: Tenant) -> str:
    """The end of its chain, as it is sent out."""
    rows = documents.EvidenceRecord.rows().find({"org_id": tenant.organization.id}).sort("seq", -1)
    (last,) = await rows.to_list(1)
    return f"{last['seq']}:{last['hash']}"


async def test_a_chain_is_verified_with_its_raw_answers(backend: Backend, verify: Verify) -> None:
    tenant = await make_tenant(backend)
    sha256 = await pack(tenant)
    await write(backend, tenant, 5, evidence=[sha256])

    code, printed = await verify(tenant.org_id)

    assert code == 0, printed
    name, head = re.escape(tenant.organization.name), await head_of(tenant)
    assert re.search(f"{name}: intact\\. 5 records, 1 pack of raw answers, 0 checkpoints", printed), printed
    assert f"Head: {head}" in printed


async def test_a_changed_record_and_a_changed_answer_are_named_each(backend: Backend, verify: Verify) -> None:
    tenant = await make_tenant(backend)
    sha256 = await pack(tenant)
    await write(backend, tenant, 3, evidence=[sha256])
    await documents.EvidenceRecord.rows().update_one(
        {"org_id": tenant.organization.id, "seq": 2}, {"$set": {"record.status": "PASS"}}
    )
    await documents.EvidencePack.rows().update_one({"org_id": tenant.organization.id}, {"$set": {"data": b"other"}})

    code, printed = await verify(tenant.organization.name)

    assert code == 1
    assert "EDITED record 2: " in printed
    assert "PACK_CHANGED" in printed
    assert f"{tenant.organization.name}: BROKEN in 2 places. " in printed


async def test_an_end_that_was_cut_off_is_found_by_the_head_that_was_held(backend: Backend, verify: Verify) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    held = await head_of(tenant)

    same = await verify(tenant.org_id, held)
    later = await verify(tenant.org_id, f"9:{held.partition(':')[2]}")

    assert same[0] == 0, same
    assert later[0] == 1
    assert "BROKEN in 1 place. " in later[1]
    for nonsense in ("three", "3:", f"x:{'0' * 64}"):
        with pytest.raises(Invalid, match="SEQ:HASH"):
            await verify(tenant.org_id, nonsense)


async def test_an_organization_without_evidence_is_said_to_have_none(backend: Backend, verify: Verify) -> None:
    tenant = await make_tenant(backend)

    plain = await verify(tenant.org_id)
    held = await verify(tenant.org_id, f"3:{'0' * 64}")

    assert plain[0] == 0
    assert (
        plain[1].strip() == f"{tenant.organization.name}: no evidence yet. A record is made when a control is judged."
    )
    # There was evidence when this head was sent out, so it is gone now.
    assert held[0] == 1
    assert "BROKEN in 1 place. " in held[1]


async def test_an_organization_that_does_not_exist_is_refused(verify: Verify) -> None:
    with pytest.raises(NotFound, match="There is no such organization"):
        await verify("0" * 24)


async def test_all_organizations_are_verified_one_by_one_and_a_head_belongs_to_one(
    backend: Backend, verify: Verify
) -> None:
    whole, changed, none = [await make_tenant(backend) for _ in range(3)]
    for tenant in (whole, changed):
        await write(backend, tenant, 2)
    # Without it the chain looks as if it had never begun.
    await documents.EvidenceHead.get_pymongo_collection().delete_one({"_id": changed.organization.id})

    code, printed = await verify()

    assert code == 1
    assert f"{whole.organization.name}: intact. 2 records, 0 packs" in printed
    assert "DELETED head" in printed
    assert f"{changed.organization.name}: BROKEN in " in printed
    assert none.organization.name not in printed
    with pytest.raises(Invalid, match="Name one organization"):
        await verify(None, await head_of(whole))


async def test_raw_answers_in_a_bucket_that_is_not_set_are_no_proof(backend: Backend, verify: Verify) -> None:
    tenant = await make_tenant(backend)
    sha256 = await pack(tenant)
    await write(backend, tenant, 1, evidence=[sha256])
    await documents.EvidencePack.rows().update_one({"org_id": tenant.organization.id}, {"$set": {"place": "there"}})

    code, printed = await verify(tenant.org_id)

    assert code == 1
    assert "Not all raw answers could be read" in printed
    assert f"{tenant.organization.name}: intact as far as it could be read. 1 record, 0 packs" in printed


async def test_where_nothing_was_judged_the_command_says_so(backend: Backend, verify: Verify) -> None:
    await make_tenant(backend)
    for document in (documents.EvidenceRecord, documents.EvidenceHead, documents.EvidenceCheckpoint):
        await document.get_pymongo_collection().delete_many({})

    code, printed = await verify()

    assert code == 0
    assert printed.strip() == "There is no evidence yet. A record is made when a control is judged."
