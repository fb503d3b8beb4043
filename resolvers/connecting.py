"""Connecting an account: credentials are tried before they are kept, and told what they open."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents import AccountState
from documents.account import sealed
from documents.connection import add_account, announce_account, stored_report, update_account
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid, ProviderError
from domain.facts.access import AccessReport
from domain.onboarding.refusal import refusal
from jobs.queue import ask_discovery, request_sync
from resolvers.context import Context, Info
from resolvers.entering import Entry, entry_of, looked_into, stored_entry
from resolvers.fields import mutation
from schema.connecting import (
    CheckAccessInput,
    CheckAccessPayload,
    CheckAccountAccessInput,
    CheckAccountAccessPayload,
    ConnectAccountInput,
    ConnectAccountPayload,
    RotateCredentialsInput,
    RotateCredentialsPayload,
)
from schema.node import local_id

# What the audit log tells apart of an account; never its credentials.
AUDITED = {"provider", "native_id", "name", "state", "role_arn", "endpoint_url", "regions", "all_accounts"}
WHAT = strawberry.argument(description="What to do it with.")


@strawberry.type
class ConnectingMutations:
    @mutation(
        ConnectAccountPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.connect",
        description="Connect an account. Its credentials are tried first; those that do not open it are not kept. The "
        "answer tells what can be read and what each missing permission would bring. Credentials are stored encrypted "
        "and cannot be read back.",
    )
    async def connect_account(self, info: Info, input: Annotated[ConnectAccountInput, WHAT]) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        entry = _entry(context, input.access, org_id)
        report = await looked_into(context.ports, entry)
        cipher = await context.ports.vault.seal(org_id, entry.secret)
        account = documents.Account(
            org_id=org_id,
            provider=entry.provider,
            native_id=report.native_id,
            name=input.name,
            state=AccountState.CONNECTING,
            credentials=sealed(cipher),
            access=stored_report(report),
            **entry.fields,
        )
        account.schedule(context.now())

        async def change(tx: Transaction) -> documents.Account:
            await add_account(tx, account)
            await request_sync(tx, account)
            _follow(tx, account)
            tx.audit(account.org_id, target=f"account:{account.id}", after=account.model_dump(include=AUDITED))
            return account

        return await context.ports.writer.commit(change)

    @mutation(
        CheckAccessPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.check",
        description="Try credentials without keeping them.",
    )
    async def check_access(self, info: Info, input: Annotated[CheckAccessInput, WHAT]) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        report = await looked_into(context.ports, _entry(context, input.access, org_id))

        async def change(tx: Transaction) -> AccessReport:
            after = {"native_id": report.native_id, "principal": report.principal}
            tx.audit(ObjectId(org_id), target=f"organization:{org_id}", after=after)
            return report

        return await context.ports.writer.commit(change)

    @mutation(
        CheckAccountAccessPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.check",
        description="Try the credentials of a connected account again, and keep what they open now.",
    )
    async def check_account_access(self, info: Info, input: Annotated[CheckAccountAccessInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        entry = await stored_entry(context.ports, account)
        try:
            report = await context.ports.access.report(entry.provider, entry.credentials)
        except ProviderError as error:
            told = refusal(error, entry.provider, entry.credentials)
            raise Invalid(told.message, path=("input", "account_id")) from error

        async def change(tx: Transaction) -> documents.Account:
            changed = await update_account(account, tx.session, access=stored_report(report))
            tx.audit(account.org_id, target=f"account:{account.id}", after={"missing": len(report.missing)})
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        RotateCredentialsPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.rotate",
        step_up=True,
        description="Give an account other credentials. They are tried first, and must open the same account; the old "
        "ones are then forgotten.",
    )
    async def rotate_credentials(self, info: Info, input: Annotated[RotateCredentialsInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        _check_rotatable(account)
        entry = _entry(context, input.access, str(account.org_id))
        if entry.provider is not account.provider:
            raise Invalid(f"This is an account of {account.provider}.", path=("input", "access"))
        report = await looked_into(context.ports, entry)
        if account.native_id is not None and report.native_id != account.native_id:
            message = f"These credentials open {report.native_id}, and this account is {account.native_id}."
            raise Invalid(f"{message} Connect the other one with connectAccount.", path=("input", "access"))
        cipher = await context.ports.vault.seal(str(account.org_id), entry.secret)
        fields = {**entry.fields, "native_id": report.native_id, "access": stored_report(report)}

        async def change(tx: Transaction) -> documents.Account:
            changed = await update_account(account, tx.session, **fields, credentials=sealed(cipher))
            await request_sync(tx, changed)
            _follow(tx, changed)
            announce_account(tx, changed)
            tx.audit(
                account.org_id,
                target=f"account:{account.id}",
                before={**account.model_dump(include=AUDITED), "credentials": "old"},
                after={**changed.model_dump(include=AUDITED), "credentials": "new"},
            )
            return changed

        return await context.ports.writer.commit(change)


def _entry(context: Context, access: Any, org_id: str) -> Entry:
    ports = context.ports
    return entry_of(access, ports.external_ids.of(org_id), ports.allow_private_endpoints)


def _check_rotatable(account: documents.Account) -> None:
    if not account.is_connected:
        raise Conflict("This account is not connected. Connect it first with connectAccount.")
    if account.parent_id is not None:
        raise Conflict("This account is reached through another one of its organization: rotate the credentials there.")


def _follow(tx: Transaction, account: documents.Account) -> None:
    if account.all_accounts:
        ask_discovery(tx, account)
