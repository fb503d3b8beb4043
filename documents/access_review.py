"""Reviews of who has access: opened for a time, decided by named people, and closed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.compliance.falling_due import LONGEST_NOTICE
from domain.errors import Conflict
from domain.facts.access_review import ReviewState


class AccessReview(TenantDocument):
    """A review that is to be done by `due_at`. Only the people of `reviewer_ids` (users) decide.

    `listed_at` is when who has access was taken down, None while it is; `unread` are the accounts of which it could not
    be, with why. `items_decided` of `items_total` are decided. `closed_at`: completed or given up.
    """

    noun: ClassVar[str] = "access review"

    name: str
    reviewer_ids: list[PydanticObjectId]
    opened_by: str
    opened_at: datetime
    due_at: datetime
    state: ReviewState = ReviewState.LISTING
    listed_at: datetime | None = None
    unread: list[str] = Field(default_factory=list)
    items_total: int = 0
    items_decided: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None
    version: int = 1

    class Settings:
        name = "access_reviews"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("opened_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]


async def change_review(
    review: AccessReview,
    changes: Mapping[str, Any],
    session: AsyncClientSession,
    *,
    states: Sequence[ReviewState],
    decided: int = 0,
    expected_version: int | None = None,
) -> AccessReview:
    """The review with these fields changed and so many items more decided.

    Raises Conflict when it is in another version, or in none of these states.
    """
    where = {"_id": review.id, "state": {"$in": [state.value for state in states]}}
    raw = await AccessReview.rows().find_one_and_update(
        where if expected_version is None else {**where, "version": expected_version},
        {"$set": dict(changes), "$inc": {"version": 1, "items_decided": decided}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        told = f"The access review is {review.state.lower()}, or was changed in the meantime: look at it again."
        raise Conflict(told, current=review)
    return AccessReview.stored(raw)


async def due_reviews(at: datetime) -> list[AccessReview]:
    """Those of all organizations that are under way and due within two weeks, or should be done."""
    query = {"closed_at": None, "due_at": {"$lte": at + LONGEST_NOTICE}}
    return [AccessReview.stored(raw) async for raw in AccessReview.rows().find(query).sort("due_at", 1)]
