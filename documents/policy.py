"""Rules an organization has written down: their versions, who has approved them, and who has acknowledged them."""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.user import Membership, Role
from domain.compliance.falling_due import LONGEST_NOTICE
from domain.errors import Invalid
from domain.facts.scope import Scope

LONGEST_REVIEW = timedelta(days=366)
MOST_POLICIES = 200
# Auditors are no staff.
_BOUND = {"$ne": Role.AUDITOR.value}


class Policy(TenantDocument):
    """`newest` is the number of its newest version, `in_force` of the one that was approved last.

    `is_required`: a framework that is followed asks for it. `approved_by` is a person.
    """

    noun: ClassVar[str] = "policy"

    name: str
    is_required: bool
    newest: int = 1
    in_force: int | None = None
    approved_at: datetime | None = None
    approved_by: PydanticObjectId | None = None
    next_review_at: datetime | None = None
    archived_at: datetime | None = None
    version: int = 1

    class Settings:
        name = "policies"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="natural"),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name"),
        ]


class PolicyVersion(TenantDocument):
    """One version of a policy, numbered from 1. `sha256` is that of the text in UTF-8.

    `approved_at` is when it was approved last, `in_force_since` when first.
    """

    noun: ClassVar[str] = "version of a policy"

    policy_id: PydanticObjectId
    number: int
    text: str
    sha256: str
    written_by: PydanticObjectId
    approved_by: PydanticObjectId | None = None
    approved_at: datetime | None = None
    in_force_since: datetime | None = None
    version: int = 1

    class Settings:
        name = "policy_versions"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("policy_id", ASCENDING), ("number", DESCENDING), ("_id", DESCENDING)],
                name="org_policy_newest",
            ),
            IndexModel([("policy_id", ASCENDING), ("number", ASCENDING)], unique=True, name="natural"),
        ]


class PolicyAcknowledgement(TenantDocument):
    """That a member has read a version of a policy and keeps to it."""

    noun: ClassVar[str] = "acknowledgement"

    policy_id: PydanticObjectId
    number: int
    user_id: PydanticObjectId

    class Settings:
        name = "policy_acknowledgements"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("policy_id", ASCENDING), ("number", ASCENDING), ("user_id", ASCENDING)],
                unique=True,
                name="natural",
            )
        ]


async def add_policy(policy: Policy, session: AsyncClientSession) -> None:
    """Store it. Raises Invalid where there are too many, DuplicateKeyError where one has its name."""
    query = {"org_id": policy.org_id}
    if await Policy.rows().count_documents(query, limit=MOST_POLICIES, session=session) >= MOST_POLICIES:
        raise Invalid(f"There are {MOST_POLICIES} policies, which is the most.")
    await policy.insert(session=session)


async def acknowledge(
    policy: Policy, number: int, user_id: ObjectId, at: datetime, session: AsyncClientSession
) -> bool:
    """Note that this person has acknowledged it; returns whether that is new."""
    key = {"org_id": policy.org_id, "policy_id": policy.id, "number": number, "user_id": user_id}
    change = {"$setOnInsert": {"created_at": at}}
    done = await PolicyAcknowledgement.rows().update_one(key, change, upsert=True, session=session)
    return done.upserted_id is not None


async def policies_in_force(org_ids: Collection[ObjectId]) -> list[dict[str, Any]]:
    """The policies of these organizations that have an approved version, as they are stored, by name."""
    query = {"org_id": {"$in": list(org_ids)}, "archived_at": None, "in_force": {"$ne": None}}
    return await Policy.rows().find(query).sort("name", 1).limit(MOST_POLICIES).to_list()


async def texts_of(policies: Collection[dict[str, Any]]) -> dict[ObjectId, str]:
    """The text in force of each of these policies, by the id of the policy."""
    wanted = [{"policy_id": one["_id"], "number": one["in_force"]} for one in policies]
    if not wanted:
        return {}
    found = PolicyVersion.rows().find({"$or": wanted}, {"policy_id": 1, "text": 1})
    return {raw["policy_id"]: raw["text"] async for raw in found}


async def acknowledged_by(user_id: ObjectId, policies: Collection[dict[str, Any]]) -> dict[ObjectId, datetime]:
    """When this person has acknowledged the version in force, by the id of the policy."""
    wanted = [
        {"org_id": one["org_id"], "policy_id": one["_id"], "number": one["in_force"], "user_id": user_id}
        for one in policies
    ]
    if not wanted:
        return {}
    found = PolicyAcknowledgement.rows().find({"$or": wanted}, {"policy_id": 1, "created_at": 1})
    return {raw["policy_id"]: raw["created_at"] async for raw in found}


async def organizations_of(user_id: ObjectId, scope: Scope) -> list[ObjectId]:
    """Those in scope whose policies bind this person: as a member, which is less than what a provider's people reach,
    and not as an auditor.
    """
    query = {**Membership.within(scope), "user_id": user_id, "deactivated_at": None, "role": _BOUND}
    return [raw["org_id"] async for raw in Membership.rows().find(query, {"_id": 0, "org_id": 1})]


@dataclass(frozen=True, slots=True)
class PolicySpell:
    """A time in which a version was in force; `until` None: it is. Both are as they are stored, without the text."""

    policy: Mapping[str, Any]
    version: Mapping[str, Any]
    since: datetime
    until: datetime | None


async def policies_between(org_id: ObjectId, first: datetime, until: datetime) -> AsyncIterator[PolicySpell]:
    """Versions that were in force at some time from `first` until before `until`, by the name of the policy."""
    for policy in await Policy.rows().find({"org_id": org_id}).sort([("name", 1), ("_id", 1)]).to_list():
        query = {"org_id": org_id, "policy_id": policy["_id"], "approved_at": {"$ne": None}}
        spells, ended = [], policy["archived_at"]
        async for version in PolicyVersion.rows().find(query, {"text": 0}).sort([("number", -1), ("_id", -1)]):
            since = version.get("in_force_since") or version["approved_at"]
            spells.append(PolicySpell(policy, version, since, ended))
            ended = since
        for spell in reversed(spells):
            if spell.since < until and (spell.until is None or spell.until > first):
                yield spell


async def acknowledgements_until(version: Mapping[str, Any], at: datetime) -> int:
    """How many people had acknowledged this version before then."""
    of = {"org_id": version["org_id"], "policy_id": version["policy_id"], "number": version["number"]}
    return await PolicyAcknowledgement.rows().count_documents({**of, "created_at": {"$lt": at}})


async def members_bound(org_id: ObjectId) -> int:
    """How many members policies bind now."""
    query = {"org_id": org_id, "deactivated_at": None, "role": _BOUND}
    return await Membership.rows().count_documents(query)


async def due_policies(at: datetime) -> list[Policy]:
    """Those in force of all organizations that must be reviewed within two weeks, or should have been."""
    query = {"archived_at": None, "in_force": {"$ne": None}, "next_review_at": {"$lte": at + LONGEST_NOTICE}}
    return [Policy.stored(raw) async for raw in Policy.rows().find(query).sort("next_review_at", 1)]
