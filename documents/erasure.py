"""Forgetting a person: everything that is kept about them goes, but for their number in the audit logs."""

from beanie import Document
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.every_document import ALL
from documents.invitation import Invitation
from documents.mail import forget_mails_to
from documents.one_time_token import OneTimeToken, subject_of
from documents.registration import forget_registrations
from documents.user import User


def personal_documents() -> list[type[Document]]:
    """Collections whose rows belong to one person, by `user_id`: memberships, sessions, factors and the like."""
    return [document for document in ALL if "user_id" in document.model_fields]


async def erase_person(user: User, session: AsyncClientSession) -> None:
    """Delete the person, all rows that are theirs and all invitations of their address.

    Audit entries and what they did name them by id only.
    """
    for document in personal_documents():
        await document.get_pymongo_collection().delete_many({"user_id": user.id}, session=session)
    await OneTimeToken.get_pymongo_collection().delete_many({"subject": subject_of(user.id)}, session=session)
    await Invitation.rows().delete_many({"email": user.email}, session=session)
    await forget_registrations(user.email, session)
    await forget_mails_to(user.email, session)
    await User.get_pymongo_collection().delete_one({"_id": user.id}, session=session)
