"""Secrets at rest: what MongoDB keeps of them, and who can open them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from bson import Binary, ObjectId
from pymongo.errors import EncryptionError

from app.wiring import Backend
from documents.data_key import KeyUse, retired_name
from documents.master_key import MasterKey, MasterKeys, local_master_key
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.errors import Invalid

MASTER_KEY = local_master_key(secrets.token_bytes(96))
SECRET = "wJalrXUtnFEMI/EXAMPLE/KEY"


@pytest.fixture
async def vault(backend: Backend) -> AsyncIterator[Vault]:
    """A vault in a database of its own, so that its key vault holds nothing else."""
    database = f"vault_{uuid4().hex}"
    opened = Vault(backend.client, database, MasterKeys(MASTER_KEY))
    await opened.migrate()
    yield opened
    await opened.close()
    await backend.client.drop_database(database)


def another_process(backend: Backend, vault: Vault, *master: MasterKey) -> Vault:
    """A vault over the same keys that has not opened any yet: an open one remembers keys for a minute."""
    current, *others = master or (MASTER_KEY,)
    return Vault(backend.client, vault.database.name, MasterKeys(current, tuple(others)))


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
    stranger = another_process(backend, vault, local_master_key(secrets.token_bytes(96)))

    with pytest.raises(VaultUnavailable, match="CLOUDWATCHER_PREVIOUS_MASTER_KEY"):
        await stranger.open(sealed)
    await stranger.close()


async def test_shredding_ends_one_organization_and_leaves_the_others(
    backend: Backend, vault: Vault, org_id: str
) -> None:
    sealed, kept = await vault.seal(org_id, SECRET), await vault.seal(str(ObjectId()), SECRET)

    await vault.shred(org_id)

    other = another_process(backend, vault)
    for one in (vault, other):
        assert await one.open(kept) == SECRET
        with pytest.raises(SecretLost):
            await one.open(sealed)
    await other.close()


async def test_shredding_ends_at_once_what_another_process_had_opened(
    backend: Backend, vault: Vault, org_id: str
) -> None:
    sealed = await vault.seal(org_id, SECRET)
    other = another_process(backend, vault)
    assert await other.open(sealed) == SECRET, "it holds the unwrapped key in its memory from here on"

    await vault.shred(org_id)

    with pytest.raises(SecretLost):
        await other.open(sealed)
    # The key itself is in its memory for a minute still: the driver would open the secret, if it were asked.
    assert await other._encryption.decrypt(Binary(sealed, 6)) == SECRET
    await other.close()


async def test_the_process_that_shreds_forgets_the_key_itself(vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)

    await vault.shred(org_id)

    with pytest.raises(EncryptionError):
        await vault._encryption.decrypt(Binary(sealed, 6))


async def test_shredding_while_a_key_is_replaced_ends_both_keys(vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)
    key_id = (await vault.list_keys())[0].id
    await vault.keys.update_one({"_id": key_id}, {"$set": {"keyAltNames": [retired_name(org_id, key_id)]}})
    sealed_anew = await vault.seal(org_id, SECRET)

    await vault.shred(org_id)

    assert await vault.list_keys() == []
    for cipher in (sealed, sealed_anew):
        with pytest.raises(SecretLost):
            await vault.open(cipher)


async def test_first_secrets_at_once_share_one_key(vault: Vault, org_id: str) -> None:
    await asyncio.gather(*(vault.seal(org_id, SECRET) for _ in range(8)))

    assert await vault.keys.count_documents({"keyAltNames": org_id}) == 1


async def test_keys_are_listed_with_their_owner_and_master_key_and_without_material(vault: Vault, org_id: str) -> None:
    await vault.seal(org_id, SECRET)

    (key,) = await vault.list_keys()

    assert (key.owner_id, key.use, key.provider) == (org_id, KeyUse.CURRENT, "local")
    assert f"local:{key.master_key_id}" == MASTER_KEY.provider
    stored = await vault.keys.find_one({})
    assert stored is not None
    assert repr(stored["keyMaterial"]) not in repr(key)


async def test_a_key_of_the_first_version_is_adopted_whichever_master_key_wraps_it(
    backend: Backend, vault: Vault, org_id: str
) -> None:
    sealed = await vault.seal(org_id, SECRET)
    await vault.keys.update_many({}, {"$set": {"masterKey": {"provider": "local"}}})
    changed = another_process(backend, vault, local_master_key(secrets.token_bytes(96)), MASTER_KEY)

    await changed.migrate()

    assert await changed.open(sealed) == SECRET
    assert [f"local:{key.master_key_id}" for key in await changed.list_keys()] == [MASTER_KEY.provider]
    await changed.close()


async def test_a_key_vault_that_does_not_answer_is_not_taken_for_a_lost_secret(vault: Vault, org_id: str) -> None:
    sealed = await vault.seal(org_id, SECRET)
    vault.master = MasterKeys(MasterKey(provider="kmip", access={"endpoint": "localhost:9"}))
    await vault.keys.update_many({}, {"$set": {"masterKey": {"provider": "kmip", "keyId": "1"}}})
    unreachable = Vault(vault.database.client, vault.database.name, vault.master)

    with pytest.raises(VaultUnavailable, match="localhost"):
        await unreachable.open(sealed)
    await unreachable.close()


async def test_trying_the_vault_out_needs_no_data_key_and_leaves_none(vault: Vault) -> None:
    await vault.try_out()

    assert await vault.list_keys() == []


async def test_trying_the_vault_out_finds_one_data_key_that_cannot_be_unwrapped(
    backend: Backend, vault: Vault, org_id: str
) -> None:
    other = another_process(backend, vault, local_master_key(secrets.token_bytes(96)))
    await other.seal(org_id, SECRET)
    await vault.seal(str(ObjectId()), SECRET)

    with pytest.raises(VaultUnavailable, match="CLOUDWATCHER_PREVIOUS_MASTER_KEY"):
        await vault.try_out()
    await other.close()


def test_a_master_key_of_the_wrong_size_is_refused_at_once(backend: Backend) -> None:
    with pytest.raises(Invalid, match="CLOUDWATCHER_KMS_"):
        Vault(backend.client, "vault_short", MasterKeys(local_master_key(b"short")))
