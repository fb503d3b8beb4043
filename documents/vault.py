"""Secrets at rest: client-side field level encryption with one data key per organization. Plain text never is stored.

Source: MongoDB client-side field level encryption, explicit encryption, AEAD_AES_256_CBC_HMAC_SHA_512-Random.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bson import Binary, CodecOptions
from bson.binary import STANDARD
from pymongo import ASCENDING, AsyncMongoClient
from pymongo.asynchronous.encryption import AsyncClientEncryption
from pymongo.errors import ConfigurationError, DuplicateKeyError, EncryptionError
from pymongo.read_concern import ReadConcern
from pymongocrypt.errors import MongoCryptError

from documents.data_key import DESCRIPTION, DataKey, data_key, key_id_of, retired_names
from documents.master_key import UNNAMED_LOCAL, MasterKey, MasterKeys
from domain.errors import CloudWatcherError, Invalid

KEY_VAULT = "key_vault"
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
# An unwrapped data key is kept in memory this long, so that not every secret costs a call of the key service.
KEY_KEPT_MS = 60_000
# A key service that does not answer must not keep a process from ending.
CLOSES_WITHIN = 10.0
_TRIAL = "trial"
# What libmongocrypt says of a cipher text, or of a wrapped key, that was changed or belongs to another key.
_NOT_AUTHENTIC = "HMAC validation failure"
_NO_KEY = "not all keys requested were satisfied"


class SecretLost(CloudWatcherError):
    """A stored secret cannot be read: its key is gone or another one is in use."""


class VaultUnavailable(CloudWatcherError):
    """The key service, or the key vault, does not answer or refuses: nothing is lost, try again later."""


class Vault:
    """The data keys are in the collection `key_vault`, each wrapped with one of the `master` keys."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str, master: MasterKeys) -> None:
        self.master = master
        self.database = client[database]
        # Without the majority a key could be found again that was shredded.
        self.keys = self.database.get_collection(KEY_VAULT, read_concern=ReadConcern("majority"))
        self._known = master.providers().keys()
        self._encryption = self._opened(master)
        self._under_way = 0

    async def migrate(self) -> None:
        """The unique index that keeps two processes from making two keys for one organization; names for old keys."""
        await self.keys.create_index(
            [("keyAltNames", ASCENDING)],
            unique=True,
            name="keyAltNames",
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )
        async for raw in self.keys.find({"masterKey.provider": UNNAMED_LOCAL}, {"_id": 1}):
            await self._adopt(raw["_id"])

    async def seal(self, owner_id: str, secret: str) -> bytes:
        """Cipher text that only this owner's data key opens; makes the key when it is the first secret.

        The owner is an organization, by id. Raises VaultUnavailable when the key service does not answer.
        """
        key_id = await self._key_id(owner_id)
        if key_id is None:
            await self.make_key(owner_id)
            key_id = await self._key_id(owner_id)
        if key_id is None:
            raise SecretLost("The key was deleted while the secret was sealed; nothing is stored.")
        return await self._sealed(key_id, secret)

    async def open(self, cipher: bytes) -> str:
        """The secret again. Raises SecretLost when its key is gone, VaultUnavailable when its master key cannot be had.

        Looks in the key vault each time, because the driver goes on for a minute with keys that it remembers.
        """
        key = await self.keys.find_one({"_id": key_id_of(cipher)}, {"masterKey.provider": 1})
        if key is None:
            raise SecretLost("A stored secret cannot be opened: its key was deleted.")
        self._check_known(key["masterKey"])
        with self._working():
            return str(await self._encryption.decrypt(Binary(cipher, 6)))

    async def reseal(self, owner_id: str, cipher: bytes) -> bytes:
        """The same secret under the owner's current key. Raises SecretLost when either key is gone: none is made."""
        secret = await self.open(cipher)
        key_id = await self._key_id(owner_id)
        if key_id is None:
            raise SecretLost("A stored secret cannot be sealed anew: its owner's key was deleted.")
        return await self._sealed(key_id, secret)

    async def shred(self, owner_id: str) -> int:
        """Delete the owner's data keys, those in rotation too: what was sealed with them is unreadable from now on.

        Returns how many there were.

        No process opens anything of the owner once this returns. This one forgets the keys at once; another still has
        an unwrapped key in its memory, unused, until it next works with secrets, a minute from when it read the key.
        """
        deleted = await self.keys.delete_many({"keyAltNames": {"$in": [owner_id, retired_names(owner_id)]}})
        # Calls under way hold on to the old one; it wipes its keys when the last of them has ended.
        self._encryption = self._opened(self.master)
        return deleted.deleted_count

    async def list_keys(self) -> list[DataKey]:
        """Every data key, oldest first, without its material."""
        found = self.keys.find({"keyAltNames": {"$exists": True}}, DESCRIPTION, sort=[("creationDate", ASCENDING)])
        return [data_key(raw) async for raw in found]

    async def make_key(self, owner_id: str) -> None:
        """A new data key for this owner, unless there is a current one. Raises VaultUnavailable."""
        current = self.master.current
        with self._working():
            try:
                await self._encryption.create_data_key(current.provider, dict(current.place) or None, [owner_id])
            except EncryptionError as error:
                if not isinstance(error.cause, DuplicateKeyError):  # another process was faster
                    raise

    async def rewrap_key(self, key_id: Binary) -> None:
        """Wrap one data key with the current master key. Raises SecretLost, VaultUnavailable."""
        current = self.master.current
        with self._working():
            await self._encryption.rewrap_many_data_key({"_id": key_id}, current.provider, dict(current.place) or None)

    async def try_out(self) -> None:
        """Use each master key once: unwrap one of its data keys. Raises SecretLost, VaultUnavailable.

        A current master key that has wrapped nothing yet wraps a data key for the trial, which is deleted again.
        """
        keys = await self.list_keys()
        by_master = {tuple(sorted(key.wrapped_by.items())): key for key in keys}
        for key in by_master.values():
            self._check_known(key.wrapped_by)
            await self._sealed(key.id, "trial")
        if any(self.master.current.wraps(key.wrapped_by) for key in keys):
            return
        try:
            await self.seal(_TRIAL, "trial")
        finally:
            await self.shred(_TRIAL)

    async def close(self) -> None:
        """Wait for calls under way: the library lets go of its memory even in the middle of one, and crashes."""
        deadline = time.monotonic() + CLOSES_WITHIN
        while self._under_way and time.monotonic() < deadline:  # noqa: ASYNC110 - the count is of many calls
            await asyncio.sleep(0.01)
        if not self._under_way:
            await self._encryption.close()

    @contextmanager
    def _working(self) -> Iterator[None]:
        self._under_way += 1
        try:
            with _explained():
                yield
        finally:
            self._under_way -= 1

    def _check_known(self, wrapped_by: Mapping[str, Any]) -> None:
        if (provider := wrapped_by["provider"]) not in self._known:
            raise VaultUnavailable(
                f"A data key is wrapped by {provider}, which is not among the master keys set here. Set "
                "CLOUDWATCHER_PREVIOUS_MASTER_KEY or CLOUDWATCHER_PREVIOUS_KMS_PROVIDER, and rewrap the keys."
            )

    async def _key_id(self, owner_id: str) -> Binary | None:
        # Not by name: the driver remembers for a minute which key a name meant, and would go on with a retired one.
        found: Mapping[str, Any] | None = await self.keys.find_one({"keyAltNames": owner_id}, {"_id": 1})
        return None if found is None else found["_id"]

    async def _sealed(self, key_id: Binary, secret: str) -> bytes:
        with self._working():
            return bytes(await self._encryption.encrypt(secret, ALGORITHM, key_id=key_id))

    def _opened(self, master: MasterKeys) -> AsyncClientEncryption[dict[str, Any]]:
        try:
            return AsyncClientEncryption(
                kms_providers=master.providers(),
                key_vault_namespace=f"{self.database.name}.{KEY_VAULT}",
                key_vault_client=self.database.client,
                codec_options=CodecOptions(uuid_representation=STANDARD),
                kms_tls_options=master.tls_options(),
                key_expiration_ms=KEY_KEPT_MS,
            )
        except (MongoCryptError, ConfigurationError) as error:
            raise Invalid(f"The master key cannot be used; mend the CLOUDWATCHER_KMS_ settings: {error}") from error

    async def _adopt(self, key_id: Binary) -> None:
        """Find out which of our master keys wraps a data key that only says "local", and write it down."""
        for candidate in self.master.of_our_own:
            if await self._adopted(key_id, candidate):
                return

    async def _adopted(self, key_id: Binary, candidate: MasterKey) -> bool:
        async with self._opened(MasterKeys(candidate)) as encryption:
            try:
                await encryption.rewrap_many_data_key({"_id": key_id}, candidate.provider)
            except EncryptionError as error:
                if _NOT_AUTHENTIC not in str(error):
                    raise
                return False
            return True


@contextmanager
def _explained() -> Iterator[None]:
    """The driver's one error for everything, told apart into what is lost and what may work again later."""
    try:
        yield
    except EncryptionError as error:
        if _NOT_AUTHENTIC in str(error):
            raise SecretLost(
                "A stored secret cannot be opened: it was changed, or the master key was replaced."
            ) from error
        if _NO_KEY in str(error):  # deleted since it was looked for
            raise SecretLost("A stored secret cannot be opened: its key was deleted.") from error
        raise VaultUnavailable(f"The key service or the key vault did not serve: {error}") from error
