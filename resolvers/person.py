"""People: register, confirm the address, sign in. Known and unknown addresses are answered alike, at the same pace."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.password_rules import check_password
from documents import AuthMethod
from documents.audit import INSTALLATION
from documents.one_time_token import Purpose, nobody, peek_token, spend_token
from documents.registration import Registration, find_registration, open_account, registration_of
from documents.transaction import Transaction
from documents.user import find_user, normal_email
from domain.errors import Conflict, Invalid
from resolvers.context import Context, Info
from resolvers.fields import mutation
from resolvers.proof import admit_mail
from resolvers.session import HASHING, first_session, start_session
from schema.directives import Credential
from schema.person import (
    RegisterInput,
    RegisterPayload,
    ResendVerificationInput,
    ResendVerificationPayload,
    SignInInput,
    SignInPayload,
    VerifyEmailInput,
    VerifyEmailPayload,
)

WHAT = "What to do it with."
LINK_LIFETIME = timedelta(minutes=30)


@strawberry.type
class PersonMutations:
    @mutation(
        RegisterPayload,
        public="this is how one gets in.",
        audit="user.register",
        directives=(Credential(), HASHING),
        description="Ask for an account and an organization. A mail goes to the address; `verifyEmail` opens both. "
        "Who has an account already gets a mail that says so.",
    )
    async def register(self, info: Info, input: Annotated[RegisterInput, strawberry.argument(description=WHAT)]) -> Any:
        context, email = info.context, normal_email(input.email)
        password = input.password.get_secret_value()
        await admit_mail(context, email)
        await check_password(password, email=email, path=("input", "password"))
        registration = Registration(
            email=email,
            name=input.name,
            password_hash=await context.ports.passwords.hash(password),
            organization_name=input.organization_name,
            organization_kind=input.organization_kind,
        )

        async def change(tx: Transaction) -> str:
            # What is written is the same for an address that is known; its registration has no link that opens it.
            is_known = await find_user(email) is not None
            await registration.insert(session=tx.session)
            subject = nobody() if is_known else registration.subject
            token = await context.ports.one_time_tokens.issue(
                Purpose.VERIFY_EMAIL, subject, lifetime=LINK_LIFETIME, at=context.now(), session=tx.session
            )
            if is_known:
                tx.mail(email, "already_registered")
            else:
                tx.mail(email, "verify_email", {"token": str(token.id)})
            tx.audit(INSTALLATION, target=registration.subject)
            return email

        return await context.ports.writer.commit(change)

    @mutation(
        VerifyEmailPayload,
        public="the code of the mail and the password say who it is.",
        audit="user.verify_email",
        directives=(Credential(), HASHING),
        description="Open the account: the code shows that the address is yours, the password that it was you who "
        "registered. Where your domain's organization has you sign in through its provider, the account opens and no "
        "session begins.",
    )
    async def verify_email(
        self, info: Info, input: Annotated[VerifyEmailInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, secret = info.context, input.token.get_secret_value()
        async with context.ports.throttle.attempt(f"verify {secret}", context.caller.address):
            registration = await registration_of(await peek_token(secret, Purpose.VERIFY_EMAIL, at=context.now()))
            password = input.password.get_secret_value()
            if registration is None or not await context.ports.passwords.matches(password, registration.password_hash):
                raise Invalid("This is not the password this account was registered with.", path=("input", "password"))

        async def change(tx: Transaction) -> documents.User:
            await spend_token(secret, Purpose.VERIFY_EMAIL, at=context.now(), session=tx.session)
            return await open_account(tx, registration, context.now())

        try:
            user = await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("There is an account with this address by now. Sign in instead.") from error
        return await first_session(context, user, input.delivery)

    @mutation(
        ResendVerificationPayload,
        public="who waits for the mail cannot sign in yet.",
        audit="user.resend_verification",
        directives=(Credential(),),
        description="Send the mail of `register` again, to an address that waits for it. The link before ends.",
    )
    async def resend_verification(
        self, info: Info, input: Annotated[ResendVerificationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, email = info.context, normal_email(input.email)
        await admit_mail(context, email)

        async def change(tx: Transaction) -> str:
            user, waiting = await asyncio.gather(find_user(email), find_registration(email))
            is_waiting = waiting is not None and user is None
            token = await context.ports.one_time_tokens.issue(
                Purpose.VERIFY_EMAIL,
                waiting.subject if waiting is not None and is_waiting else nobody(),
                lifetime=LINK_LIFETIME,
                at=context.now(),
                session=tx.session,
            )
            tx.mail(email, "verify_email", {"token": str(token.id)})
            tx.audit(INSTALLATION, target=waiting.subject if waiting else "registration:unknown")
            return email

        return await context.ports.writer.commit(change)

    @mutation(
        SignInPayload,
        public="this is how one gets in.",
        audit="user.sign_in",
        directives=(Credential(), HASHING),
        description="Exchange an address and a password for a session. After a few wrong passwords one must wait "
        "before the next, a little longer each time, for fifteen minutes at most.",
    )
    async def sign_in(self, info: Info, input: Annotated[SignInInput, strawberry.argument(description=WHAT)]) -> Any:
        context, email = info.context, normal_email(input.email)
        async with context.ports.throttle.attempt(f"sign-in {email}", context.caller.address):
            user = await _with_password(context, email, input.password.get_secret_value())
        if user.deactivated_at is not None:
            told = "The mail about it has the way back." if user.has_left else "Ask your administrator."
            raise Invalid(f"This account is deactivated. {told}", path=("input", "email"), person=user.id)
        return await start_session(context, user, [AuthMethod.PASSWORD], input.delivery)


async def _with_password(context: Context, email: str, password: str) -> documents.User:
    """The person. Raises Invalid, in the same words and after the same work whether the address is known or not."""
    user, waiting = await asyncio.gather(find_user(email), find_registration(email))
    known = user or waiting
    matches = await context.ports.passwords.matches(password, known.password_hash if known else None)
    if known is None or not matches:
        about = user.id if user else None
        raise Invalid("The address or the password is wrong.", path=("input", "password"), person=about)
    if user is None or user.email_verified_at is None:
        raise Invalid("Confirm your address first, by the link in the mail.", path=("input", "email"))
    return user
