"""How people leave: for a while, with a way back by mail, or for good."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

from documents import SessionEnd
from documents.erasure import erase_person
from documents.member import only_administrated_by
from documents.one_time_token import Purpose, end_tokens, spend_token, subject_of, user_id_of
from documents.session import end_sessions
from documents.totp_factor import vault_key_of
from documents.transaction import Transaction
from documents.user import change_user
from domain.errors import Conflict
from resolvers.context import Info
from resolvers.fields import SIGNED_IN, mutation
from resolvers.person import WHAT
from resolvers.session import audit_about, tell_ended
from schema.directives import Credential
from schema.leaving import (
    DeactivateMyAccountPayload,
    DeleteMyAccountPayload,
    ReactivateMyAccountInput,
    ReactivateMyAccountPayload,
)

BACK_WITHIN = timedelta(days=30)


@strawberry.type
class LeavingMutations:
    @mutation(
        DeactivateMyAccountPayload,
        may=SIGNED_IN,
        audit="user.deactivate",
        step_up=True,
        description="Deactivate your account: all sessions end, and nobody can sign in. A mail has the way back, for "
        "30 days. Refused while an organization has no other administrator.",
    )
    async def deactivate_my_account(self, info: Info) -> Any:
        context = info.context
        user = context.signed_in.user

        async def change(tx: Transaction) -> list[ObjectId]:
            await _refuse_last_administrator(tx, user.own_id)
            changes = {"deactivated_at": context.now(), "has_left": True}
            await change_user(user.own_id, changes, tx.session, deactivated_at=None)
            ended = await end_sessions(user.own_id, SessionEnd.DEACTIVATED, session=tx.session)
            await end_tokens(subject_of(user.own_id), tx.session, but=Purpose.UNDO_EMAIL_CHANGE)
            back = await context.ports.one_time_tokens.issue(
                Purpose.REACTIVATE, subject_of(user.own_id), lifetime=BACK_WITHIN, at=context.now(), session=tx.session
            )
            tx.mail(user.email, "deactivated", {"token": str(back.id)})
            await audit_about(tx, user.own_id, target=subject_of(user.own_id), after={"has_left": True})
            return ended

        await tell_ended(context, user.own_id, await context.ports.writer.commit(change))
        return user.email

    @mutation(
        ReactivateMyAccountPayload,
        public="the code of the mail says who it is.",
        audit="user.reactivate",
        directives=(Credential(),),
        description="Come back to an account you have deactivated yourself. Sign in afterwards.",
    )
    async def reactivate_my_account(
        self, info: Info, input: Annotated[ReactivateMyAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, secret = info.context, input.token.get_secret_value()

        async def change(tx: Transaction) -> str:
            token = await spend_token(secret, Purpose.REACTIVATE, at=context.now(), session=tx.session)
            changes = {"deactivated_at": None, "has_left": False}
            user = await change_user(user_id_of(token), changes, tx.session, has_left=True)
            await audit_about(tx, user_id_of(token), target=token.subject, after={"has_left": False})
            return user.email

        return await context.ports.writer.commit(change)

    @mutation(
        DeleteMyAccountPayload,
        may=SIGNED_IN,
        audit="user.delete",
        step_up=True,
        description="Delete your account for good: your name, address, password, factors, sessions and memberships. "
        "Audit logs keep a number in your place. Refused while an organization has no other administrator.",
    )
    async def delete_my_account(self, info: Info) -> Any:
        context = info.context
        user = context.signed_in.user

        async def change(tx: Transaction) -> list[ObjectId]:
            await _refuse_last_administrator(tx, user.own_id)
            await audit_about(tx, user.own_id, target=subject_of(user.own_id))
            ended = await end_sessions(user.own_id, SessionEnd.DEACTIVATED, session=tx.session)
            await erase_person(user, tx.session)
            tx.mail(user.email, "deleted")
            return ended

        await tell_ended(context, user.own_id, await context.ports.writer.commit(change))
        await context.ports.vault.shred(vault_key_of(user.own_id))
        return subject_of(user.own_id)


async def _refuse_last_administrator(tx: Transaction, user_id: PydanticObjectId) -> None:
    alone = await only_administrated_by(user_id, tx.session)
    if alone:
        names = ", ".join(one.name for one in alone)
        raise Conflict(f"You are the last administrator of {names}. Make somebody else one first.")
