"""Public pages an organization has declared, and what they answered when they were last fetched."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field
from pymongo import ASCENDING, IndexModel

from documents.base import TenantDocument
from documents.register_entry import Entry, in_order
from domain.facts.register import PagePurpose

# The controls look once a day; what did not answer as it should is looked at again soon.
FETCHED_EVERY, FETCHED_AGAIN = timedelta(hours=12), timedelta(minutes=30)
OK = 200
# What is told of another address says nothing of this one.
NEVER_FETCHED: Mapping[str, Any] = {
    **dict.fromkeys(("fetched_at", "status_code", "body_sha256", "security_txt_expires")),
    "is_tls": False,
    "sections": [],
}


class PublicPage(TenantDocument, Entry):
    """`last_reviewed_at` is when a member last said that they have read it, `approved_sha256` the text to find there.

    The rest is what was answered at `fetched_at` (None: it was not fetched yet), see
    `domain.compliance.own_records.HttpProbe`. It is fetched next at `due_at`.
    """

    noun: ClassVar[str] = "public page"

    url: str
    purpose: PagePurpose
    last_reviewed_at: datetime | None = None
    approved_sha256: str | None = None
    fetched_at: datetime | None = None
    due_at: datetime
    status_code: int | None = None
    is_tls: bool = False
    body_sha256: str | None = None
    sections: list[str] = Field(default_factory=list)
    security_txt_expires: datetime | None = None

    class Settings:
        name = "public_pages"
        indexes = [in_order(), IndexModel([("retired_at", ASCENDING), ("due_at", ASCENDING)], name="due")]


async def due_pages(at: datetime, most: int) -> list[PublicPage]:
    """Pages of all organizations that are to be fetched, those first that have waited longest."""
    query = {"retired_at": None, "due_at": {"$lte": at}}
    found = PublicPage.rows().find(query).sort("due_at", ASCENDING).limit(most)
    return [PublicPage.stored(raw) async for raw in found]


async def note_answer(page: PublicPage, answer: Mapping[str, Any], at: datetime) -> bool:
    """Keep what the page has answered, unless it is another by now. Returns whether the answer is a new one."""
    before = {name: getattr(page, name) for name in answer}
    due_at = at + (FETCHED_EVERY if answer["status_code"] == OK else FETCHED_AGAIN)
    fields = {**answer, "fetched_at": at, "due_at": due_at}
    same = {"_id": page.id, "url": page.url, "purpose": page.purpose.value}
    done = await PublicPage.rows().update_one(same, {"$set": fields})
    return bool(done.matched_count) and (page.fetched_at is None or before != answer)
