"""Objects of a bucket of S3, read with the account's own credentials.

Source: S3 API reference, ListObjectsV2 and GetObject (Range, If-Match).
"""

from collections.abc import AsyncIterator

from connectors.clouds.aws import fields, session
from connectors.reading.listing import Operation, Place
from domain.costs.delivery import StoredObject
from domain.errors import Misshapen

LIST = Operation(
    name="s3.list_objects_v2", service="s3", permissions=("s3:ListBucket",), options={"may_be_empty": True}
)
GET = Operation(
    name="s3.get_object",
    service="s3",
    permissions=("s3:GetObject",),
    absent=frozenset({"NoSuchKey", "PreconditionFailed", "412", "InvalidRange"}),
)


class S3Objects:
    """One bucket. `place` names its region, None where the account is read."""

    service = "s3"

    def __init__(self, source: session.AwsSource, place: Place, bucket: str) -> None:
        self._source, self._place, self._bucket = source, place, bucket

    async def listed(self, prefix: str) -> AsyncIterator[StoredObject]:
        """All objects whose keys begin so. Raises ProviderError."""
        async for page in self._source.pages(LIST, self._place, {"Bucket": self._bucket, "Prefix": prefix}):
            for found in page.get("Contents") or []:
                modified_at = fields.utc(found.get("LastModified"))
                if modified_at is None or "Key" not in found or "ETag" not in found:
                    message = f"{self._source.endpoint} does not list objects the way AWS does."
                    raise Misshapen(message, service=self.service)
                yield StoredObject(found["Key"], int(found.get("Size") or 0), found["ETag"], modified_at)

    async def part(self, one: StoredObject, start: int, length: int) -> bytes | None:
        """These bytes, None when the object is gone or another one. Raises ProviderError."""
        asked = {
            "Bucket": self._bucket,
            "Key": one.key,
            "Range": f"bytes={start}-{start + length - 1}",
            "IfMatch": one.etag,
        }
        return await self._source.content(GET, self._place, asked)
