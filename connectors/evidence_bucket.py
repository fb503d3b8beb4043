"""Packs of evidence in a bucket with Object Lock, of S3 or of whatever speaks like it: nobody can delete them in time.

Source: S3 API reference, PutObject (ObjectLockMode, ChecksumSHA256), PutObjectRetention, GetObject.
"""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from domain.errors import NotFound, Unavailable

SERVICE = "evidence bucket"
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
GONE = ("NoSuchKey", "404")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceBucket:
    """`mode` is COMPLIANCE or GOVERNANCE; packs of fewer than `from_bytes` bytes stay in MongoDB.

    `endpoint` None is AWS; keys None are the process's own (environment, profile, instance role).
    """

    name: str
    region: str | None = None
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretStr | None = None
    mode: str = "COMPLIANCE"
    from_bytes: int = 0

    def takes(self, size: int) -> bool:
        return size >= self.from_bytes

    async def put(self, key: str, data: bytes, until: datetime) -> None:
        """Store it, locked until then. The bucket checks on arrival that it is what was sent. Raises Unavailable."""
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        async with self._client() as client:
            await client.put_object(
                Bucket=self.name,
                Key=key,
                Body=data,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
                ObjectLockMode=self.mode,
                ObjectLockRetainUntilDate=until,
            )

    async def keep(self, key: str, until: datetime) -> None:
        """Lock it for longer. Raises Unavailable, also when it is gone."""
        async with self._client() as client:
            retention = {"Mode": self.mode, "RetainUntilDate": until}
            await client.put_object_retention(Bucket=self.name, Key=key, Retention=retention)

    async def get(self, key: str) -> bytes:
        """What is stored. Raises NotFound, and Unavailable."""
        try:
            async with self._client() as client:
                answer = await client.get_object(Bucket=self.name, Key=key)
                async with answer["Body"] as body:
                    data: bytes = await body.read()
                    return data
        except Unavailable as error:
            if isinstance(error.__cause__, ClientError) and error.__cause__.response["Error"]["Code"] in GONE:
                raise NotFound.of("evidence") from error
            raise

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        secret = self.secret_access_key
        session = aioboto3.Session(self.access_key_id, secret.get_secret_value() if secret else None)
        try:
            async with session.client("s3", self.region, endpoint_url=self.endpoint, config=CONFIG) as client:
                yield client
        except (BotoCoreError, ClientError, OSError) as error:
            message = f"The evidence bucket {self.name} cannot be used: {error}"
            raise Unavailable(message, service=SERVICE) from error
