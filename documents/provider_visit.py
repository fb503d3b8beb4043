"""What a client keeps of a stay of its provider's people: who, why, from when to when. Nothing of other clients."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.audit import acting, current_act
from documents.base import TenantDocument
from documents.client_access import ClientAccess
from documents.organization import Organization
from documents.transaction import Transaction
from documents.user import add_people

# In one transaction; each locks the end of the client's audit log until it commits.
AT_ONCE = 20


class ProviderVisit(TenantDocument):
    """`org_id` is the client, `user_id` who was there. One for each stay and client."""

    noun: ClassVar[str] = "visit"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "user_id")

    user_id: PydanticObjectId
    access_id: PydanticObjectId
    reason: str
    expires_at: datetime
    ended_at: datetime | None = None

    class Settings:
        name = "provider_visits"
        indexes = [
            IndexModel([("access_id", ASCENDING), ("org_id", ASCENDING)], unique=True, name="access_org"),
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Each row has its `Person` in `user`."""
        await add_people(rows)


async def clients_of(access: ClientAccess) -> list[PydanticObjectId]:
    """Ids of the companies that the stay is in: those it names, or all that the provider manages now."""
    query: dict[str, Any] = {"msp_id": access.msp_id, "deleted_at": None}
    if access.client_ids is not None:
        query["_id"] = {"$in": access.client_ids}
    rows = Organization.get_pymongo_collection().find(query, {"_id": 1})
    return [raw["_id"] async for raw in rows]


async def not_told(access: ClientAccess, client_ids: Collection[PydanticObjectId]) -> list[PydanticObjectId]:
    """Those of these clients that keep nothing of the stay yet."""
    told = await _told(access, client_ids)
    return [id for id in client_ids if id not in told]


async def tell_clients(tx: Transaction, access: ClientAccess, client_ids: Collection[PydanticObjectId]) -> None:
    """Write the stay down in these clients, and in their audit logs; where it is already, nothing happens."""
    told = await _told(access, client_ids, tx.session)
    fresh = [id for id in client_ids if id not in told]
    visits = [_visit(access, id) for id in fresh]
    if visits:
        await ProviderVisit.rows().insert_many(visits, session=tx.session)
    with _for_provider(access):
        for id in fresh:
            after = {"reason": access.reason, "expires_at": access.expires_at}
            tx.audit(id, target=f"access:{access.id}", after=after)


async def open_visits(access: ClientAccess, *, limit: int = AT_ONCE) -> list[PydanticObjectId]:
    """Ids of clients in which the stay is not written down as over."""
    query = {"access_id": access.id, "ended_at": None}
    rows = ProviderVisit.rows().find(query, {"org_id": 1}, limit=limit)
    return [raw["org_id"] async for raw in rows]


async def end_visits(tx: Transaction, access: ClientAccess, client_ids: Collection[PydanticObjectId]) -> None:
    """Write down in these clients, and in their audit logs, that the stay is over."""
    query = {"access_id": access.id, "org_id": {"$in": list(client_ids)}, "ended_at": None}
    ended = [raw["org_id"] async for raw in ProviderVisit.rows().find(query, {"org_id": 1}, session=tx.session)]
    await ProviderVisit.rows().update_many(query, {"$set": {"ended_at": access.ended_at}}, session=tx.session)
    with _for_provider(access):
        for id in ended:
            after = {"reason": access.reason, "ended_at": access.ended_at}
            tx.audit(id, target=f"access:{access.id}", before={"reason": access.reason}, after=after)


async def _told(
    access: ClientAccess, client_ids: Collection[PydanticObjectId], session: AsyncClientSession | None = None
) -> set[ObjectId]:
    query = {"access_id": access.id, "org_id": {"$in": list(client_ids)}}
    return {raw["org_id"] async for raw in ProviderVisit.rows().find(query, {"org_id": 1}, session=session)}


def _visit(access: ClientAccess, client_id: PydanticObjectId) -> dict[str, Any]:
    return {
        "org_id": client_id,
        "user_id": access.user_id,
        "access_id": access.id,
        "reason": access.reason,
        "created_at": access.created_at,
        "expires_at": access.expires_at,
        "ended_at": None,
    }


@contextmanager
def _for_provider(access: ClientAccess) -> Iterator[None]:
    """Within, the act is one on behalf of the provider."""
    act = current_act.get()
    if act is None:
        raise RuntimeError("A stay is told to clients, and nobody acts: say who with documents.audit.acting.")
    with acting(replace(act, acting_for=f"organization:{access.msp_id}")):
        yield
