"""Invitations into an organization: to one address, with a role, for a week. The link is a one-time token."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from beanie import PydanticObjectId
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.custom_role import CustomRole
from documents.one_time_token import OneTimeToken, OneTimeTokens, Purpose, end_tokens
from documents.user import Role, add_people
from domain.errors import Conflict, Invalid

LIFETIME = timedelta(days=7)
RESEND_AFTER = timedelta(minutes=1)


class Invitation(TenantDocument):
    """`user_id` is who invites, `email` (lower case) who is invited. While `is_open` it may be accepted until it
    expires; an address has one open invitation in an organization at a time. `until` is when what it gives ends.
    """

    noun: ClassVar[str] = "invitation"
    always_read: ClassVar[tuple[str, ...]] = ("org_id", "user_id")

    user_id: PydanticObjectId
    email: str
    role: Role
    custom_role_id: PydanticObjectId | None = None
    sent_at: datetime
    expires_at: datetime
    until: datetime | None = None
    is_open: bool = True
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None

    class Settings:
        name = "invitations"
        indexes = [
            IndexModel(
                [("org_id", ASCENDING), ("email", ASCENDING)],
                unique=True,
                partialFilterExpression={"is_open": True},
                name="org_email_open",
            ),
            IndexModel([("org_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="org_newest"),
            IndexModel([("email", ASCENDING)], name="email"),
        ]

    @classmethod
    async def complete(cls, rows: Sequence[Any]) -> None:
        """Each row has its `Person` in `user`."""
        await add_people(rows)


async def open_invitation(invitation: Invitation, session: AsyncClientSession) -> None:
    """Store a new invitation. Raises Conflict while the address has another one that can still be accepted."""
    query = {"org_id": invitation.org_id, "email": invitation.email, "is_open": True}
    other = await Invitation.rows().find_one(query, session=session)
    if other is not None and other["expires_at"] > invitation.sent_at:
        raise Conflict(
            "This address is invited already: resend that invitation, or revoke it.", path=("input", "email")
        )
    if other is not None:
        await Invitation.rows().update_one({"_id": other["_id"]}, {"$set": {"is_open": False}}, session=session)
    await invitation.insert(session=session)


async def renew_token(
    tokens: OneTimeTokens, invitation: Invitation, at: datetime, session: AsyncClientSession
) -> OneTimeToken:
    """The only token that accepts the invitation from now on."""
    return await tokens.issue(
        Purpose.INVITATION, subject_of_invitation(invitation.id), lifetime=LIFETIME, at=at, session=session
    )


async def mark_resent(
    invitation: Invitation, by: PydanticObjectId, at: datetime, session: AsyncClientSession
) -> Invitation:
    """Let the invitation run for another week; from now on it is this person's.

    Raises Conflict when it is not open, or was sent just now.
    """
    if at - invitation.sent_at < RESEND_AFTER:
        raise Conflict("It was sent less than a minute ago: give it time to arrive.")
    changes = {"user_id": by, "sent_at": at, "expires_at": at + LIFETIME}
    return await _changed(invitation.id, changes, session)


async def revoke_invitation(invitation: Invitation, at: datetime, session: AsyncClientSession) -> Invitation:
    """The invitation, which nobody can accept any more. Raises Conflict when it was accepted or revoked before."""
    await end_tokens(subject_of_invitation(invitation.id), session)
    return await _changed(invitation.id, {"is_open": False, "revoked_at": at}, session)


async def revoke_invitations_by(
    org_id: PydanticObjectId, user_id: PydanticObjectId, at: datetime, session: AsyncClientSession
) -> int:
    """Revoke what this person has invited: who loses rights shall not get them back through somebody invited before."""
    query = {"org_id": org_id, "user_id": user_id, "is_open": True}
    invitations = [Invitation.stored(raw) async for raw in Invitation.rows().find(query, session=session)]
    for invitation in invitations:
        await revoke_invitation(invitation, at, session)
    return len(invitations)


async def invitation_of(token: OneTimeToken) -> Invitation:
    """The invitation of a token that was not spent yet. Raises Invalid when it cannot be accepted any more."""
    raw = await Invitation.rows().find_one({"_id": _id_of(token), "is_open": True})
    if raw is None:
        raise withdrawn()
    return Invitation.stored(raw)


async def take_invitation(token: OneTimeToken, at: datetime, session: AsyncClientSession) -> Invitation:
    """The invitation of a token that was spent, accepted now. Raises Invalid when it cannot be accepted any more."""
    try:
        return await _changed(_id_of(token), {"is_open": False, "accepted_at": at}, session)
    except Conflict as error:
        raise withdrawn() from error


async def is_role_offered(role: CustomRole, session: AsyncClientSession) -> bool:
    """Whether an open invitation gives this custom role."""
    query = {"org_id": role.org_id, "is_open": True, "custom_role_id": role.id}
    return await Invitation.rows().find_one(query, {"_id": 1}, session=session) is not None


async def replace_offered_role(role: CustomRole, other_id: PydanticObjectId, session: AsyncClientSession) -> None:
    """Have open invitations give another custom role instead of this one."""
    query = {"org_id": role.org_id, "is_open": True, "custom_role_id": role.id}
    await Invitation.rows().update_many(query, {"$set": {"custom_role_id": other_id}}, session=session)


def subject_of_invitation(id: PydanticObjectId | None) -> str:
    """The subject of the invitation's token."""
    return f"invitation:{id}"


def _id_of(token: OneTimeToken) -> ObjectId:
    return ObjectId(token.subject.partition(":")[2])


def withdrawn() -> Invalid:
    """For an invitation that is not worth anything any more."""
    return Invalid("This invitation was taken back: ask for a new one.", path=("input", "token"))


async def _changed(id: Any, changes: Mapping[str, Any], session: AsyncClientSession) -> Invitation:
    raw = await Invitation.rows().find_one_and_update(
        {"_id": id, "is_open": True},
        {"$set": dict(changes)},
        session=session,
        return_document=ReturnDocument.AFTER,
    )
    if raw is None:
        raise Conflict("This invitation is not open any more.")
    return Invitation.stored(raw)
