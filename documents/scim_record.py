"""What directories keep here over SCIM: records with an external id and a version. Each is a document of its own."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field
from pymongo import ASCENDING
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from documents.idempotency import encoded
from domain.errors import NotFound
from domain.facts.scope import Scope


class ScimRecord(TenantDocument):
    """`external_id` is the directory's own id of it; `version` rises with every change and is the ETag."""

    external_id: str | None = None
    version: int = 1
    updated_at: datetime = Field(default_factory=utc_now)

    async def save_next(self, session: AsyncClientSession) -> Self:
        """Store the record as it stands, as its next version. Raises NotFound when it has gone or changed meanwhile."""
        key = {"_id": self.id, "org_id": self.org_id, "version": self.version}
        self.version += 1
        self.updated_at = utc_now()
        replaced = await type(self).rows().replace_one(key, encoded(self), session=session)
        if not replaced.matched_count:
            raise NotFound.of(self.noun)
        return self

    async def remove(self, session: AsyncClientSession) -> None:
        """Remove the record."""
        await type(self).rows().delete_one({"_id": self.id, "org_id": self.org_id}, session=session)

    @classmethod
    async def matching(cls, scope: Scope, query: dict[str, Any], *, skip: int, limit: int) -> tuple[int, list[Self]]:
        """(how many match, those after the first `skip`, `limit` at most), the oldest first. SCIM pages by number."""
        within = {**query, **cls.within(scope)}
        total = await cls.rows().count_documents(within)
        if limit == 0:
            return total, []
        cursor = cls.rows().find(within).sort([("_id", ASCENDING)]).skip(skip).limit(limit)
        return total, [cls.stored(raw) async for raw in cursor]
