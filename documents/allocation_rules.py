"""Versions of the rules by which costs are allocated; a version is never changed."""

from typing import ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument
from domain.allocation.rule import AllocationRule
from domain.errors import Conflict
from domain.facts.scope import Scope


class AllocationRules(TenantDocument):
    """All rules in the order they are looked at, as `saved_by` (an actor) saved them for `reason`.

    `version` counts the versions of an organization from 1; the highest is in force.
    """

    noun: ClassVar[str] = "set of allocation rules"

    version: int
    rules: list[AllocationRule] = Field(default_factory=list)
    saved_by: str
    reason: str = ""

    class Settings:
        name = "allocation_rules"
        indexes = [
            IndexModel([("org_id", DESCENDING), ("version", DESCENDING)], unique=True, name="org_version"),
            IndexModel([("org_id", DESCENDING), ("version", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
        ]


async def rules_in_force(scope: Scope, *, session: AsyncClientSession | None = None) -> AllocationRules | None:
    """The newest version of the one organization in scope, None before the first was saved."""
    raw = await AllocationRules.rows().find_one(
        AllocationRules.within(scope), sort=[("version", DESCENDING)], session=session
    )
    return None if raw is None else AllocationRules.stored(raw)


async def rules_of_version(scope: Scope, version: int) -> AllocationRules | None:
    """That version; None for 0, which stands for no rules at all."""
    return await AllocationRules.find_in(scope, {"version": version})


async def save_rules(
    rules: AllocationRules, expected_version: int | None, scope: Scope, session: AsyncClientSession
) -> AllocationRules:
    """Store the next version; `expected_version` is that in force, 0 for none, None when the caller does not mind.

    Raises Conflict when another version is in force, or is saved at the same moment.
    """
    current = await rules_in_force(scope, session=session)
    newest = current.version if current else 0
    if expected_version not in (None, newest):
        raise Conflict(
            f"Version {newest} of the rules was saved in the meantime: look at it, then save yours again.",
            path=("input", "expectedVersion"),
            current=current,
        )
    rules.id, rules.version = ObjectId(), newest + 1  # type: ignore[assignment]  # beanie has its own id
    try:
        return await rules.add(session)
    except DuplicateKeyError as error:
        raise Conflict("Other rules were saved at the same moment: look at them, then save yours again.") from error
