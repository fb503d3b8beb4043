"""The accesses of a review: who has which, and what was decided of it."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.user import people_by_id
from domain.facts.access_review import AccessDecision
from domain.facts.compliance import Integration

# Of one review; who has more reviews system by system.
MOST_ITEMS = 50_000


class AccessReviewItem(TenantDocument):
    """One access. `integration`, `account`, `thing` and `person` are those of ReviewedAccess; of our own members
    the integration is PLATFORM, `person` the id of the user and `name` empty: people are named when they are read.

    `confirmed_at`: what was revoked is known to be gone.
    """

    noun: ClassVar[str] = "access"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "integration", "person", "name")

    review_id: PydanticObjectId
    position: int
    integration: Integration
    account: str
    account_name: str
    thing: str = ""
    thing_name: str = ""
    person: str
    name: str = ""
    email: str | None = None
    rights: str = ""
    is_decided: bool = False
    decision: AccessDecision | None = None
    note: str = ""
    decided_by: str | None = None
    decided_at: datetime | None = None
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None

    class Settings:
        name = "access_review_items"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("review_id", ASCENDING), ("position", ASCENDING), ("_id", ASCENDING)],
                name="org_review_position",
            ),
            # By a field of its own, because what is null cannot be read in order.
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("review_id", ASCENDING),
                    ("is_decided", ASCENDING),
                    ("position", ASCENDING),
                    ("_id", ASCENDING),
                ],
                name="org_review_decided",
            ),
            IndexModel(
                [
                    ("org_id", ASCENDING),
                    ("review_id", ASCENDING),
                    ("decision", ASCENDING),
                    ("position", ASCENDING),
                    ("_id", ASCENDING),
                ],
                name="org_review_decision",
            ),
        ]

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Members are named as they are called now."""
        own = [row for row in rows if row.integration == Integration.PLATFORM]
        people = await people_by_id({ObjectId(row.person) for row in own})
        for row in own:
            found = people.get(ObjectId(row.person))
            row.name = "Somebody who is gone" if found is None else found.name


async def replace_items(org_id: ObjectId, review_id: ObjectId, rows: Iterable[dict[str, Any]]) -> int:
    """Store these as all items of a review that nobody sees yet; returns how many."""
    of_review = {"org_id": org_id, "review_id": review_id}
    await AccessReviewItem.rows().delete_many(of_review)
    made = [AccessReviewItem(**of_review, position=number, **row) for number, row in enumerate(rows)]
    stored = [one.model_dump(exclude={"id", "revision_id"}) for one in made]
    if stored:
        await AccessReviewItem.rows().insert_many(stored, ordered=False)
    return len(stored)


async def items_by_id(
    org_id: ObjectId, review_id: ObjectId, ids: Collection[ObjectId], session: AsyncClientSession
) -> list[AccessReviewItem]:
    """Those of these items that are of the review."""
    query = {"_id": {"$in": list(ids)}, "org_id": org_id, "review_id": review_id}
    return [AccessReviewItem.stored(raw) async for raw in AccessReviewItem.rows().find(query, session=session)]


async def change_items(items: Sequence[AccessReviewItem], changes: dict[str, Any], session: AsyncClientSession) -> None:
    """Set these fields of the items."""
    ids = [item.id for item in items]
    await AccessReviewItem.rows().update_many({"_id": {"$in": ids}}, {"$set": changes}, session=session)
