"""A rule of an organization that says which alerts become a ticket in Jira, where, and what it says."""

from collections.abc import Mapping
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.errors import Conflict
from domain.facts.severity import Severity
from domain.ticketing.matching import TicketMatch

# An organization has a handful; each alert is held against all of them.
MOST_RULES = 200


class TicketRule(TenantDocument):
    """The first rule that matches an alert, by age, makes its ticket. `account_id` is the connected account of Jira.

    `summary` and `description` are templates of `documents.ticket_template`, None for our own. `priorities` are the
    names of Jira's priorities by severity. `fields` are further fields of the project by Jira's own name.
    """

    noun: ClassVar[str] = "ticket rule"

    name: str
    account_id: PydanticObjectId
    project: str
    issue_type: str
    match: TicketMatch = Field(default_factory=TicketMatch)
    summary: str | None = None
    description: str | None = None
    labels: list[str] = Field(default_factory=list)
    priorities: dict[Severity, str] = Field(default_factory=dict)
    fields: dict[str, Any] = Field(default_factory=dict)
    is_paused: bool = False
    version: int = 1

    class Settings:
        name = "ticket_rules"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            # The order of the list; MongoDB does not conclude from the unique one that no tie is left to break.
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]


async def active_rules(org_id: ObjectId, session: AsyncClientSession | None = None) -> list[TicketRule]:
    """The rules of an organization that are not paused, the oldest first."""
    query = {"org_id": org_id, "is_paused": False}
    rows = await TicketRule.rows().find(query, session=session).limit(MOST_RULES).to_list()
    return [TicketRule.stored(raw) for raw in sorted(rows, key=lambda raw: raw["_id"])]


async def change_rule(
    rule: TicketRule, changes: Mapping[str, Any], expected_version: int | None, session: AsyncClientSession
) -> TicketRule:
    """The rule with these stored fields changed. Raises Conflict when it has another version by now."""
    raw = await TicketRule.rows().find_one_and_update(
        {"_id": rule.id, "version": expected_version or rule.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise Conflict(
            "Somebody else has changed this rule: look at it again.", path=("input", "expectedVersion"), current=rule
        )
    return TicketRule.stored(raw)


async def delete_rule(rule: TicketRule, session: AsyncClientSession) -> None:
    """Forget the rule. The tickets it made stay, and are kept in step."""
    await TicketRule.rows().delete_one({"_id": rule.id}, session=session)
