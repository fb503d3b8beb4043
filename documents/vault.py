"""Secrets at rest: client-side field level encryption with one data key per organization. Plain text never is stored.

Source: MongoDB client-side field level encryption, explicit encryption, AEAD_AES_256_CBC_HMAC_SHA_512-Random.
"""

from typing import Any

from bson import Binary, CodecOptions
from bson.binary import STANDARD
from pymongo import ASCENDING, AsyncMongoClient
from pymongo.asynchronous.encryption import AsyncClientEncryption
from pymongo.errors import EncryptionError

from domain.errors import CloudWatcherError

KEY_VAULT = "key_vault"
ALGORITHM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"


class SecretLost(CloudWatcherError):
    """A stored secret cannot be read: its key is gone or another one is in use."""


class Vault:
    """`master_key` is 96 random bytes for the local KMS provider; keep it outside of the database."""

    def __init__(self, client: AsyncMongoClient[dict[str, Any]], database: str, master_key: bytes) -> None:
        self._keys = client[database][KEY_VAULT]
        self._encryption: AsyncClientEncryption[dict[str, Any]] = AsyncClientEncryption(
            kms_providers={"local": {"key": master_key}},
            key_vault_namespace=f"{database}.{KEY_VAULT}",
            key_vault_client=client,
            codec_options=CodecOptions(uuid_representation=STANDARD),
        )

    async def migrate(self) -> None:
        """The unique index that keeps two processes from making two keys for one organization."""
        await self._keys.create_index(
            [("keyAltNames", ASCENDING)],
            unique=True,
            name="keyAltNames",
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )

    async def seal(self, org_id: str, secret: str) -> bytes:
        """Cipher text that only this organization's data key opens; makes the key when it is the first secret."""
        await self._ensure_key(org_id)
        sealed = await self._encryption.encrypt(secret, ALGORITHM, key_alt_name=org_id)
        return bytes(sealed)

    async def open(self, cipher: bytes) -> str:
        """The secret again. Raises SecretLost when the key is gone or the master key is another."""
        try:
            return str(await self._encryption.decrypt(Binary(cipher, 6)))
        except EncryptionError as error:
            raise SecretLost(
                "A stored secret cannot be opened: its key was deleted or the master key was replaced."
            ) from error

    async def shred(self, org_id: str) -> None:
        """Delete the organization's data key: everything sealed with it is unreadable from then on."""
        await self._keys.delete_one({"keyAltNames": org_id})

    async def close(self) -> None:
        await self._encryption.close()

    async def _ensure_key(self, org_id: str) -> None:
        if await self._encryption.get_key_by_alt_name(org_id) is not None:
            return
        try:
            await self._encryption.create_data_key("local", key_alt_names=[org_id])
        except EncryptionError:
            # Another process made it in between; anything else shows when the key is used.
            if await self._encryption.get_key_by_alt_name(org_id) is None:
                raise
