"""What people change about themselves: their name, and the address they sign in with."""

import secrets
from datetime import timedelta
from typing import Annotated, Any

import strawberry
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from documents import SessionEnd
from documents.one_time_token import Purpose, end_tokens, nobody, peek_token, spend_token, subject_of, user_id_of
from documents.session import end_sessions
from documents.transaction import Transaction
from documents.user import change_user, find_person, find_user, normal_email
from domain.errors import Conflict
from resolvers.context import Info
from resolvers.fields import SIGNED_IN, mutation
from resolvers.person import LINK_LIFETIME, WHAT
from resolvers.proof import admit_mail
from resolvers.provisioning import admit_waiting
from resolvers.session import HASHING, audit_about, tell_ended
from schema.directives import Credential
from schema.profile import (
    ConfirmEmailChangeInput,
    ConfirmEmailChangePayload,
    RequestEmailChangeInput,
    RequestEmailChangePayload,
    UndoEmailChangeInput,
    UndoEmailChangePayload,
    UpdateProfileInput,
    UpdateProfilePayload,
)

UNDO_LIFETIME = timedelta(days=7)
TAKEN = "This address cannot be used. Choose another."


@strawberry.type
class ProfileMutations:
    @mutation(
        UpdateProfilePayload,
        may=SIGNED_IN,
        audit="user.update_profile",
        description="Change what is known about you.",
    )
    async def update_profile(
        self, info: Info, input: Annotated[UpdateProfileInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        user = info.context.signed_in.user
        changes = input.model_dump(exclude_none=True)

        async def change(tx: Transaction) -> documents.User:
            changed = await change_user(user.own_id, changes, tx.session) if changes else user
            await audit_about(
                tx, user.own_id, target=subject_of(user.own_id), before={"name": user.name}, after=changes
            )
            return changed

        return await info.context.ports.writer.commit(change)

    @mutation(
        RequestEmailChangePayload,
        may=SIGNED_IN,
        audit="user.request_email_change",
        step_up=True,
        description="Ask for another address to sign in with. The mail to it has a code for `confirmEmailChange`.",
    )
    async def request_email_change(
        self, info: Info, input: Annotated[RequestEmailChangeInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, email = info.context, normal_email(input.email)
        user = context.signed_in.user
        await admit_mail(context, email)

        async def change(tx: Transaction) -> str:
            # To an address that has an account no mail goes, and the answer is the same.
            is_free = await find_user(email) is None
            token = await context.ports.one_time_tokens.issue(
                Purpose.CHANGE_EMAIL,
                subject_of(user.own_id) if is_free else nobody(),
                lifetime=LINK_LIFETIME,
                at=context.now(),
                session=tx.session,
                details={"from": user.email, "to": email},
            )
            tx.mail(email, "change_email", {"token": str(token.id)})
            await audit_about(tx, user.own_id, target=subject_of(user.own_id), before={"email": user.email})
            return email

        return await context.ports.writer.commit(change)

    @mutation(
        ConfirmEmailChangePayload,
        public="the code of the mail says who it is.",
        audit="user.confirm_email_change",
        directives=(Credential(),),
        description="Sign in with the new address from now on. A mail to the old one tells of it and can undo it.",
    )
    async def confirm_email_change(
        self, info: Info, input: Annotated[ConfirmEmailChangeInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at = info.context, info.context.now()

        async def change(tx: Transaction) -> str:
            token = await spend_token(input.token.get_secret_value(), Purpose.CHANGE_EMAIL, at=at, session=tx.session)
            old, new, user_id = token.details["from"], token.details["to"], user_id_of(token)
            await change_user(user_id, {"email": new, "email_verified_at": at}, tx.session, email=old)
            await admit_waiting(tx, user_id)
            # Links that went to the old address end; the one that undoes this is new.
            await end_tokens(token.subject, tx.session, but=Purpose.UNDO_EMAIL_CHANGE)
            undo = await context.ports.one_time_tokens.issue(
                Purpose.UNDO_EMAIL_CHANGE,
                token.subject,
                lifetime=UNDO_LIFETIME,
                at=at,
                session=tx.session,
                details={"from": new, "to": old},
                replaces=False,
            )
            tx.mail(old, "email_changed", {"token": str(undo.id), "new_email": new})
            await audit_about(tx, user_id, target=token.subject, before={"email": old}, after={"email": new})
            return new

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict(TAKEN) from error

    @mutation(
        UndoEmailChangePayload,
        public="the code of the mail says who it is.",
        audit="user.undo_email_change",
        directives=(Credential(), HASHING),
        description="Take an account back whose address somebody else has changed: the old address counts again, all "
        "sessions end, the password no longer works, and a mail has the link to choose a new one.",
    )
    async def undo_email_change(
        self, info: Info, input: Annotated[UndoEmailChangeInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at = info.context, info.context.now()
        secret = input.token.get_secret_value()
        # Before the hash, which is dear: whoever has no code shall not have one made.
        await peek_token(secret, Purpose.UNDO_EMAIL_CHANGE, at=at)
        unknown = await context.ports.passwords.hash(secrets.token_urlsafe(32))

        async def change(tx: Transaction) -> tuple[documents.User, list[ObjectId]]:
            token = await spend_token(secret, Purpose.UNDO_EMAIL_CHANGE, at=at, session=tx.session)
            old, user_id = token.details["to"], user_id_of(token)
            # Whoever changed the address may have left with the account as well.
            changes = {"email": old, "password_hash": unknown, "has_left": False}
            before = await find_person(user_id, tx.session)
            back = {"deactivated_at": None} if before.has_left else {}
            user = await change_user(user_id, {**changes, **back}, tx.session)
            ended = await end_sessions(user_id, SessionEnd.PASSWORD_CHANGED, session=tx.session)
            # Those of addresses before this one stay: it may have been a thief's too.
            await end_tokens(token.subject, tx.session, but=Purpose.UNDO_EMAIL_CHANGE)
            await end_tokens(token.subject, tx.session, purpose=Purpose.UNDO_EMAIL_CHANGE, made_since=token.created_at)
            reset = await context.ports.one_time_tokens.issue(
                Purpose.RESET_PASSWORD, token.subject, lifetime=LINK_LIFETIME, at=at, session=tx.session
            )
            tx.mail(old, "reset_password", {"token": str(reset.id)})
            await audit_about(tx, user_id, target=token.subject, before=token.details, after={"email": old})
            return user, ended

        try:
            user, ended = await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict(TAKEN) from error
        await tell_ended(context, user.own_id, ended)
        return user.email
