"""What an organization has chosen for a rule: values of its parameters, and whether it is on at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from documents.base import TenantDocument, utc_now
from documents.transaction import Transaction
from domain.errors import Conflict
from domain.facts import topic
from domain.rules.registry import all_rules
from domain.rules.rule import Rule, Setting
from domain.rules.setting import chosen_of


class RuleSetting(TenantDocument):
    """`parameters` are the chosen values by name; what is not in it is at its default. `changed_by` is kind:id.

    `version` 0: nothing was chosen yet, and nothing is stored.
    """

    noun: ClassVar[str] = "setting of a rule"

    rule_id: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    is_enabled: bool = True
    changed_by: str | None = None
    changed_at: datetime | None = None
    version: int = 0

    class Settings:
        name = "rule_settings"
        indexes = [IndexModel([("org_id", ASCENDING), ("rule_id", ASCENDING)], unique=True, name="org_rule")]

    def chosen(self, rule: Rule) -> dict[str, Setting]:
        """The values by which the rule judges other than by default."""
        return chosen_of(rule, self.parameters)


@dataclass(frozen=True, slots=True)
class Choices:
    """What judging needs of the settings: `chosen` is rule id -> parameter -> value, `off` are ids of rules."""

    chosen: dict[str, dict[str, Setting]]
    off: frozenset[str]


async def rule_settings(org_id: ObjectId, session: AsyncClientSession | None = None) -> dict[str, RuleSetting]:
    """Those that the organization has stored, by the id of the rule."""
    rows = RuleSetting.rows().find({"org_id": org_id}, session=session)
    return {raw["rule_id"]: RuleSetting.stored(raw) async for raw in rows}


async def choices(org_id: ObjectId) -> Choices:
    """What the organization has chosen for rules there still are."""
    stored = await rule_settings(org_id)
    of_rules = {rule.id: stored[rule.id].chosen(rule) for rule in all_rules() if rule.id in stored}
    off = frozenset(rule_id for rule_id, setting in stored.items() if not setting.is_enabled)
    return Choices({rule_id: chosen for rule_id, chosen in of_rules.items() if chosen}, off)


async def rule_setting(org_id: ObjectId, rule_id: str, session: AsyncClientSession | None = None) -> RuleSetting:
    """That of the rule, or the one everybody begins with."""
    raw = await RuleSetting.rows().find_one({"org_id": org_id, "rule_id": rule_id}, session=session)
    if raw is None:
        return RuleSetting(org_id=org_id, rule_id=rule_id, created_at=utc_now())
    return RuleSetting.stored(raw)


async def change_rule_setting(
    tx: Transaction, current: RuleSetting, changes: Mapping[str, Any], *, by: str, at: datetime
) -> RuleSetting:
    """The setting with these fields changed, announced. Raises Conflict when it was changed meanwhile."""
    fields = {**current.model_dump(include={"parameters", "is_enabled"}), **changes}
    try:
        raw = await RuleSetting.rows().find_one_and_update(
            {"org_id": current.org_id, "rule_id": current.rule_id, "version": current.version},
            {
                "$set": {**fields, "changed_by": by, "changed_at": at, "version": current.version + 1},
                "$setOnInsert": {"created_at": at},
            },
            upsert=current.version == 0,
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
    except DuplicateKeyError as error:
        raise changed_meanwhile() from error
    if raw is None:
        raise changed_meanwhile()
    told = {"rule_id": current.rule_id, "is_enabled": raw["is_enabled"], "version": raw["version"]}
    tx.announce(current.org_id, topic.findings(current.org_id), "RuleSettingChanged", told)
    return RuleSetting.stored(raw)


def changed_meanwhile() -> Conflict:
    """For who worked from an older version."""
    told = "The setting of this rule was changed in the meantime: look at it again."
    return Conflict(told, path=("input", "expectedVersion"))
