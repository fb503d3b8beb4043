"""Findings added up in groups, out of one index, and findings of older versions made whole for their orders."""

from collections.abc import Mapping
from typing import Any

from pymongo import UpdateOne

from documents.finding import Finding
from documents.organization import Organization
from domain.facts.finding import FindingCategory, FindingState
from domain.facts.money import Money
from domain.facts.scope import Scope
from domain.facts.severity import Severity
from domain.finding_groups import FindingCount, FindingGrouping
from domain.findings_priority import BY_HAND, priority, priority_of
from domain.rules.registry import all_rules

_SEVERITIES = list(Severity)
_FIELD = {
    FindingGrouping.RULE: "rule_id",
    FindingGrouping.RULE_GROUP: "rule_id",
    FindingGrouping.ACCOUNT: "account_id",
    FindingGrouping.REGION: "region",
    FindingGrouping.SEVERITY: "severity_rank",
}
AT_ONCE = 1000


async def count_findings(scope: Scope, where: Mapping[str, Any], by: FindingGrouping) -> list[FindingCount]:
    """The findings in scope that match, by what they are to be grouped by; `where` names a state.

    Of RULE_GROUP the keys are ids of rules.
    """
    rows = await Finding.rows().aggregate(groups_pipeline(scope, where, by), hint="org_state_groups")
    return [_count(raw, by) async for raw in rows]


def groups_pipeline(scope: Scope, where: Mapping[str, Any], by: FindingGrouping) -> list[dict[str, Any]]:
    """One document per group, severity and currency of the savings that count."""
    counts = {
        "$and": [
            {"$eq": ["$state", FindingState.OPEN.value]},
            {"$eq": ["$category", FindingCategory.FINOPS.value]},
            {"$ne": ["$is_outdone", True]},
        ]
    }
    currency = {"$cond": [counts, {"$ifNull": ["$saving_currency", None]}, None]}
    return [
        {"$match": {**Finding.within(scope), **where}},
        {
            "$group": {
                "_id": {"key": f"${_FIELD[by]}", "rank": "$severity_rank", "currency": currency},
                "count": {"$sum": 1},
                "saving": {"$sum": "$saving_amount"},
            }
        },
    ]


def _count(raw: Mapping[str, Any], by: FindingGrouping) -> FindingCount:
    of, severity = raw["_id"], _SEVERITIES[raw["_id"]["rank"]]
    key = severity.value if by is FindingGrouping.SEVERITY else of.get("key")
    saving = None if of["currency"] is None else Money(amount=raw["saving"], currency=of["currency"])
    return FindingCount(None if key is None else str(key), severity, raw["count"], saving)


async def complete_findings() -> int:
    """Give findings of every tenant that are older than priorities theirs; returns how many."""
    rules = {rule.id: rule for rule in all_rules()}
    orgs = [raw["_id"] async for raw in Organization.get_pymongo_collection().find({}, projection={"_id": 1})]
    fields = dict.fromkeys(("rule_id", "severity", "saving_amount"), 1)
    done = 0
    # By organization, as the index is; one without a priority sorts as null.
    lacking = {"org_id": {"$in": orgs}, "priority": None}
    while raws := await Finding.rows().find(lacking, fields, limit=AT_ONCE).to_list():
        writes = []
        for raw in raws:
            rule, saving = rules.get(raw["rule_id"]), raw.get("saving_amount")
            soon = priority_of(rule, saving) if rule else priority(Severity(raw["severity"]), saving, BY_HAND)
            writes.append(UpdateOne({"_id": raw["_id"]}, {"$set": {"priority": soon}}))
        await Finding.rows().bulk_write(writes, ordered=False)
        done += len(writes)
    return done
