"""Changing how an account is read, and taking it away."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.account import cadence_fields, sealed
from documents.connection import announce_account, begin_disconnect, update_account
from documents.sync_run import end_waiting_run, find_active_run, request_cancel
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.provider import Provider
from jobs.queue import ask_disconnect
from resolvers.connecting import AUDITED, WHAT
from resolvers.context import Info, Ports
from resolvers.entering import Entry, stored_entry
from resolvers.fields import mutation
from schema.connecting import (
    DisconnectAccountInput,
    DisconnectAccountPayload,
    UpdateAccountInput,
    UpdateAccountPayload,
)
from schema.node import local_id


@strawberry.type
class DisconnectingMutations:
    @mutation(
        UpdateAccountPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.update",
        description="Change how an account is called and read. What is left out stays as it is.",
    )
    async def update_account(self, info: Info, input: Annotated[UpdateAccountInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        fields: dict[str, Any] = {}
        if input.name is not None:
            fields["name"] = input.name
        syncs, costs = (
            None if minutes is None else timedelta(minutes=minutes)
            for minutes in (input.sync_every_minutes, input.cost_every_minutes)
        )
        fields |= cadence_fields(account, sync_every=syncs, cost_every=costs, now=context.now())
        if input.regions is not None:
            fields |= await _regions(context.ports, account, input.regions)
        if not fields:
            raise Invalid("Name at least one thing to change.", path=("input",))

        async def change(tx: Transaction) -> documents.Account:
            changed = await update_account(account, tx.session, **fields)
            before, after = (
                one.model_dump(include={*AUDITED, "sync_every", "cost_every"}) for one in (account, changed)
            )
            tx.audit(account.org_id, target=f"account:{account.id}", before=before, after=after)
            return changed

        return await context.ports.writer.commit(change)

    @mutation(
        DisconnectAccountPayload,
        may=Permission.ACCOUNTS_CONNECT,
        audit="account.disconnect",
        step_up=True,
        description="Take an account away: its credentials are forgotten at once, a sync is stopped, its findings and "
        "alerts are resolved and its resources removed in the background. What bills say of it stays.",
    )
    async def disconnect_account(self, info: Info, input: Annotated[DisconnectAccountInput, WHAT]) -> Any:
        context = info.context
        account = await documents.Account.get_in(context.scope, local_id("Account", input.account_id))
        if account.parent_id is not None and account.is_connected:
            raise Conflict("This account is reached through another one of its organization: disconnect that one.")

        async def change(tx: Transaction) -> documents.Account:
            left = await begin_disconnect(account, tx.session)
            if not left:
                raise Conflict("This account is only known from bills; there is nothing to disconnect.")
            for one in left:
                await end_waiting_run(tx, one, "The account was disconnected.", context.now())
                run = await find_active_run(one, tx.session)
                if run is not None:
                    await request_cancel(run, tx.session, context.now())
                ask_disconnect(tx, one)
                announce_account(tx, one)
                tx.audit(one.org_id, target=f"account:{one.id}", before={"credentials": "kept"}, after={})
            return next(one for one in left if one.id == account.id)

        return await context.ports.writer.commit(change)


async def _regions(ports: Ports, account: documents.Account, regions: list[str]) -> dict[str, Any]:
    """The fields that make an account be read in these regions only; they stand among its credentials, too."""
    if account.provider is not Provider.AWS:
        raise Invalid("Regions can be chosen for AWS only.", path=("input", "regions"))
    entry = await stored_entry(ports, account)
    try:
        changed = AwsCredentials.model_validate({**entry.credentials.revealed(), "regions": tuple(regions)})
    except Invalid as error:
        raise Invalid(error.message, path=("input", "regions")) from error
    cipher = await ports.vault.seal(str(account.org_id), Entry(provider=entry.provider, credentials=changed).secret)
    return {"regions": list(changed.regions), "credentials": sealed(cipher)}
