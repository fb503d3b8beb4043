"""Signing in with a second factor or a passkey, and showing again who one is."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from auth.ceremony import Purpose
from auth.enforced import refuse_password
from auth.second_factor import Place, Proof
from documents import AuthMethod
from documents.sign_in_challenge import close_challenge, try_challenge
from documents.user import find_user_by_id
from domain.errors import Invalid
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, mutation
from resolvers.proof import prove_password
from resolvers.session import HASHING, WHAT, freshen, start_session
from schema.directives import Cost, Credential
from schema.factor import PasskeyCeremony, ShownFactor
from schema.sign_in import (
    CompleteSignInInput,
    CompleteSignInPayload,
    ReauthenticateInput,
    ReauthenticatePayload,
    SignInWithPasskeyInput,
    SignInWithPasskeyPayload,
    StartPasskeySignInPayload,
)

# Nothing is hashed slowly, but whoever guesses shall not be let to do so fast.
GUESSABLE = Cost(weight=100)


@strawberry.type
class SignInMutations:
    @mutation(
        CompleteSignInPayload,
        public="the challenge says who it is.",
        audit="user.complete_sign_in",
        directives=(Credential(), GUESSABLE),
        description="Go on with a sign-in that needs a second factor.",
    )
    async def complete_sign_in(
        self, info: Info, input: Annotated[CompleteSignInInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        challenge = await try_challenge(input.challenge.get_secret_value(), context.now())
        user = None if challenge is None else await find_user_by_id(challenge.user_id)
        if challenge is None or user is None or user.session_version != challenge.session_version:
            raise _over()
        proof = await _proof_of(context, challenge.user_id, input.proof, ("input", "proof"))

        async def use(session: AsyncClientSession) -> None:
            if not await close_challenge(challenge, session):
                raise _over()
            await proof.use(session)

        methods = {*challenge.methods, proof.method}
        return await start_session(context, user, methods, input.delivery, within=use)

    @mutation(
        StartPasskeySignInPayload,
        public="a passkey says who it is.",
        audit="passkey.ask",
        directives=(GUESSABLE,),
        description="Ask for a passkey, for `signInWithPasskey`, `completeSignIn` or, when you are signed in, "
        "`reauthenticate`.",
    )
    async def start_passkey_sign_in(self, info: Info) -> Any:
        context = info.context
        factors = context.ports.second_factors
        begun = await factors.ceremonies.begin(Purpose.SHOW, session_id_of(context), context.now())
        options = factors.relying_party.request_options(begun.challenge)
        return PasskeyCeremony(ceremony=begun.ticket, options=options, expires_at=begun.expires_at)

    @mutation(
        SignInWithPasskeyPayload,
        public="a passkey says who it is.",
        audit="user.sign_in",
        directives=(Credential(), GUESSABLE),
        description="Sign in with a passkey alone. It counts as two factors: one has the device, and has unlocked it.",
    )
    async def sign_in_with_passkey(
        self, info: Info, input: Annotated[SignInWithPasskeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        proof = await context.ports.second_factors.prove_passkey(
            input.ceremony, input.credential, session_id_of(context), context.now()
        )
        user = await find_user_by_id(proof.user_id)
        if user is None:
            raise Invalid("This passkey is not known here.")
        return await start_session(context, user, [proof.method], input.delivery, within=proof.use)

    @mutation(
        ReauthenticatePayload,
        may=SIGNED_IN,
        audit="session.reauthenticate",
        directives=(Credential(), HASHING),
        description="Show again who you are. Some things ask for it when you last did more than ten minutes ago; who "
        "has a second factor shows that one.",
    )
    async def reauthenticate(
        self, info: Info, input: Annotated[ReauthenticateInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        if input.password is not None:
            await prove_password(context, input.password, path=("input", "password"))
            await refuse_password(context.signed_in.user.email)
            return await freshen(context, [AuthMethod.PASSWORD])
        proof = await _proof_of(context, context.signed_in.user.own_id, input, ("input",))
        return await freshen(context, [proof.method], within=proof.use)


def session_id_of(context: Context) -> str:
    """The session of the viewer; empty for who is not signed in."""
    return context.viewer.subject.session_id if context.viewer else ""


async def _proof_of(context: Context, user_id: PydanticObjectId, shown: ShownFactor, place: Place) -> Proof:
    """The second factor of this person. Raises Invalid for one that is wrong, or another person's."""
    factors, now = context.ports.second_factors, context.now()
    if shown.totp_code is not None:
        code = shown.totp_code.get_secret_value()
        return await factors.prove_totp(user_id, code, now, address=context.caller.address, place=(*place, "totpCode"))
    if shown.passkey is not None:
        ticket, answer = shown.passkey.ceremony, shown.passkey.credential
        proof = await factors.prove_passkey(ticket, answer, session_id_of(context), now)
        if proof.user_id != user_id:
            raise Invalid("This passkey is another person's.")
        return proof
    code = shown.recovery_code.get_secret_value() if shown.recovery_code else ""
    return factors.prove_recovery(user_id, code, now, place=(*place, "recoveryCode"))


def _over() -> Invalid:
    return Invalid("This sign-in is over, or was tried too often. Sign in again.", path=("input", "challenge"))
