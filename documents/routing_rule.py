"""A rule of who is told of which alerts, and its place among the rules of the organization."""

from collections.abc import Sequence
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.alerting.hours import WeeklyHours
from domain.alerting.rule import Afterwards, EscalationStep, Rule, Timing
from domain.errors import Conflict
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity

# More than that nobody understands, and every alert is held to each.
MOST_RULES = 100


class RoutingRule(TenantDocument):
    """`position` orders the rules, the first looked at first; the other fields are those of domain.alerting.rule."""

    noun: ClassVar[str] = "routing rule"

    name: str
    position: int
    is_enabled: bool = True
    severities: list[Severity] = Field(default_factory=list)
    at_least: Severity | None = None
    sources: list[AlertSource] = Field(default_factory=list)
    categories: list[AlertCategory] = Field(default_factory=list)
    account_ids: list[PydanticObjectId] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    hours: list[WeeklyHours] = Field(default_factory=list)
    channel_ids: list[PydanticObjectId] = Field(default_factory=list)
    afterwards: Afterwards = Afterwards.STOP
    delay_minutes: int = 0
    timing: Timing = Timing.IMMEDIATE
    digest_at: str = "08:00"
    zone: str = "UTC"
    escalations: list[EscalationStep] = Field(default_factory=list)
    version: int = 1

    class Settings:
        name = "routing_rules"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            IndexModel([("org_id", ASCENDING), ("position", ASCENDING), ("_id", ASCENDING)], name="org_position"),
        ]


def rule_fingerprint(rule_id: object) -> str:
    """Of the alert that a rule tells nobody."""
    return f"channels:rule:{rule_id}"


def as_rule(raw: dict[str, Any]) -> Rule:
    """The stored rule as domain/alerting takes it: ids are texts there."""
    ids = {name: [str(id) for id in raw[name]] for name in ("account_ids", "channel_ids")}
    return Rule.model_validate({**raw, **ids, "id": str(raw["_id"])})


async def rules_in_order(org_id: ObjectId, session: AsyncClientSession | None = None) -> list[dict[str, Any]]:
    """The stored rules of an organization, the first first."""
    order = [("position", ASCENDING), ("_id", ASCENDING)]
    return await RoutingRule.rows().find({"org_id": org_id}, sort=order, session=session).to_list()


async def add_rule(rule: RoutingRule, session: AsyncClientSession) -> RoutingRule:
    """Store a new rule behind the others. Raises Conflict when there are too many."""
    known = await rules_in_order(rule.org_id, session)
    if len(known) >= MOST_RULES:
        raise Conflict(f"There are {MOST_RULES} rules already: delete one, or join two.")
    rule.position = known[-1]["position"] + 1 if known else 0
    return await rule.add(session)


async def change_rule(
    rule: RoutingRule, changes: dict[str, Any], expected_version: int | None, session: AsyncClientSession
) -> RoutingRule:
    """The rule with these fields changed. Raises Conflict when it is not in the version the caller worked from."""
    raw = await RoutingRule.rows().find_one_and_update(
        {"_id": rule.id, "version": expected_version or rule.version},
        {"$set": changes, "$inc": {"version": 1}},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict(
            "The rule was changed in the meantime: look at it again.", path=("input", "expectedVersion"), current=rule
        )
    return RoutingRule.stored(raw)


async def move_rule(
    rule: RoutingRule, place: int, expected_version: int | None, session: AsyncClientSession
) -> RoutingRule:
    """Put the rule at this place, counted from 0, and the others behind it; the last, when there are fewer.

    Raises Conflict when it is not in the version the caller worked from.
    """
    others = [raw["_id"] for raw in await rules_in_order(rule.org_id, session) if raw["_id"] != rule.id]
    await _number(others[:place], 0, session)
    await _number(others[place:], min(place, len(others)) + 1, session)
    return await change_rule(rule, {"position": min(place, len(others))}, expected_version, session)


async def _number(ids: Sequence[ObjectId], first: int, session: AsyncClientSession) -> None:
    for position, id in enumerate(ids, first):
        await RoutingRule.rows().update_one({"_id": id}, {"$set": {"position": position}}, session=session)


async def delete_rule(rule: RoutingRule, expected_version: int | None, session: AsyncClientSession) -> None:
    """Delete the rule. Raises Conflict when it is not in the version the caller worked from."""
    gone = await RoutingRule.rows().delete_one(
        {"_id": rule.id, "version": expected_version or rule.version}, session=session
    )
    if not gone.deleted_count:
        raise Conflict(
            "The rule was changed in the meantime: look at it again.", path=("input", "expectedVersion"), current=rule
        )
