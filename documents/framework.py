"""Frameworks of an organization's own, beside those that come with the product."""

from collections.abc import Mapping
from typing import Any, ClassVar

from bson import ObjectId
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.compliance import framework as facts
from domain.compliance.frameworks import all_frameworks, find_framework
from domain.errors import Conflict, Invalid, NotFound

MOST_FRAMEWORKS = 20


class Framework(TenantDocument):
    """`key` is the id of `content`, by which people name it; no framework of the product has it."""

    noun: ClassVar[str] = "framework"

    key: str
    content: facts.Framework
    version: int = 1

    class Settings:
        name = "frameworks"
        indexes = [IndexModel([("org_id", ASCENDING), ("key", ASCENDING)], unique=True, name="org_key")]


async def own_frameworks(org_id: ObjectId, session: AsyncClientSession | None = None) -> list[Framework]:
    """The organization's own, by key."""
    found = Framework.rows().find({"org_id": org_id}, session=session).sort([("key", ASCENDING)])
    return [Framework.stored(raw) async for raw in found.limit(MOST_FRAMEWORKS)]


async def frameworks_of(org_id: ObjectId, session: AsyncClientSession | None = None) -> list[facts.Framework]:
    """All that the organization can be held against: those of the product, then its own."""
    return [*all_frameworks(), *(own.content for own in await own_frameworks(org_id, session))]


async def framework_of(org_id: ObjectId, key: str, session: AsyncClientSession | None = None) -> facts.Framework:
    """The framework with this id. Raises NotFound, also for one of another organization."""
    return find_framework(key) or (await own_framework(org_id, key, session)).content


async def own_framework(org_id: ObjectId, key: str, session: AsyncClientSession | None = None) -> Framework:
    """The organization's own framework with this id. Raises NotFound."""
    raw = await Framework.rows().find_one({"org_id": org_id, "key": key}, session=session)
    if raw is None:
        raise NotFound.of(Framework.noun)
    return Framework.stored(raw)


async def add_framework(org_id: ObjectId, content: facts.Framework, session: AsyncClientSession) -> Framework:
    """Store a new framework. Raises Conflict for an id that is taken, Invalid where there are too many."""
    taken = {"org_id": org_id, "key": content.id}
    if find_framework(content.id) or await Framework.rows().find_one(taken, {"_id": 1}, session=session):
        raise Conflict(f"There is a framework {content.id} already: choose another id.", path=("input",))
    if await Framework.rows().count_documents({"org_id": org_id}, session=session) >= MOST_FRAMEWORKS:
        raise Invalid(f"You have {MOST_FRAMEWORKS} frameworks of your own, which is the most: delete one first.")
    framework = Framework(org_id=org_id, key=content.id, content=content)
    await framework.insert(session=session)
    return framework


async def replace_framework(
    current: Framework, content: facts.Framework, expected_version: int | None, session: AsyncClientSession
) -> Framework:
    """The framework with this content instead. Raises Invalid for another id, Conflict for another version."""
    if content.id != current.key:
        raise Invalid(f"This is {content.id}, not {current.key}: an id stays.", path=("input", "content"))
    raw = await Framework.rows().find_one_and_update(
        _at(current, expected_version),
        {"$set": {"content": _stored(content)}, "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise _changed()
    return Framework.stored(raw)


async def delete_framework(current: Framework, expected_version: int | None, session: AsyncClientSession) -> None:
    """Delete it. Its scores of the past stay. Raises Conflict for another version."""
    if not (await Framework.rows().delete_one(_at(current, expected_version), session=session)).deleted_count:
        raise _changed()


def _at(current: Framework, expected_version: int | None) -> Mapping[str, Any]:
    return {"_id": current.id, "version": expected_version or current.version}


def _stored(content: facts.Framework) -> dict[str, Any]:
    return content.model_dump(mode="json")


def _changed() -> Conflict:
    return Conflict("The framework was changed in the meantime: look at it again.", path=("input", "expectedVersion"))
