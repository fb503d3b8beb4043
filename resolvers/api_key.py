"""API keys of service accounts: make, rotate and revoke them, list them."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry

import documents
from auth.api_key import NewKey, make_key
from auth.permission import Permission
from documents.alert import resolve_alerts
from documents.api_key import fingerprint, retire_key, revoke_key
from documents.page import Keyset
from documents.transaction import Transaction
from domain.errors import Invalid
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from resolvers.service_account import account_of, grantable
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.machine import ApiKey, IssuedApiKey
from schema.machine_input import (
    CreateApiKeyInput,
    CreateApiKeyPayload,
    RevokeApiKeyInput,
    RevokeApiKeyPayload,
    RotateApiKeyInput,
    RotateApiKeyPayload,
)
from schema.node import local_id

NEWEST_FIRST = Keyset((("created_at", -1),))
WHAT = "What to do it with."
AUDITED = {"name", "prefix", "scopes", "service_account_id", "expires_at", "revoked_at", "rotated_from_id"}


@strawberry.type
class ApiKeyQueries:
    @query(
        Connection[ApiKey],
        may=Permission.MACHINES_READ,
        description="Keys of a service account, the newest first, ended ones included.",
    )
    async def api_keys(
        self,
        info: Info,
        service_account_id: Annotated[
            strawberry.ID, strawberry.argument(description="Global id of the service account.")
        ],
        first: First = DEFAULT_FIRST,
        after: After = None,
    ) -> Any:
        context = info.context
        account = await documents.ServiceAccount.get_in(context.scope, local_id("ServiceAccount", service_account_id))
        of_account = {"service_account_id": account.id}
        return await context.ports.pager.page(
            info, documents.ApiKey, context.scope, of_account, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class ApiKeyMutations:
    @mutation(
        CreateApiKeyPayload,
        may=Permission.MACHINES_MANAGE,
        audit="api_key.create",
        step_up=True,
        shows_secret=True,
        description="Make a key for a service account. It is shown this once.",
    )
    async def create_api_key(
        self, info: Info, input: Annotated[CreateApiKeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, new = info.context, make_key()

        async def change(tx: Transaction) -> documents.ApiKey:
            account = await account_of(context, input.service_account_id, tx)
            scopes = await _scopes(context, account, input.scopes)
            key = _key(context, account, new, name=input.name, scopes=scopes, days=input.expires_in_days)
            return await _store(key, tx)

        return IssuedApiKey(secret=new.text, api_key=await context.ports.writer.commit(change))

    @mutation(
        RotateApiKeyPayload,
        may=Permission.MACHINES_MANAGE,
        audit="api_key.rotate",
        step_up=True,
        shows_secret=True,
        description="Replace a key by a new one, which is shown this once. The old one works for a while beside it.",
    )
    async def rotate_api_key(
        self, info: Info, input: Annotated[RotateApiKeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, new = info.context, make_key()
        until = context.now() + timedelta(hours=input.overlap_hours)

        async def change(tx: Transaction) -> documents.ApiKey:
            old = await _key_of(context, input.id, tx)
            account = await _account_of_key(context, old, tx)
            scopes = await _scopes(context, account, old.scopes)
            retired = await retire_key(old, until, tx.session)
            await resolve_alerts(tx, old.org_id, [fingerprint(old.id)], context.now())
            tx.audit(old.org_id, target=_target(old), before=_shown(old), after=_shown(retired))
            key = _key(context, account, new, name=old.name, scopes=scopes, days=input.expires_in_days)
            key.rotated_from_id = old.id
            return await _store(key, tx)

        key = await context.ports.writer.commit(change)
        if input.overlap_hours == 0:
            context.ports.revocations.announce(f"service:{key.service_account_id}", [str(key.rotated_from_id)])
        return IssuedApiKey(secret=new.text, api_key=key)

    @mutation(
        RevokeApiKeyPayload,
        may=Permission.MACHINES_MANAGE,
        audit="api_key.revoke",
        description="Revoke a key. It is refused from now on, and what it holds open ends.",
    )
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context

        async def change(tx: Transaction) -> documents.ApiKey:
            key = await _key_of(context, input.id, tx)
            revoked = await revoke_key(key, context.now(), tx.session)
            await resolve_alerts(tx, key.org_id, [fingerprint(key.id)], context.now())
            tx.audit(key.org_id, target=_target(key), before=_shown(key), after=_shown(revoked))
            return revoked

        revoked = await context.ports.writer.commit(change)
        context.ports.revocations.announce(f"service:{revoked.service_account_id}", [str(revoked.id)])
        return revoked


async def _key_of(context: Context, id: str, tx: Transaction) -> documents.ApiKey:
    return await documents.ApiKey.get_in(context.scope, local_id("ApiKey", id), session=tx.session)


async def _account_of_key(context: Context, key: documents.ApiKey, tx: Transaction) -> documents.ServiceAccount:
    id = str(key.service_account_id)
    return await documents.ServiceAccount.get_in(context.scope, id, session=tx.session)


async def _scopes(context: Context, account: documents.ServiceAccount, asked: list[str] | None) -> list[str] | None:
    """The scopes of a key. Whoever gets a key may do what it may, so they must hold all of that themselves.

    Raises Invalid for what the account does not have, Forbidden for what the viewer does not.
    """
    path = ("input", "scopes")
    if asked is not None and (beyond := set(asked) - set(account.permissions)):
        raise Invalid(f"The service account does not have {', '.join(sorted(beyond))[:200]}.", path=path)
    granted = await grantable(context, account.org_id, account.permissions if asked is None else asked, path)
    return None if asked is None else granted


def _key(
    context: Context, account: documents.ServiceAccount, new: NewKey, *, name: str, scopes: list[str] | None, days: int
) -> documents.ApiKey:
    return documents.ApiKey(
        org_id=account.org_id,
        service_account_id=account.id,
        name=name,
        prefix=new.prefix,
        sha256=new.sha256,
        scopes=scopes,
        created_by=context.signed_in.actor,
        expires_at=context.now() + timedelta(days=days),
    )


async def _store(key: documents.ApiKey, tx: Transaction) -> documents.ApiKey:
    await key.insert(session=tx.session)
    tx.audit(key.org_id, target=_target(key), after=_shown(key))
    return key


def _shown(key: documents.ApiKey) -> dict[str, Any]:
    """What the audit log is told of a key: nothing by which it could be guessed."""
    shown: dict[str, Any] = key.model_dump(include=AUDITED)
    return shown


def _target(key: documents.ApiKey) -> str:
    return f"api_key:{key.id}"
