"""Service accounts: make, change, disable and delete them, list them."""

from collections.abc import Collection
from typing import Annotated, Any

import strawberry
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import FOR_MACHINES, Permission
from documents.alert import resolve_alerts
from documents.api_key import fingerprint, remove_keys
from documents.page import Keyset
from documents.service_account import change_account, remove_account
from documents.transaction import Transaction
from domain.errors import Conflict, Forbidden, Invalid
from resolvers.authority import require_everything
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.machine import ServiceAccount
from schema.machine_input import (
    CreateServiceAccountInput,
    CreateServiceAccountPayload,
    DeleteServiceAccountPayload,
    DisableServiceAccountPayload,
    EnableServiceAccountPayload,
    ServiceAccountInput,
    UpdateServiceAccountInput,
    UpdateServiceAccountPayload,
)
from schema.node import local_id

BY_NAME = Keyset((("name", 1),))
WHAT = "What to do it with."
AUDITED = {"name", "description", "permissions", "disabled_at"}
PATH = ("input", "permissions")


@strawberry.type
class ServiceAccountQueries:
    @query(Connection[ServiceAccount], may=Permission.MACHINES_READ, description="Service accounts in reach, by name.")
    async def service_accounts(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.ServiceAccount, context.scope, {}, BY_NAME, first=first, after=after
        )


@strawberry.type
class ServiceAccountMutations:
    @mutation(
        CreateServiceAccountPayload,
        may=Permission.MACHINES_MANAGE,
        audit="service_account.create",
        description="Make a service account. It can do nothing before it has a key.",
    )
    async def create_service_account(
        self, info: Info, input: Annotated[CreateServiceAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = context.organization(input.organization_id)
        account = documents.ServiceAccount(
            org_id=org_id,
            name=input.name,
            description=input.description,
            permissions=await grantable(context, org_id, input.permissions),
            created_by=context.signed_in.actor,
        )

        async def change(tx: Transaction) -> documents.ServiceAccount:
            await account.insert(session=tx.session)
            tx.audit(account.org_id, target=_target(account), after=account.model_dump(include=AUDITED))
            return account

        try:
            return await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise _taken(input.name) from error

    @mutation(
        UpdateServiceAccountPayload,
        may=Permission.MACHINES_MANAGE,
        audit="service_account.update",
        # What the account gains, keys that are out there gain.
        step_up=True,
        description="Change a service account. What its permissions lose, its keys lose at once.",
    )
    async def update_service_account(
        self, info: Info, input: Annotated[UpdateServiceAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        fields = {"name": input.name, "description": input.description, "permissions": input.permissions}
        given = {name: value for name, value in fields.items() if value is not None}
        if not given:
            raise Invalid("Say what to change: the name, the description or the permissions.", path=("input",))
        try:
            return await _change(info.context, input.id, given)
        except DuplicateKeyError as error:
            raise _taken(input.name or "") from error

    @mutation(
        DisableServiceAccountPayload,
        may=Permission.MACHINES_MANAGE,
        audit="service_account.disable",
        description="Refuse all keys of a service account, and end what they hold open, until it is enabled again.",
    )
    async def disable_service_account(
        self, info: Info, input: Annotated[ServiceAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        return await _change(info.context, input.id, {"disabled_at": info.context.now()})

    @mutation(
        EnableServiceAccountPayload,
        may=Permission.MACHINES_MANAGE,
        audit="service_account.enable",
        step_up=True,
        description="Accept the keys of a disabled service account again.",
    )
    async def enable_service_account(
        self, info: Info, input: Annotated[ServiceAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        return await _change(info.context, input.id, {"disabled_at": None})

    @mutation(
        DeleteServiceAccountPayload,
        may=Permission.MACHINES_MANAGE,
        audit="service_account.delete",
        description="Delete a service account with all its keys. What it did stays in the audit log.",
    )
    async def delete_service_account(
        self, info: Info, input: Annotated[ServiceAccountInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context

        async def change(tx: Transaction) -> documents.ServiceAccount:
            account = await account_of(context, input.id, tx)
            assert account.id is not None  # noqa: S101 - it was just read; this tells the type checker
            keys = await remove_keys(account.id, account.org_id, tx.session)
            await remove_account(account, tx.session)
            await resolve_alerts(tx, account.org_id, [fingerprint(id) for id in keys], context.now())
            before = {**account.model_dump(include=AUDITED), "keys": len(keys)}
            tx.audit(account.org_id, target=_target(account), before=before)
            return account

        account = await context.ports.writer.commit(change)
        context.ports.revocations.announce(f"service:{account.id}")
        return account


async def account_of(context: Context, id: str, tx: Transaction) -> documents.ServiceAccount:
    """The service account with this global id. Raises NotFound for another tenant's."""
    local = local_id("ServiceAccount", id)
    return await documents.ServiceAccount.get_in(context.scope, local, session=tx.session)


async def grantable(
    context: Context, org_id: object, names: Collection[str], path: tuple[str, ...] = PATH
) -> list[str]:
    """The permissions, sorted, that the viewer may hand on to a machine of the organization.

    Raises Invalid for what is no permission or not for machines, Forbidden for what the viewer does not hold there, and
    for a directory's key unless they hold everything there.
    """
    known = {permission.value for permission in FOR_MACHINES}
    if wrong := sorted(set(names) - known):
        raise Invalid(f"Not for service accounts: {', '.join(wrong)[:200]}. Choose among {_listed(known)}.", path=path)
    standing = context.signed_in.standings.get(str(org_id))
    held = {permission.value for permission in standing.permissions} if standing else set()
    if missing := set(names) - held:
        raise Forbidden(f"You cannot hand on what you may not do yourself: {_listed(missing)}.")
    if Permission.SCIM_PROVISION in names:
        # A directory puts people into groups, and groups give roles.
        await require_everything(context, org_id)
    return sorted(set(names))


async def _change(context: Context, id: str, given: dict[str, Any]) -> documents.ServiceAccount:
    async def change(tx: Transaction) -> tuple[documents.ServiceAccount, documents.ServiceAccount]:
        account = await account_of(context, id, tx)
        changes = dict(given)
        if "permissions" in given:
            changes["permissions"] = await grantable(context, account.org_id, given["permissions"])
        changed = await change_account(account, changes, tx.session)
        before, after = account.model_dump(include=AUDITED), changed.model_dump(include=AUDITED)
        tx.audit(account.org_id, target=_target(account), before=before, after=after)
        return account, changed

    before, after = await context.ports.writer.commit(change)
    if after.disabled_at is not None or not set(before.permissions) <= set(after.permissions):
        context.ports.revocations.announce(f"service:{after.id}")
    return after


def _target(account: documents.ServiceAccount) -> str:
    return f"service_account:{account.id}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a service account called {name} already: choose another name.", path=("input", "name"))
