"""`cloudwatcher keys` as an operator uses it: list, rotate, be killed, go on, and change the master key."""

import asyncio
import base64
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from bson import Binary, ObjectId

from app.keys import load_keys
from app.settings import environment_for_children
from app.wiring import Backend
from documents.audit import INSTALLATION
from documents.data_key import KeyUse
from documents.master_key import MasterKeys, local_master_key
from documents.vault import Vault
from tests.journeys.test_command_line import ROOT, run

COMPANIES, EACH = 12, 10
PATIENCE_SECONDS = 60


@dataclass
class Installation:
    """A database with companies and their accounts, and the master key of the processes that are started."""

    backend: Backend
    database: str
    master: bytes
    secrets: dict[ObjectId, str]

    def vault(self, master: bytes | None = None) -> Vault:
        return Vault(self.backend.client, self.database, MasterKeys(local_master_key(master or self.master)))

    async def opened(self, master: bytes | None = None) -> dict[ObjectId, str]:
        """What a process with this master key reads now."""
        vault = self.vault(master)
        accounts = self.backend.client[self.database]["accounts"].find({})
        return {raw["_id"]: await vault.open(raw["credentials"]) async for raw in accounts}

    async def uses(self) -> list[KeyUse]:
        return [key.use for key in await self.vault().list_keys()]

    async def audited(self, action: str) -> list[tuple[ObjectId, str]]:
        """(organization, actor) of the entries about this action."""
        entries = self.backend.client[self.database]["audit"].find({"action": action}).sort("org_id")
        return [(raw["org_id"], raw["actor"]) async for raw in entries]

    async def cloudwatcher(self, *arguments: str) -> tuple[int, str]:
        return await run(self.backend.settings, *arguments, database=self.database)


def encoded(master: bytes) -> str:
    return base64.b64encode(master).decode()


@pytest.fixture
async def installation(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    made = Installation(backend, f"keys_{uuid4().hex}", secrets.token_bytes(96), {})
    monkeypatch.setenv("CLOUDWATCHER_MASTER_KEY", encoded(made.master))
    vault, database = made.vault(), backend.client[made.database]
    await vault.migrate()
    companies = [{"_id": ObjectId(), "name": f"Company {number}", "kind": "COMPANY"} for number in range(COMPANIES)]
    await database["organizations"].insert_many(companies)
    for company in companies:
        for _ in range(EACH):
            id, secret = ObjectId(), secrets.token_hex(8)
            cipher = Binary(await vault.seal(str(company["_id"]), secret), 6)
            await database["accounts"].insert_one({"_id": id, "org_id": company["_id"], "credentials": cipher})
            made.secrets[id] = secret
    yield made
    await vault.close()
    await backend.client.drop_database(made.database)


async def test_keys_are_listed_by_organization_without_their_material(installation: Installation) -> None:
    code, printed = await installation.cloudwatcher("keys", "list")

    assert code == 0, printed
    assert all(f"Company {number} " in printed for number in range(COMPANIES))
    assert printed.count(local_master_key(installation.master).provider.partition(":")[2]) == COMPANIES
    for raw in await installation.vault().keys.find().to_list():
        material = bytes(raw["keyMaterial"])
        assert encoded(material)[:20] not in printed
        assert material.hex()[:20] not in printed


async def test_one_organization_is_rotated_by_its_name(installation: Installation) -> None:
    code, printed = await installation.cloudwatcher("keys", "rotate", "--organization", "Company 3", "--grace", "0")

    assert code == 0, printed
    assert f"1 data keys made, {EACH} secrets sealed anew, 1 keys deleted." in printed
    assert "Sealing secrets anew" in printed
    assert await installation.opened() == installation.secrets
    rotated = await installation.backend.client[installation.database]["organizations"].find_one({"name": "Company 3"})
    assert rotated is not None
    assert await installation.audited("data_key.rotate") == [(rotated["_id"], "operator")]


@pytest.mark.parametrize(
    ("name", "says"),
    [("Nobody", "There is no such organization"), ("0123456789abcdef01234567", "There is no such organization")],
)
async def test_an_organization_that_is_not_there_is_one_plain_sentence(
    installation: Installation, name: str, says: str
) -> None:
    code, printed = await installation.cloudwatcher("keys", "rotate", "--organization", name)

    assert code == 1
    assert says in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("retired", [1, COMPANIES // 2, COMPANIES])
async def test_a_rotation_that_is_killed_goes_on_when_it_is_started_again(
    installation: Installation, retired: int
) -> None:
    before = {key.id for key in await installation.vault().list_keys()}
    env = environment_for_children(installation.backend.settings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli.main", "keys", "rotate", "--grace", "2"),
        env={**env, "CLOUDWATCHER_MONGODB_DATABASE": installation.database},
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await installation.uses()).count(KeyUse.RETIRED) < retired:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.001)
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    assert await installation.opened() == installation.secrets

    code, printed = await installation.cloudwatcher("keys", "rotate", "--grace", "0")

    assert code == 0, printed
    assert "An earlier rotation had been cut off; it was brought to its end." in printed
    assert await installation.uses() == [KeyUse.CURRENT] * COMPANIES
    assert {key.id for key in await installation.vault().list_keys()} & before == set()
    owners = {key.owner_id for key in await installation.vault().list_keys()}
    assert {str(org_id) for org_id, _ in await installation.audited("data_key.rotate")} == owners
    assert await installation.opened() == installation.secrets


async def test_a_new_master_key_takes_over_and_the_old_one_is_not_needed_any_more(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = secrets.token_bytes(96)
    monkeypatch.setenv("CLOUDWATCHER_MASTER_KEY", encoded(fresh))
    monkeypatch.setenv("CLOUDWATCHER_PREVIOUS_MASTER_KEY", encoded(installation.master))
    await installation.cloudwatcher("migrate")
    _, waiting = await installation.cloudwatcher("doctor")

    first = await installation.cloudwatcher("keys", "rewrap")
    again = await installation.cloudwatcher("keys", "rewrap")

    assert f"{COMPANIES} of {COMPANIES} data keys wait for `cloudwatcher keys rewrap`" in waiting
    assert (first[0], again[0]) == (0, 0)
    assert f"{COMPANIES} data keys were wrapped anew." in first[1]
    assert "0 data keys were wrapped anew." in again[1]
    assert await installation.audited("data_key.rewrap") == [(INSTALLATION, "operator")]
    monkeypatch.delenv("CLOUDWATCHER_PREVIOUS_MASTER_KEY")
    _, healthy = await installation.cloudwatcher("doctor")
    assert f"fine  secrets: {COMPANIES} data keys open, wrapped by local" in healthy
    assert await installation.opened(fresh) == installation.secrets


async def test_a_master_key_that_was_forgotten_is_told_by_the_doctor_and_by_rewrap(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDWATCHER_MASTER_KEY", encoded(secrets.token_bytes(96)))

    doctor, found = await installation.cloudwatcher("doctor")
    rewrap, printed = await installation.cloudwatcher("keys", "rewrap")

    assert (doctor, rewrap) == (1, 1)
    assert "mend  secrets: A data key is wrapped by local:" in found
    assert "CLOUDWATCHER_PREVIOUS_MASTER_KEY" in found
    assert "The key of" in printed
    assert await installation.opened() == installation.secrets


async def test_a_signing_key_is_replaced_and_the_one_before_still_accepted(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDWATCHER_SIGNING_KEY", raising=False)
    settings = installation.backend.settings.model_copy(update={"data_dir": tmp_path, "signing_key": None})
    before = load_keys(settings).signing

    code, printed = await installation.cloudwatcher("keys", "rotate-signing", "--data-dir", str(tmp_path))

    assert code == 0, printed
    assert "Restart every process now." in printed
    after = load_keys(settings).signing
    assert (len(after), after[1]) == (2, before[0])
    assert await installation.audited("signing_key.rotate") == [(INSTALLATION, "operator")]


async def test_a_signing_key_that_is_set_is_not_replaced_by_the_command(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = load_keys(installation.backend.settings.model_copy(update={"data_dir": tmp_path, "signing_key": None}))
    monkeypatch.setenv("CLOUDWATCHER_SIGNING_KEY", made.signing[0].decode())

    code, printed = await installation.cloudwatcher("keys", "rotate-signing", "--data-dir", str(tmp_path))

    assert code == 1
    assert "CLOUDWATCHER_PREVIOUS_SIGNING_KEYS" in printed
    assert await installation.audited("signing_key.rotate") == []
