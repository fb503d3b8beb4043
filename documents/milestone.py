"""What a framework stood at when somebody kept it under a name, to be compared with later."""

from datetime import datetime
from typing import ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Invalid
from domain.facts.compliance import CheckStatus

MOST_MILESTONES = 500


class Milestone(TenantDocument):
    """`framework` is its id. `ratio` is the score, None where nothing counted; `statuses` are pairs of a requirement's
    id and what was said of it. `saved_by` is the actor.
    """

    noun: ClassVar[str] = "milestone"

    framework: str
    name: str
    note: str = ""
    saved_by: str
    saved_at: datetime
    ratio: float | None = None
    assessed: int = 0
    total: int = 0
    statuses: list[tuple[str, CheckStatus]] = Field(default_factory=list)

    class Settings:
        name = "milestones"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("saved_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel(
                [("org_id", ASCENDING), ("framework", ASCENDING), ("saved_at", DESCENDING), ("_id", DESCENDING)],
                name="org_framework_newest",
            ),
        ]


async def add_milestone(milestone: Milestone, session: AsyncClientSession) -> None:
    """Store it. Raises Invalid where there are too many."""
    query = {"org_id": ObjectId(str(milestone.org_id))}
    if await Milestone.rows().count_documents(query, limit=MOST_MILESTONES, session=session) >= MOST_MILESTONES:
        raise Invalid(f"There are {MOST_MILESTONES} milestones, which is the most: delete one first.")
    await milestone.insert(session=session)


async def delete_milestone(milestone: Milestone, session: AsyncClientSession) -> None:
    """Forget it."""
    await Milestone.rows().delete_one({"_id": milestone.id}, session=session)
