"""`cloudwatcher verify` as a person runs it, against the database."""

import documents
from app.wiring import Backend
from tests.factories.tenant import make_tenant
from tests.integration.test_audit_tampering import edit, write
from tests.integration.test_evidence_chain import write as write_evidence
from tests.journeys.test_command_line import run


async def test_a_chain_is_verified_and_the_break_in_another_is_shown(backend: Backend) -> None:
    whole, tampered = await make_tenant(backend), await make_tenant(backend)
    for tenant in (whole, tampered):
        await write(backend, tenant, 5)
    await edit(tampered.organization.id)

    good = await run(backend.settings, "verify", "--organization", whole.org_id)
    bad = await run(backend.settings, "verify", "--organization", tampered.organization.name)
    every = await run(backend.settings, "verify")

    assert good[0] == 0, good
    assert f"{whole.organization.name}: intact. 5 entries from 1 to 5" in good[1]
    assert bad[0] == 1
    assert "BROKEN at 4: the entry was changed." in bad[1]
    assert every[0] == 1
    assert f"{whole.organization.name}: intact." in every[1]
    assert "BROKEN at 4" in every[1]


async def test_a_chain_is_held_against_what_was_noted_elsewhere(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write(backend, tenant, 3)
    third = await documents.AuditEntry.rows().find_one({"org_id": tenant.organization.id, "seq": 3})
    assert third is not None
    named = ("verify", "--organization", tenant.org_id, "--known")

    same = await run(backend.settings, *named, f"3:{third['hash']}")
    other = await run(backend.settings, *named, f"2:{third['hash']}")
    later = await run(backend.settings, *named, f"9:{third['hash']}")
    nonsense = await run(backend.settings, *named, "three")
    alone = await run(backend.settings, "verify", "--known", f"3:{third['hash']}")

    assert same[0] == 0, same
    assert other[0] == later[0] == 1
    assert "BROKEN at 9" in later[1]
    assert "--known takes" in nonsense[1]
    assert "Name one organization" in alone[1]


async def test_an_organization_that_does_not_exist_is_refused(backend: Backend) -> None:
    code, printed = await run(backend.settings, "verify", "--organization", "0" * 24)

    assert code == 1
    assert "There is no such organization." in printed


async def test_evidence_is_verified_and_a_head_that_is_none_is_refused_in_words(backend: Backend) -> None:
    tenant = await make_tenant(backend)
    await write_evidence(backend, tenant, 3)
    named = ("verify", "--evidence", "--organization", tenant.org_id)

    good = await run(backend.settings, *named)
    nonsense = await run(backend.settings, *named, "--held", "three")

    assert good[0] == 0, good
    assert f"{tenant.organization.name}: intact. 3 records" in good[1]
    assert nonsense[0] == 1
    assert "--held takes a head as it was sent out" in nonsense[1]
    assert "Traceback" not in nonsense[1]
