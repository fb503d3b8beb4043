"""The viewer's second factors: the authenticator app, recovery codes, and what follows every change of one."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

from auth.totp import matching_step, new_seed, otpauth_uri
from documents import AuthMethod, SessionEnd
from documents.enrolment import note_factors
from documents.passkey import passkeys_of
from documents.recovery_code import count_left, new_codes, replace_codes
from documents.session import end_sessions, forget_factors, renew_session
from documents.totp_factor import confirm, find_confirmed, find_pending, put_pending, remove_totp, seal_seed
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, mutation, query
from resolvers.session import WHAT, audit_about, tell_ended
from schema.directives import Cost, Credential
from schema.factor import (
    ConfirmTotpEnrolmentInput,
    ConfirmTotpEnrolmentPayload,
    Factors,
    RegenerateRecoveryCodesPayload,
    RemoveTotpPayload,
    StartTotpEnrolmentPayload,
    TotpEnrolment,
)

T = TypeVar("T")


@strawberry.type
class FactorQueries:
    @query(
        Factors,
        may=SIGNED_IN,
        directives=(Cost(list_size=20),),
        description="Your second factors.",
    )
    async def factors(self, info: Info) -> Any:
        return await factors_left(info.context)


@strawberry.type
class FactorMutations:
    @mutation(
        StartTotpEnrolmentPayload,
        may=SIGNED_IN,
        audit="factor.start_totp",
        step_up=True,
        description="Begin to set up an authenticator app.",
    )
    async def start_totp_enrolment(self, info: Info) -> Any:
        context, user = info.context, info.context.signed_in.user
        user_id, seed = user.own_id, new_seed()
        sealed = await seal_seed(context.ports.vault, user_id, seed)

        async def change(tx: Transaction) -> Any:
            until = await put_pending(user_id, sealed, context.now(), tx.session)
            await audit_about(tx, user_id, target=f"user:{user_id}", after={"pending": AuthMethod.TOTP})
            return until

        try:
            until = await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("You have an authenticator app already. Remove it first.") from error
        return TotpEnrolment(secret=seed, uri=otpauth_uri(seed, user.email), expires_at=until)

    @mutation(
        ConfirmTotpEnrolmentPayload,
        may=SIGNED_IN,
        audit="factor.confirm_totp",
        step_up=True,
        directives=(Credential(),),
        description="Show that the authenticator app works. From then on signing in takes a code of it; this session "
        "goes on as one with a second factor, your others end.",
    )
    async def confirm_totp_enrolment(
        self, info: Info, input: Annotated[ConfirmTotpEnrolmentInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, user_id, now = info.context, info.context.signed_in.user.own_id, info.context.now()
        pending = await find_pending(user_id, now)
        if pending is None:
            raise Conflict("There is no authenticator app to confirm. Start again.")
        seed = await context.ports.vault.open(pending.seed)
        step = matching_step(seed, input.code.get_secret_value(), now)
        if step is None:
            raise Invalid("The code is wrong. Check the clock of the device.", path=("input", "code"))

        async def change(tx: Transaction) -> list[str]:
            if not await confirm(pending, step, tx.session):
                raise Conflict("Another authenticator app was set up meanwhile. Start again.")
            return await with_new_factor(context, AuthMethod.TOTP, tx)

        return await change_factors(context, change)

    @mutation(
        RegenerateRecoveryCodesPayload,
        may=SIGNED_IN,
        audit="factor.regenerate_recovery_codes",
        step_up=True,
        description="Get ten new recovery codes. The old ones end.",
    )
    async def regenerate_recovery_codes(self, info: Info) -> Any:
        context, user_id = info.context, info.context.signed_in.user.own_id
        if not context.signed_in.user.factors:
            raise Conflict("Set up a second factor first: recovery codes stand in for one.")

        async def change(tx: Transaction) -> list[str]:
            return await _renewed_codes(user_id, tx.session)

        return await change_factors(context, change)

    @mutation(
        RemoveTotpPayload,
        may=SIGNED_IN,
        audit="factor.remove_totp",
        step_up=True,
        description="Remove the authenticator app. Without any factor left, recovery codes end too.",
    )
    async def remove_totp(self, info: Info) -> Any:
        context, user_id = info.context, info.context.signed_in.user.own_id

        async def change(tx: Transaction) -> None:
            if not await remove_totp(user_id, tx.session):
                raise Conflict("You have no authenticator app.")

        await change_factors(context, change)
        return await factors_left(context)


async def change_factors(context: Context, change: Callable[[Transaction], Awaitable[T]]) -> T:
    """Commit a change of the viewer's factors and what follows it: they are noted with the person and in the audit log,
    a mail tells of it, and the other sessions end, because somebody else may have opened them.
    """
    viewer, user = context.signed_in, context.signed_in.user
    user_id, own = user.own_id, ObjectId(viewer.signed_in.session_id)

    async def whole(tx: Transaction) -> tuple[T, list[ObjectId]]:
        result = await change(tx)
        kinds = await note_factors(user_id, tx.session)
        if not kinds:
            await forget_factors(own, tx.session)
        ended = await end_sessions(user_id, SessionEnd.FACTORS_CHANGED, but=own, session=tx.session)
        before, after = {"factors": user.factors}, {"factors": kinds, "ended": list(map(str, ended))}
        await audit_about(tx, user_id, target=f"user:{user_id}", before=before, after=after)
        tx.mail(user.email, "factors_changed", {"at": f"{context.now():%d %B %Y, %H:%M} UTC"})
        return result, ended

    result, ended = await context.ports.writer.commit(whole)
    await tell_ended(context, user_id, ended)
    return result


async def with_new_factor(context: Context, method: AuthMethod, tx: Transaction) -> list[str]:
    """What follows once the viewer has shown a new factor: the session knows it, and there are recovery codes. Returns
    these when they are new.
    """
    user_id = context.signed_in.user.own_id
    await renew_session(ObjectId(context.signed_in.signed_in.session_id), [method], context.now(), tx.session)
    return [] if await count_left(user_id, tx.session) else await _renewed_codes(user_id, tx.session)


async def factors_left(context: Context) -> Factors:
    """The viewer's factors as stored now."""
    user_id = context.signed_in.user.own_id
    totp = await find_confirmed(user_id)
    return Factors(
        totp_since=totp.created_at if totp else None,
        passkeys=await passkeys_of(user_id),  # type: ignore[arg-type]
        recovery_codes_left=await count_left(user_id),
    )


async def _renewed_codes(user_id: PydanticObjectId, session: AsyncClientSession) -> list[str]:
    codes = new_codes()
    await replace_codes(user_id, codes, session)
    return codes
