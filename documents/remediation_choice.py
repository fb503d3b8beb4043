"""Which findings a policy takes now, and which of them it leaves to people before anything is planned. Only reads."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bson import ObjectId
from pymongo import ASCENDING

from documents.account import CONNECTED_STATES, Account
from documents.finding import Finding
from documents.remediation import Remediation
from documents.remediation_policy import RemediationPolicy
from documents.resource import Resource
from domain.facts.finding import FindingState
from domain.facts.remediation import Left, RemediationState
from domain.facts.resource import Resource as ResourceFact
from domain.facts.resource import ResourceKind
from domain.remediation.automation import left_before_planning
from domain.remediation_policy import takes
from domain.rules.judgement import is_exempt

BATCH = 200
_FIELDS = dict.fromkeys(("account_id", "resource_id", "resource_native_id", "rule_id", "region", "category"), 1)


@dataclass(frozen=True, slots=True)
class Taken:
    """A finding that a policy takes: `finding` are the fields that a remediation has of it, with its `_id`.

    `left` is why nothing is planned for it; None when something is. `is_new`: it never had a remediation. `is_ours`:
    the run that was named has planned for it already. `shown_by` is the plan of an earlier dry run of the policy that
    still waits, which a run that is not dry may replace.
    """

    finding: Mapping[str, Any]
    resource_name: str
    tags: Mapping[str, str]
    left: Left | None
    is_new: bool
    is_ours: bool
    shown_by: ObjectId | None


@dataclass(frozen=True, slots=True)
class Place:
    """Rules in one account, or in any where it is None."""

    rule_ids: Collection[str]
    account_id: ObjectId | None = None


async def taken_by(
    policy: RemediationPolicy,
    off: Collection[str],
    places: Sequence[Place] | None = None,
    run_id: ObjectId | None = None,
) -> AsyncIterator[Taken]:
    """The worst first. `off` are rules that the organization has switched off; `places` narrow it where they are given.

    Findings that are suppressed, and those in accounts that are not connected, are never taken.
    """
    accounts = await _accounts(policy)
    query: dict[str, Any] = {
        "org_id": policy.org_id,
        "state": FindingState.OPEN.value,
        "rule_id": {"$in": [rule_id for rule_id in policy.rule_ids if rule_id not in off]},
        "account_id": {"$in": accounts},
    }
    if policy.least_severity is not None:
        query["severity_rank"] = {"$lte": policy.least_severity.rank}
    if places is not None:
        query["$or"] = [_of(place) for place in places] or [{"_id": None}]
    order = [("severity_rank", ASCENDING), ("opened_at", ASCENDING), ("_id", ASCENDING)]
    ids = [raw["_id"] async for raw in Finding.rows().find(query, {"_id": 1}).sort(order)]
    for start in range(0, len(ids), BATCH):
        rows = await Finding.rows().find({"_id": {"$in": ids[start : start + BATCH]}}, _FIELDS).to_list()
        by_id = {row["_id"]: row for row in rows}
        for one in await _judged(policy, [by_id[id] for id in ids[start : start + BATCH] if id in by_id], run_id):
            yield one


async def _accounts(policy: RemediationPolicy) -> list[ObjectId]:
    states = [state.value for state in CONNECTED_STATES]
    rows = Account.rows().find({"org_id": policy.org_id, "state": {"$in": states}}, {"_id": 1})
    return [raw["_id"] async for raw in rows if policy.covers(raw["_id"])]


async def accounts_that_may_be_changed(org_id: ObjectId) -> frozenset[ObjectId]:
    """Those that have been given credentials for that."""
    rows = Account.rows().find({"org_id": org_id, "act_credentials": {"$ne": None}}, {"_id": 1})
    return frozenset([raw["_id"] async for raw in rows])


def _of(place: Place) -> dict[str, Any]:
    rules = {"rule_id": {"$in": list(place.rule_ids)}}
    return rules if place.account_id is None else {**rules, "account_id": place.account_id}


async def _judged(
    policy: RemediationPolicy, findings: Sequence[Mapping[str, Any]], run_id: ObjectId | None
) -> list[Taken]:
    resources = await _resources(policy.org_id, [finding["resource_id"] for finding in findings])
    newest = await _newest(policy.org_id, [finding["_id"] for finding in findings])
    found = []
    for finding in findings:
        resource, last = resources.get(finding["resource_id"]), newest.get(finding["_id"])
        if resource is None or not takes(resource.tags, policy.tags, policy.without_tags):
            continue
        state = None if last is None else RemediationState(last["state"])
        left = left_before_planning(state, is_exempt=is_exempt(resource, finding["rule_id"]))
        is_ours = run_id is not None and last is not None and last.get("policy_run_id") == run_id
        found.append(
            Taken(finding, resource.name, resource.tags, left, last is None, is_ours, _shown_by(policy, last or {}))
        )
    return found


def _shown_by(policy: RemediationPolicy, last: Mapping[str, Any]) -> ObjectId | None:
    is_shown = last.get("state") == RemediationState.PLANNED.value and last.get("is_dry", False)
    return last["_id"] if is_shown and last["policy_id"] == policy.id and not last["approvals"] else None


async def _resources(org_id: ObjectId, ids: Sequence[ObjectId]) -> dict[ObjectId, ResourceFact]:
    """Without their configuration."""
    fields = dict.fromkeys(("kind", "native_id", "name", "region", "tags"), 1)
    rows = Resource.rows().find({"_id": {"$in": list(ids)}, "org_id": org_id, "is_gone": False}, fields)
    return {
        raw["_id"]: ResourceFact.model_construct(
            kind=ResourceKind(raw["kind"]),
            native_id=raw["native_id"],
            name=raw["name"],
            region=raw["region"],
            tags=raw["tags"],
            config={},
        )
        async for raw in rows
    }


async def _newest(org_id: ObjectId, finding_ids: Sequence[ObjectId]) -> dict[ObjectId, Mapping[str, Any]]:
    """The newest remediation of each finding that has one."""
    fields = dict.fromkeys(("finding_id", "state", "policy_id", "policy_run_id", "is_dry", "approvals"), 1)
    order = [("finding_id", ASCENDING), ("created_at", ASCENDING), ("_id", ASCENDING)]
    query = {"finding_id": {"$in": list(finding_ids)}, "org_id": org_id}
    rows = Remediation.rows().find(query, fields).sort(order)
    return {raw["finding_id"]: raw async for raw in rows}
