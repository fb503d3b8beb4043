"""The viewer's passkeys: register, rename, remove."""

from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.ceremony import Purpose
from auth.relying_party import is_synced
from documents import AuthMethod
from documents.passkey import MOST_PASSKEYS, passkeys_of, remove_passkey, rename_passkey
from documents.transaction import Transaction
from domain.errors import Conflict
from resolvers.context import Info
from resolvers.factor import change_factors, factors_left, with_new_factor
from resolvers.fields import SIGNED_IN, mutation
from resolvers.session import WHAT, audit_about
from resolvers.sign_in import session_id_of
from schema.directives import Credential
from schema.factor import (
    FinishPasskeyRegistrationInput,
    FinishPasskeyRegistrationPayload,
    PasskeyCeremony,
    RegisteredPasskey,
    RemovePasskeyInput,
    RemovePasskeyPayload,
    RenamePasskeyInput,
    RenamePasskeyPayload,
    StartPasskeyRegistrationPayload,
)
from schema.node import local_id


@strawberry.type
class PasskeyMutations:
    @mutation(
        StartPasskeyRegistrationPayload,
        may=SIGNED_IN,
        audit="passkey.start_registration",
        step_up=True,
        description="Begin to register a passkey.",
    )
    async def start_passkey_registration(self, info: Info) -> Any:
        context, factors = info.context, info.context.ports.second_factors
        existing = await passkeys_of(context.signed_in.user.own_id)
        if len(existing) >= MOST_PASSKEYS:
            raise Conflict(f"You have {MOST_PASSKEYS} passkeys already. Remove one first.")
        begun = await factors.ceremonies.begin(Purpose.REGISTER, session_id_of(context), context.now())
        options = factors.relying_party.registration_options(context.signed_in.user, existing, begun.challenge)
        return PasskeyCeremony(ceremony=begun.ticket, options=options, expires_at=begun.expires_at)

    @mutation(
        FinishPasskeyRegistrationPayload,
        may=SIGNED_IN,
        audit="passkey.register",
        step_up=True,
        directives=(Credential(),),
        description="Register the passkey that the authenticator made. This session goes on as one with a second "
        "factor, your others end.",
    )
    async def finish_passkey_registration(
        self, info: Info, input: Annotated[FinishPasskeyRegistrationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, factors = info.context, info.context.ports.second_factors
        challenge = await factors.ceremonies.end(input.ceremony, Purpose.REGISTER, session_id_of(context))
        made = factors.relying_party.registered(input.credential, challenge)
        passkey = documents.Passkey(
            user_id=context.signed_in.user.own_id,
            key_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=input.name,
            is_synced=is_synced(made),
        )

        async def change(tx: Transaction) -> RegisteredPasskey:
            await passkey.insert(session=tx.session)
            codes = await with_new_factor(context, AuthMethod.PASSKEY, tx)
            return RegisteredPasskey(passkey=passkey, recovery_codes=codes)

        try:
            return await change_factors(context, change)
        except DuplicateKeyError as error:
            raise Conflict("This passkey is registered already.", path=("input", "credential")) from error

    @mutation(RenamePasskeyPayload, may=SIGNED_IN, audit="passkey.rename", description="Give a passkey another name.")
    async def rename_passkey(
        self, info: Info, input: Annotated[RenamePasskeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        user_id, id = info.context.signed_in.user.own_id, local_id("Passkey", input.passkey_id)

        async def change(tx: Transaction) -> documents.Passkey:
            renamed = await rename_passkey(id, user_id, input.name, tx.session)
            await audit_about(tx, user_id, target=f"passkey:{id}", after={"name": renamed.name})
            return renamed

        return await info.context.ports.writer.commit(change)

    @mutation(
        RemovePasskeyPayload,
        may=SIGNED_IN,
        audit="passkey.remove",
        step_up=True,
        description="Remove a passkey. Without any factor left, recovery codes end too.",
    )
    async def remove_passkey(
        self, info: Info, input: Annotated[RemovePasskeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        user_id, id = info.context.signed_in.user.own_id, local_id("Passkey", input.passkey_id)

        async def change(tx: Transaction) -> None:
            await remove_passkey(id, user_id, tx.session)

        await change_factors(info.context, change)
        return await factors_left(info.context)
