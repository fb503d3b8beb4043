"""What a provider sees of its clients: their names and who of it works there. Nothing of what is the clients' own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from beanie import Document, PydanticObjectId
from bson import ObjectId

from documents.base import utc_now
from documents.client_access import ClientAccess, open_accesses
from documents.organization import Organization
from documents.page import Keyset, Page, read_page
from documents.reading import Reading
from documents.user import Person, people_by_id
from domain.errors import NotFound
from domain.facts.scope import Scope


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in clients with the person's name; `client_ids` is None for all."""

    id: ObjectId
    user: Person
    reason: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    client_ids: list[PydanticObjectId] | None


@dataclass(frozen=True, slots=True)
class Client:
    """A company as its provider lists it; `stays` are those under way in it."""

    id: ObjectId
    name: str
    created_at: datetime
    deleted_at: datetime | None
    stays: list[Stay]


class _OfProvider:
    """Pages through rows by the provider in their `msp_id`; the scope holds providers."""

    document: type[Document]

    async def page_in(
        self,
        scope: Scope,
        filter: Mapping[str, Any],
        keyset: Keyset,
        *,
        first: int,
        after: Sequence[Any] | None = None,
        reading: Reading | None = None,
    ) -> Page[Any]:
        """As TenantDocument.page_in does; whole rows, whatever `reading` says."""
        collection = self.document.get_pymongo_collection()
        raws = await read_page(collection, [_within(scope)], filter, keyset, first=first, after=after, projection=None)
        return Page(rows=await self.rows(raws[:first]), has_next=len(raws) > first)

    async def count_in(self, scope: Scope, filter: Mapping[str, Any], *, cap: int) -> int:
        """As TenantDocument.count_in does."""
        collection = self.document.get_pymongo_collection()
        return await collection.count_documents({**filter, **_within(scope)}, limit=cap)

    async def rows(self, raws: list[dict[str, Any]]) -> list[Any]:
        """What is shown of these raw documents, in their order."""
        raise NotImplementedError


class Clients(_OfProvider):
    """The companies of the providers in scope, as `Client`."""

    document = Organization

    async def rows(self, raws: list[dict[str, Any]]) -> list[Any]:
        """Companies with who works in them now."""
        accesses = await open_accesses({raw["msp_id"] for raw in raws}, utc_now())
        stays = dict(zip((access.id for access in accesses), await stays_of(accesses), strict=True))
        return [
            Client(
                id=raw["_id"],
                name=raw["name"],
                created_at=raw["created_at"],
                deleted_at=raw.get("deleted_at"),
                stays=[stays[access.id] for access in accesses if _is_in(access, raw)],
            )
            for raw in raws
        ]


class ClientAccesses(_OfProvider):
    """The stays of the providers' people, as `Stay`."""

    document = ClientAccess

    async def rows(self, raws: list[dict[str, Any]]) -> list[Any]:
        """Stays with the names of the people."""
        return await stays_of([ClientAccess.model_validate(raw) for raw in raws])


async def stays_of(accesses: Sequence[ClientAccess]) -> list[Stay]:
    """The stays with the people's names, in their order."""
    people = await people_by_id({access.user_id for access in accesses})
    return [
        Stay(
            id=ObjectId(access.id),
            user=people.get(access.user_id) or Person.gone(access.user_id),
            reason=access.reason,
            created_at=access.created_at,
            expires_at=access.expires_at,
            ended_at=access.ended_at,
            client_ids=access.client_ids,
        )
        for access in accesses
    ]


async def checked_clients(msp_id: PydanticObjectId, ids: Collection[str]) -> list[PydanticObjectId]:
    """The ids (24 hex digits) of companies that this provider manages. Raises NotFound when any is not one."""
    wanted = [PydanticObjectId(id) for id in ids if ObjectId.is_valid(id)]
    query = {"_id": {"$in": wanted}, "msp_id": msp_id, "deleted_at": None}
    rows = Organization.get_pymongo_collection().find(query, {"_id": 1})
    found = [raw["_id"] async for raw in rows]
    if len(found) < len(set(ids)):
        raise NotFound.of("client")
    return found


def _within(scope: Scope) -> dict[str, Any]:
    ids = [ObjectId(id) for id in sorted(scope.org_ids)]
    return {"msp_id": ids[0] if len(ids) == 1 else {"$in": ids}}


def _is_in(access: ClientAccess, raw: Mapping[str, Any]) -> bool:
    return access.msp_id == raw["msp_id"] and (access.client_ids is None or raw["_id"] in access.client_ids)
