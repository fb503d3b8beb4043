"""When commitments end: what people enter of their terms, and what syncs see of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.resource import Resource
from domain.costs.commitments import commitment_key, end_in
from domain.errors import Conflict
from domain.facts.resource_kind import ResourceKind
from domain.facts.scope import Scope

KINDS = (
    ResourceKind.AWS_RESERVED_INSTANCES,
    ResourceKind.AWS_SAVINGS_PLAN,
    ResourceKind.AZURE_RESERVATION,
    ResourceKind.GCP_COMMITMENT,
)
# Far more than any company has; what is beyond is not warned of.
MOST_SYNCED = 10_000


class CommitmentPayment(StrEnum):
    ALL_UPFRONT = "ALL_UPFRONT"
    PARTIAL_UPFRONT = "PARTIAL_UPFRONT"
    NO_UPFRONT = "NO_UPFRONT"


class CommitmentTerm(TenantDocument):
    """What people know of the commitment that bills call `native_id`. Days are midnights (UTC)."""

    noun: ClassVar[str] = "commitment"

    native_id: str
    name: str | None = None
    starts_on: datetime | None = None
    ends_on: datetime
    payment: CommitmentPayment | None = None
    note: str = ""
    version: int = 1

    class Settings:
        name = "commitment_terms"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("native_id", ASCENDING)], unique=True, name="natural"),
            IndexModel([("org_id", ASCENDING), ("ends_on", ASCENDING), ("_id", ASCENDING)], name="org_end"),
        ]


class EndSource(StrEnum):
    """Who says when it ends. What people enter goes before what a sync saw."""

    ENTERED = "ENTERED"
    SYNCED = "SYNCED"


@dataclass(frozen=True, slots=True)
class CommitmentEnd:
    """The last word on when a commitment ends."""

    native_id: str
    name: str | None
    ends_on: date
    source: EndSource


async def commitment_ends(scope: Scope, first: date, until: date) -> list[CommitmentEnd]:
    """The commitments in scope that end from the day `first` up to but without `until`, the next to end first."""
    found: dict[tuple[str, str], CommitmentEnd] = {}
    query = {**Resource.within(scope), "kind": {"$in": [kind.value for kind in KINDS]}, "is_gone": False}
    fields = {"org_id": 1, "native_id": 1, "name": 1, "config": 1}
    async for raw in Resource.rows().find(query, fields).limit(MOST_SYNCED):
        if (ends_on := end_in(raw["config"])) is not None:
            end = CommitmentEnd(raw["native_id"], raw["name"], ends_on, EndSource.SYNCED)
            found[_key(raw)] = end
    for term in await CommitmentTerm.list_in(scope, {}, limit=MOST_SYNCED):
        end = CommitmentEnd(term.native_id, term.name, term.ends_on.date(), EndSource.ENTERED)
        found[_key(term.model_dump())] = end
    near = [end for end in found.values() if first <= end.ends_on < until]
    return sorted(near, key=lambda end: (end.ends_on, end.native_id))


def _key(raw: Mapping[str, Any]) -> tuple[str, str]:
    return str(raw["org_id"]), commitment_key(raw["native_id"])


async def set_term(
    term: CommitmentTerm, expected_version: int | None, session: AsyncClientSession
) -> tuple[CommitmentTerm | None, CommitmentTerm]:
    """Store what is known now of a commitment; returns (what was known before, what is). Raises Conflict when that
    is in another version.
    """
    natural = {"org_id": term.org_id, "native_id": term.native_id}
    raw = await CommitmentTerm.rows().find_one(natural, session=session)
    before = None if raw is None else CommitmentTerm.stored(raw)
    if expected_version is not None and expected_version != (before.version if before else 0):
        raise Conflict("What is known of the commitment was changed in the meantime: look again.", current=before)
    changes = term.model_dump(include={"name", "starts_on", "ends_on", "payment", "note"})
    after = await CommitmentTerm.rows().find_one_and_update(
        natural,
        {"$set": changes, "$inc": {"version": 1}, "$setOnInsert": {"created_at": term.created_at}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    return before, CommitmentTerm.stored(after or {})


async def remove_term(term: CommitmentTerm, session: AsyncClientSession) -> None:
    """Forget what people entered; what syncs see stays."""
    await CommitmentTerm.rows().delete_one({"_id": term.id}, session=session)
