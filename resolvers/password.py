"""Passwords: forgotten, reset by a mail, changed. Each change ends sessions and is told to the owner by mail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.password_rules import check_password
from documents import SessionEnd
from documents.audit import INSTALLATION
from documents.external_identity import has_identity
from documents.one_time_token import Purpose, end_tokens, nobody, peek_token, spend_token, subject_of, user_id_of
from documents.session import end_sessions
from documents.sign_in_challenge import end_challenges
from documents.transaction import Transaction
from documents.user import change_user, find_user, find_user_by_id, normal_email
from domain.errors import NotFound
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, mutation
from resolvers.leaving import BACK_WITHIN
from resolvers.person import LINK_LIFETIME, WHAT
from resolvers.proof import admit_mail, prove_password
from resolvers.provisioning import admit_waiting
from resolvers.session import HASHING, audit_about, tell_ended
from schema.directives import Credential
from schema.password import (
    ChangePasswordInput,
    ChangePasswordPayload,
    RequestPasswordResetInput,
    RequestPasswordResetPayload,
    ResetPasswordInput,
    ResetPasswordPayload,
)


@strawberry.type
class PasswordMutations:
    @mutation(
        RequestPasswordResetPayload,
        public="who has forgotten a password cannot sign in.",
        audit="user.request_password_reset",
        directives=(Credential(),),
        description="Send a mail with a link to choose a new password, if there is an account with this address. Who "
        "has deactivated the account gets the way back to it instead.",
    )
    async def request_password_reset(
        self, info: Info, input: Annotated[RequestPasswordResetInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, email = info.context, normal_email(input.email)
        await admit_mail(context, email)

        async def change(tx: Transaction) -> str:
            user, at = await find_user(email), context.now()
            # Asked for nobody too, so that both take as long.
            is_linked = await has_identity(user.own_id if user else PydanticObjectId())
            way = _way_back(user, at, is_linked=is_linked)
            token = await context.ports.one_time_tokens.issue(
                way.purpose, way.subject, lifetime=way.lifetime, at=at, session=tx.session
            )
            tx.mail(email, way.letter, {"token": str(token.id)})
            tx.audit(INSTALLATION, target=subject_of(user.own_id) if user else "user:unknown")
            return email

        return await context.ports.writer.commit(change)

    @mutation(
        ResetPasswordPayload,
        public="the code of the mail says who it is.",
        audit="user.reset_password",
        directives=(Credential(), HASHING),
        description="Choose a new password by the code of a mail. All sessions end. Sign in with it afterwards; a "
        "second factor, if there is one, is asked for then as always.",
    )
    async def reset_password(
        self, info: Info, input: Annotated[ResetPasswordInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, secret = info.context, input.token.get_secret_value()
        token = await peek_token(secret, Purpose.RESET_PASSWORD, at=context.now())
        user = await find_user_by_id(user_id_of(token))
        if user is None:
            raise NotFound.of("account")
        password_hash = await _checked_hash(context, input.password.get_secret_value(), user, "password")

        async def change(tx: Transaction) -> list[ObjectId]:
            await spend_token(secret, Purpose.RESET_PASSWORD, at=context.now(), session=tx.session)
            # The mail has reached its owner, so the address is confirmed too.
            verified_at = user.email_verified_at or context.now()
            changes = {"password_hash": password_hash, "email_verified_at": verified_at}
            ended = await _set_password(tx, context, user, changes)
            await admit_waiting(tx, user.own_id)
            return ended

        await tell_ended(context, user_id_of(token), await context.ports.writer.commit(change))
        return user.email

    @mutation(
        ChangePasswordPayload,
        may=SIGNED_IN,
        audit="user.change_password",
        directives=(Credential(), HASHING),
        description="Change your password. Your other sessions end, and a mail tells you of it.",
    )
    async def change_password(
        self, info: Info, input: Annotated[ChangePasswordInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        viewer, user = context.signed_in, context.signed_in.user
        await prove_password(context, input.current_password, path=("input", "currentPassword"))
        password_hash = await _checked_hash(context, input.new_password.get_secret_value(), user, "newPassword")

        async def change(tx: Transaction) -> list[ObjectId]:
            but = ObjectId(viewer.signed_in.session_id)
            return await _set_password(tx, context, user, {"password_hash": password_hash}, but=but)

        ended = await context.ports.writer.commit(change)
        await tell_ended(context, user.own_id, ended)
        return len(ended)


@dataclass(frozen=True, slots=True)
class _Way:
    """A mail that leads somebody back in; it stays unsent when the subject is nobody."""

    subject: str
    purpose: Purpose = Purpose.RESET_PASSWORD
    letter: str = "reset_password"
    lifetime: timedelta = LINK_LIFETIME


def _way_back(user: documents.User | None, at: datetime, *, is_linked: bool) -> _Way:
    if user is None:
        return _Way(nobody())
    subject = subject_of(user.own_id)
    if user.deactivated_at is None:
        # Who comes in through an identity provider only has no password to forget. Whom a directory has made comes in
        # by choosing the first one.
        return _Way(subject if user.password_hash or not is_linked else nobody())
    left = user.deactivated_at + BACK_WITHIN - at
    if user.has_left and left > timedelta(0):
        return _Way(subject, Purpose.REACTIVATE, "deactivated", left)
    return _Way(nobody())


async def _checked_hash(context: Context, password: str, user: documents.User, field: str) -> str:
    await check_password(password, email=user.email, path=("input", field))
    return await context.ports.passwords.hash(password)


async def _set_password(
    tx: Transaction, context: Context, user: documents.User, changes: dict[str, Any], *, but: ObjectId | None = None
) -> list[ObjectId]:
    """Set it, end sessions, links and begun sign-ins, and tell the owner. The sessions that were ended."""
    changed = await change_user(user.own_id, changes, tx.session, password_hash=user.password_hash)
    ended = await end_sessions(changed.own_id, SessionEnd.PASSWORD_CHANGED, but=but, session=tx.session)
    await end_tokens(subject_of(changed.own_id), tx.session, but=Purpose.UNDO_EMAIL_CHANGE)
    await end_challenges(changed.own_id, tx.session)
    tx.mail(changed.email, "password_changed", {"at": f"{context.now():%d %B %Y, %H:%M} UTC"})
    await audit_about(tx, changed.own_id, target=subject_of(changed.own_id), after={"ended": list(map(str, ended))})
    return ended
