"""A mail domain that an organization says is its own, and whether DNS has confirmed it."""

import secrets
from datetime import datetime
from typing import ClassVar

from bson import ObjectId
from pydantic import Field
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from domain.facts.scope import Scope


class VerifiedDomain(TenantDocument):
    """`verified_at` is None until the TXT record was seen. A domain is verified for one organization only."""

    noun: ClassVar[str] = "domain"

    name: str
    token: str = Field(default_factory=lambda: secrets.token_hex(16))
    verified_at: datetime | None = None
    checked_at: datetime | None = None
    problem: str | None = None

    class Settings:
        name = "verified_domains"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
            IndexModel(
                [("name", ASCENDING)],
                unique=True,
                name="verified_name",
                partialFilterExpression={"verified_at": {"$type": "date"}},
            ),
        ]


async def owner_of_domain(name: str, session: AsyncClientSession | None = None) -> ObjectId | None:
    """The organization whose domain this is, proven. For finding out whose a newcomer is, hence not scoped."""
    query = {"name": name, "verified_at": {"$type": "date"}}
    raw = await VerifiedDomain.rows().find_one(query, {"org_id": 1}, session=session)
    return None if raw is None else raw["org_id"]


async def owns_a_domain(scope: Scope, session: AsyncClientSession) -> bool:
    """Whether the organization has proven any domain."""
    found = await VerifiedDomain.find_in(scope, {"verified_at": {"$ne": None}}, session=session)
    return found is not None


async def record_domain_check(
    domain: VerifiedDomain, problem: str | None, at: datetime, session: AsyncClientSession
) -> None:
    """Note how a look at DNS ended. Raises DuplicateKeyError when another organization has proven the domain.

    A domain that was verified stays so: nameservers that fail for a moment must lock nobody out.
    """
    changes: dict[str, object] = {"checked_at": at, "problem": problem}
    if problem is None and domain.verified_at is None:
        changes["verified_at"] = at
    await VerifiedDomain.rows().update_one({"_id": domain.id}, {"$set": changes}, session=session)


async def delete_domain(domain: VerifiedDomain, session: AsyncClientSession) -> None:
    """The organization gives the domain up."""
    await VerifiedDomain.rows().delete_one({"_id": domain.id}, session=session)
