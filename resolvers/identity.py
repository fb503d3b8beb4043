"""Signing in through identity providers, as far as the graph goes: codes, linked identities, what there is."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

import documents
from auth.sign_in_code import redeem_code
from auth.sign_in_flow import Intent
from documents import AuthMethod
from documents.external_identity import find_identity, identities_of, link, unlink
from documents.identity_provider import providers_of_domain
from documents.sign_in import SignInCode
from documents.transaction import Transaction
from documents.user import find_user_by_id
from domain.errors import Conflict, Invalid, NotFound, Unauthenticated
from domain.identity.identity import Identity as Shown
from domain.identity.identity import address_of, domain_of
from resolvers.context import Context, Info
from resolvers.fields import SIGNED_IN, mutation, query
from resolvers.session import audit_about, freshen, start_session
from schema.directives import Cost, Credential
from schema.identity import (
    ExchangeSignInCodeInput,
    ExchangeSignInCodePayload,
    Identity,
    LinkIdentityInput,
    LinkIdentityPayload,
    ReauthenticateWithProviderInput,
    ReauthenticateWithProviderPayload,
    SignInOption,
    UnlinkIdentityInput,
    UnlinkIdentityPayload,
)
from schema.node import local_id

WHAT = "What to do it with."
PLATFORM_NAMES = {"google": "Google", "microsoft": "Microsoft", "github": "GitHub"}


@strawberry.type
class IdentityQueries:
    @query(
        list[SignInOption],
        public="one asks before one is signed in.",
        directives=(Cost(list_size=20),),
        description="What somebody with this address can sign in with besides a password. Tells of domains, never of "
        "people: it answers alike whether there is such an account or not.",
    )
    async def sign_in_options(
        self,
        info: Info,
        email: Annotated[
            str | None, strawberry.argument(description="The address; null for what is open to all.")
        ] = None,
    ) -> Any:
        address = address_of(email)
        own = await providers_of_domain(domain_of(address)) if address else []
        if required := [one for one in own if one.is_enforced]:
            return [_option(one.name, str(one.id), is_required=True) for one in required]
        everybodys = [_option(PLATFORM_NAMES[key], key) for key in info.context.ports.platform_providers]
        return [_option(one.name, str(one.id)) for one in own] + everybodys

    @query(
        list[Identity],
        may=SIGNED_IN,
        directives=(Cost(list_size=10),),
        description="Your identities at providers, by which you can sign in.",
    )
    async def identities(self, info: Info) -> Any:
        return await identities_of(_own_id(info.context))


@strawberry.type
class IdentityMutations:
    @mutation(
        ExchangeSignInCodePayload,
        public="the code says who it is.",
        audit="user.sign_in",
        directives=(Credential(),),
        description="Exchange the code of a sign-in through a provider for a session. It works once, for a minute.",
    )
    async def exchange_sign_in_code(
        self, info: Info, input: Annotated[ExchangeSignInCodeInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        code = await _redeemed(context, input, Intent.SIGN_IN)
        user = await find_user_by_id(code.user_id) if code.user_id else None
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        return await start_session(context, user, [AuthMethod.OIDC], input.delivery)

    @mutation(
        LinkIdentityPayload,
        may=SIGNED_IN,
        audit="identity.link",
        step_up=True,
        directives=(Credential(),),
        description="Sign in with this identity from now on, too. Its address need not be yours.",
    )
    async def link_identity(
        self, info: Info, input: Annotated[LinkIdentityInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, user_id = info.context, _own_id(info.context)
        code = await _redeemed(context, input, Intent.LINK)
        shown = Shown(issuer=code.issuer, subject=code.subject, email=code.email, is_email_proven=False, name="")

        async def change(tx: Transaction) -> documents.ExternalIdentity:
            made = await link(user_id, code.provider, shown, tx.session)
            after = {"issuer": code.issuer, "subject": code.subject}
            await audit_about(tx, user_id, target=f"identity:{made.id}", after=after)
            return made

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("This identity is linked already, to you or to another account.") from error

    @mutation(
        UnlinkIdentityPayload,
        may=SIGNED_IN,
        audit="identity.unlink",
        step_up=True,
        description="Sign in with this identity no more. Refused when nothing else would be left to sign in with.",
    )
    async def unlink_identity(
        self, info: Info, input: Annotated[UnlinkIdentityInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, user_id = info.context, _own_id(info.context)
        wanted = local_id("Identity", input.identity_id)
        user = context.signed_in.user
        has_other = user.password_hash is not None or AuthMethod.PASSKEY in user.factors

        async def change(tx: Transaction) -> documents.ExternalIdentity:
            found = await identities_of(user_id, tx.session)
            chosen = next((one for one in found if str(one.id) == wanted), None)
            if chosen is None:
                raise NotFound.of("identity")
            if len(found) == 1 and not has_other:
                raise Conflict("You could not sign in any more: set a password or a passkey first.")
            await unlink(ObjectId(wanted), tx.session)
            before = {"issuer": chosen.issuer, "subject": chosen.subject}
            await audit_about(tx, user_id, target=f"identity:{chosen.id}", before=before)
            return chosen

        return await context.ports.writer.commit(change)

    @mutation(
        ReauthenticateWithProviderPayload,
        may=SIGNED_IN,
        audit="session.reauthenticate",
        directives=(Credential(),),
        description="Show again who you are at your identity provider, as `reauthenticate` does with a password.",
    )
    async def reauthenticate_with_provider(
        self, info: Info, input: Annotated[ReauthenticateWithProviderInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        user_id = _own_id(context)
        code = await _redeemed(context, input, Intent.REAUTHENTICATE)
        found = await find_identity(code.issuer, code.subject)
        if found is None or found.user_id != user_id:
            raise Invalid("That is somebody else at the identity provider.", path=("input", "code"))
        return await freshen(context, [AuthMethod.OIDC])


async def _redeemed(
    context: Context,
    input: ExchangeSignInCodeInput | LinkIdentityInput | ReauthenticateWithProviderInput,
    intent: Intent,
) -> SignInCode:
    code, verifier = input.code.get_secret_value(), input.code_verifier.get_secret_value()
    return await redeem_code(code, verifier, intent, context.now())


def _option(name: str, key: str, *, is_required: bool = False) -> SignInOption:
    return SignInOption(name=name, start_path=f"/auth/{key}/start", is_required=is_required)


def _own_id(context: Context) -> PydanticObjectId:
    return PydanticObjectId(str(context.signed_in.user.id))
