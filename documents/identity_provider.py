"""An OpenID provider that an organization signs its own people in with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BaseModel, Field
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.user import Role
from documents.verified_domain import owner_of_domain
from domain.errors import Conflict
from domain.identity.claim import has_value


class RoleMapping(BaseModel):
    """Who has this value of this claim gets the role; with a custom role, its permissions instead of `role`'s."""

    claim: str
    value: str
    role: Role
    custom_role_id: PydanticObjectId | None = None


class IdentityProvider(TenantDocument):
    """`issuer` is compared letter by letter. `client_secret` is the vault's cipher text, None for a public client.

    `creates_members`: whoever signs in becomes a member, with `default_role` unless a mapping says otherwise; the
    first that fits counts. `is_enforced`: passwords do not work for people of the organization's domains.
    """

    noun: ClassVar[str] = "identity provider"
    sealed: ClassVar[tuple[str, ...]] = ("client_secret",)

    name: str
    issuer: str
    client_id: str
    client_secret: bytes | None = Field(default=None, repr=False)
    creates_members: bool = False
    default_role: Role = Role.USER
    role_mappings: list[RoleMapping] = Field(default_factory=list)
    is_enforced: bool = False
    checked_at: datetime | None = None
    problem: str | None = None
    version: int = 1

    class Settings:
        name = "identity_providers"
        indexes = [
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING)], unique=True, name="org_name"),
            IndexModel([("org_id", ASCENDING), ("name", ASCENDING), ("_id", ASCENDING)], name="org_name_id"),
        ]

    @property
    def origin(self) -> str:
        """What memberships that it made are marked with."""
        return f"oidc:{self.id}"

    def role_of(self, claims: Mapping[str, Any]) -> tuple[Role, PydanticObjectId | None]:
        """(role, custom role) of somebody with these claims."""
        for mapping in self.role_mappings:
            if has_value(claims, mapping.claim, mapping.value):
                return mapping.role, mapping.custom_role_id
        return self.default_role, None


async def find_provider(id: str) -> IdentityProvider | None:
    """The provider that signs somebody in who is nobody yet, hence not scoped."""
    raw = await IdentityProvider.rows().find_one({"_id": ObjectId(id)}) if ObjectId.is_valid(id) else None
    return None if raw is None else IdentityProvider.stored(raw)


async def providers_of_domain(domain: str, session: AsyncClientSession | None = None) -> list[IdentityProvider]:
    """The providers of the organization whose domain this is, by name. For who is not signed in, hence not scoped."""
    org_id = await owner_of_domain(domain, session)
    if org_id is None:
        return []
    rows = IdentityProvider.rows().find({"org_id": org_id}, sort=[("name", ASCENDING)], limit=20, session=session)
    return [IdentityProvider.stored(raw) async for raw in rows]


async def change_provider(
    provider: IdentityProvider, changes: Mapping[str, Any], session: AsyncClientSession
) -> IdentityProvider:
    """The provider with these changes. Raises Conflict when somebody else has changed it in between."""
    raw = await IdentityProvider.rows().find_one_and_update(
        {"_id": provider.id, "version": provider.version},
        {"$set": dict(changes), "$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
        session=session,
    )
    if raw is None:
        raise Conflict("Somebody else has changed this identity provider: look at it again.", current=provider)
    return IdentityProvider.stored(raw)


async def record_provider_check(
    provider: IdentityProvider, problem: str | None, at: datetime, session: AsyncClientSession
) -> None:
    """Note how asking the provider for its description ended."""
    await IdentityProvider.rows().update_one(
        {"_id": provider.id}, {"$set": {"checked_at": at, "problem": problem}}, session=session
    )


async def delete_provider(provider: IdentityProvider, session: AsyncClientSession) -> None:
    """Forget the provider. Those it has let in keep what they hold until somebody takes it."""
    await IdentityProvider.rows().delete_one({"_id": provider.id}, session=session)
