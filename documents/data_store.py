"""The inventory of data: which store holds what, for what purpose, and for how long."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order

# Pages are looked at once a day; the tick that asks for it comes each hour.
LOOK_AGAIN = timedelta(hours=23, minutes=30)
MOST_STORES = 1000


class PageLook(BaseModel):
    """The `hosts` a page called when it was last read, at `read_at`; `problem` is why it could not be read since."""

    url: str
    read_at: datetime | None = None
    hosts: list[str] = Field(default_factory=list)
    problem: str | None = None


class DataStore(TenantDocument, Entry):
    """`place` is where it is, such as an account and a resource. `retention_days` None: kept without a term.

    `patient_pages` are the addresses of pages on which patients enter or see what is in it; `looks` is what was seen
    there, also of pages that were taken off since, at `looked_at`.
    """

    noun: ClassVar[str] = "data store"

    name: str
    place: str
    labels: list[str] = Field(default_factory=list)
    owner_id: PydanticObjectId
    purpose: str
    retention_days: int | None = None
    patient_pages: list[str] = Field(default_factory=list)
    looks: list[PageLook] = Field(default_factory=list)
    looked_at: datetime | None = None

    class Settings:
        name = "data_stores"
        indexes = [
            in_order(),
            IndexModel(
                [("looked_at", ASCENDING)],
                name="looks",
                partialFilterExpression={"patient_pages.0": {"$exists": True}},
            ),
        ]

    def look_at(self, url: str) -> PageLook:
        """What was last seen of a page; nothing yet where it is new."""
        return next((look for look in self.looks if look.url == url), PageLook(url=url))


async def stores_to_look_at(at: datetime) -> list[tuple[ObjectId, ObjectId]]:
    """Stores of all organizations whose pages were not looked at for a day, each with its organization's id; those
    first that have waited longest, no more than one tick asks for.
    """
    query = {
        "retired_at": None,
        "patient_pages.0": {"$exists": True},
        "looked_at": {"$not": {"$gte": at - LOOK_AGAIN}},  # or never
    }
    found = DataStore.rows().find(query, {"org_id": 1}).sort("looked_at", ASCENDING).limit(MOST_STORES)
    return [(raw["org_id"], raw["_id"]) async for raw in found]


async def record_looks(store: DataStore, looks: Sequence[PageLook], at: datetime, session: AsyncClientSession) -> None:
    """Note what was seen. It is no change of the entry, whose version stays."""
    told: dict[str, Any] = {"looks": [look.model_dump() for look in looks], "looked_at": at}
    await DataStore.rows().update_one({"_id": store.id}, {"$set": told}, session=session)
