"""Somebody who wants an account and has not shown yet that the address is theirs. Becomes a user when they do.

Several may wait for one address: each is opened by its own link and its own password, so nobody opens another's.
"""

from datetime import datetime, timedelta

from beanie import Document, PydanticObjectId
from pydantic import Field
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.audit import acting_as
from documents.base import utc_now
from documents.one_time_token import OneTimeToken
from documents.organization import OrganizationKind, open_organization
from documents.transaction import Transaction
from documents.user import Membership, Role, User

KEPT = timedelta(days=7)


class Registration(Document):
    """`email` is in lower case; `password_hash` as in User."""

    email: str = Field(repr=False)
    name: str
    password_hash: str = Field(repr=False)
    organization_name: str
    organization_kind: OrganizationKind
    created_at: datetime = Field(default_factory=utc_now)

    @property
    def subject(self) -> str:
        """The subject of the links that open it."""
        return f"registration:{self.id}"

    class Settings:
        name = "registrations"
        indexes = [
            IndexModel([("email", ASCENDING), ("created_at", DESCENDING)], name="email_created"),
            IndexModel([("created_at", ASCENDING)], name="expiry", expireAfterSeconds=int(KEPT.total_seconds())),
        ]


async def find_registration(email: str) -> Registration | None:
    """The newest that waits for this address (in lower case), or None."""
    raw = await Registration.get_pymongo_collection().find_one({"email": email}, sort=[("created_at", DESCENDING)])
    return None if raw is None else Registration.model_validate(raw)


async def registration_of(token: OneTimeToken) -> Registration | None:
    """The one this link opens, or None when it has been waiting for too long."""
    id = PydanticObjectId(token.subject.partition(":")[2])
    raw = await Registration.get_pymongo_collection().find_one({"_id": id})
    return None if raw is None else Registration.model_validate(raw)


async def open_account(tx: Transaction, registration: Registration, at: datetime) -> User:
    """The person, their organization and their place in it; the act is audited there.

    Raises DuplicateKeyError when there is a user with this address by now.
    """
    user = User(
        email=registration.email,
        name=registration.name,
        password_hash=registration.password_hash,
        email_verified_at=at,
    )
    await user.insert(session=tx.session)
    kind = registration.organization_kind
    organization = await open_organization(registration.organization_name, kind, msp_id=None, session=tx.session)
    role = Role.MSP_ADMIN if kind is OrganizationKind.MSP else Role.ADMIN
    await Membership(user_id=user.id, org_id=organization.id, role=role).insert(session=tx.session)
    await forget_registrations(registration.email, tx.session)
    with acting_as(f"user:{user.id}"):
        tx.audit(organization.id, target=f"user:{user.id}", after={"role": role, "organization": organization.name})
    return user


async def forget_registrations(email: str, session: AsyncClientSession) -> None:
    """Delete all that wait for this address."""
    await Registration.get_pymongo_collection().delete_many({"email": email}, session=session)
