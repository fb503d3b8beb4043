"""Secrets at rest: what MongoDB keeps of them, and who can open them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from bson import ObjectId

from app.wiring import Backend
from documents.vault import SecretLost, Vault

MASTER_KEY = secrets.token_bytes(96)
SECRET = "wJalrXUtnFEMI/EXAMPLE/KEY"


@pytest.fixture
async def vault(backend: Backend) -> AsyncIterator[Vault]:
    """A vault in a database of its own, so that its key vault holds nothing else."""
    database = f"vault_{uuid4().hex}"
    opened = Vault(backend.client, database, MASTER_KEY)
    await opened.migrate()
    yield opened
    await opened.close()
    await backend.client.drop_database(database)


def another_process(backend: Backend, vault: Vault, master_key: bytes = MASTER_KEY) -> Vault:
    """A vault over the same keys that has not opened any yet: an open one remembers keys for a minute."""
    return Vault(backend.client, vault._keys.database.name, master_key)


@pytest.fixture
def org_id() -> str:
    return str(ObjectId())


async def test_a_sealed_secret_opens_again(vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)

    assert await vault.open(sealed) == SECRET


async def test_what_is_stored_is_not_the_secret(vault: Vault, org_id: str) -> None:
    first, second = await vault.seal(org_id, SECRET), await vault.seal(org_id, SECRET)

    assert SECRET.encode() not in first
    assert first != second, "equal secrets must look different"


async def test_a_changed_byte_is_noticed(vault: Vault, org_id: str) -> None:
    sealed = bytearray(await vault.seal(org_id, SECRET))
    sealed[-1] ^= 1

    with pytest.raises(SecretLost):
        await vault.open(bytes(sealed))


async def test_another_process_opens_it(backend: Backend, vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)
    other = another_process(backend, vault)

    opened = await other.open(sealed)

    assert opened == SECRET
    await other.close()


async def test_another_master_key_does_not_open_it(backend: Backend, vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)
    stranger = another_process(backend, vault, secrets.token_bytes(96))

    with pytest.raises(SecretLost):
        await stranger.open(sealed)
    await stranger.close()


async def test_shredding_ends_one_organization_and_leaves_the_others(
    backend: Backend, vault: Vault, org_id: str
) -> None:
    sealed, kept = await vault.seal(org_id, SECRET), await vault.seal(str(ObjectId()), SECRET)

    await vault.shred(org_id)

    other = another_process(backend, vault)
    assert await other.open(kept) == SECRET
    with pytest.raises(SecretLost):
        await other.open(sealed)
    await other.close()


async def test_first_secrets_at_once_share_one_key(vault: Vault, org_id: str) -> None:
    await asyncio.gather(*(vault.seal(org_id, SECRET) for _ in range(8)))

    assert await vault._keys.count_documents({"keyAltNames": org_id}) == 1
