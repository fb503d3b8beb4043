"""A provider's clients: list them, work in them for a reason and a time, and see who did."""

from datetime import timedelta
from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.client import ClientAccesses, Clients, checked_clients, stays_of
from documents.client_access import end_access, find_access, open_accesses
from documents.page import Keyset
from documents.provider_visit import AT_ONCE, clients_of, end_visits, tell_clients
from documents.transaction import Transaction
from domain.errors import Invalid, NotFound
from jobs.queue import ask_visits
from resolvers.authority import tell_lessened
from resolvers.context import Context, Info
from resolvers.fields import mutation, query
from schema.client import (
    Client,
    ClientAccess,
    EnterClientsInput,
    EnterClientsPayload,
    LeaveClientsInput,
    LeaveClientsPayload,
    ProviderVisit,
)
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.node import local_id

WHAT = "What to do it with."
BY_NAME = Keyset((("name", 1),))
NEWEST_FIRST = Keyset((("created_at", -1),))
CLIENTS, ACCESSES = Clients(), ClientAccesses()


@strawberry.type
class ClientQueries:
    @query(
        Connection[Client],
        may=Permission.CLIENTS_READ,
        description="The companies your provider manages, by name. What is in them is seen by entering them only.",
    )
    async def clients(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(info, CLIENTS, context.scope, {}, BY_NAME, first=first, after=after)

    @query(
        Connection[ClientAccess],
        may=Permission.CLIENTS_READ,
        description="Who of your provider works or worked in clients, where and why, newest first.",
    )
    async def client_accesses(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(info, ACCESSES, context.scope, {}, NEWEST_FIRST, first=first, after=after)

    @query(
        Connection[ProviderVisit],
        may=Permission.AUDIT_READ,
        description="Who of the provider works or worked here, when and why, newest first.",
    )
    async def provider_accesses(self, info: Info, first: First = DEFAULT_FIRST, after: After = None) -> Any:
        context = info.context
        return await context.ports.pager.page(
            info, documents.ProviderVisit, context.scope, {}, NEWEST_FIRST, first=first, after=after
        )


@strawberry.type
class ClientMutations:
    @mutation(
        EnterClientsPayload,
        may=Permission.CLIENTS_ENTER,
        audit="clients.enter",
        step_up=True,
        description="Work in clients as an administrator from now on, for a while. The clients see who, when and why, "
        "and what is done there stands in their audit logs.",
    )
    async def enter_clients(
        self, info: Info, input: Annotated[EnterClientsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context, at = info.context, info.context.now()
        msp_id = PydanticObjectId(context.organization(input.organization_id))
        client_ids = await _wanted(msp_id, input)

        async def change(tx: Transaction) -> documents.ClientAccess:
            access = documents.ClientAccess(
                user_id=context.signed_in.user.id,
                msp_id=msp_id,
                client_ids=client_ids,
                reason=input.reason,
                created_at=at,
                expires_at=at + timedelta(minutes=input.minutes),
            )
            await access.insert(session=tx.session)
            tx.audit(msp_id, target=f"access:{access.id}", after=_audited(access))
            if client_ids is None or len(client_ids) > AT_ONCE:
                ask_visits(tx, msp_id, access.id)
            else:
                await tell_clients(tx, access, client_ids)
            return access

        (stay,) = await stays_of([await context.ports.writer.commit(change)])
        return stay

    @mutation(
        LeaveClientsPayload,
        may=Permission.CLIENTS_ENTER,
        audit="clients.leave",
        description="Stop working in clients.",
    )
    async def leave_clients(
        self, info: Info, input: Annotated[LeaveClientsInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        ids = await _own_accesses(context, input.access_id)
        if not ids:
            raise Invalid("You are at work in no client.")

        async def change(tx: Transaction) -> int:
            for id in ids:
                await _leave(context, tx, id)
            return len(ids)

        left = await context.ports.writer.commit(change)
        tell_lessened(context, [ObjectId(context.signed_in.user.id)])
        return left


async def _wanted(msp_id: PydanticObjectId, input: EnterClientsInput) -> list[PydanticObjectId] | None:
    """The clients to enter; None for all."""
    if input.all is (input.client_ids is not None):
        raise Invalid("Name the clients with clientIds, or say all.", path=("input", "clientIds"))
    if input.client_ids is None:
        return None
    return await checked_clients(msp_id, {local_id("Organization", id) for id in input.client_ids})


async def _own_accesses(context: Context, access_id: str | None) -> list[PydanticObjectId]:
    """The viewer's stays that are under way, or the one they name. Raises NotFound when it is not one of these."""
    providers = [PydanticObjectId(id) for id in context.scope.org_ids]
    user_id = context.signed_in.user.id
    own = [one.id for one in await open_accesses(providers, context.now()) if one.user_id == user_id]
    ids = [id for id in own if id is not None]
    if access_id is None:
        return ids
    wanted = local_id("ClientAccess", access_id)
    if wanted not in map(str, ids):
        raise NotFound.of("access")
    return [PydanticObjectId(wanted)]


async def _leave(context: Context, tx: Transaction, id: PydanticObjectId) -> None:
    before = await find_access(id, tx.session)
    access = await end_access(before, context.now(), tx.session)
    tx.audit(access.msp_id, target=f"access:{id}", before=_audited(before), after=_audited(access))
    clients = [] if access.client_ids is None else await clients_of(access)
    if access.client_ids is None or len(clients) > AT_ONCE:
        ask_visits(tx, access.msp_id, access.id)
    else:
        await end_visits(tx, access, clients)


def _audited(access: documents.ClientAccess) -> dict[str, Any]:
    fields: dict[str, Any] = access.model_dump(include={"reason", "expires_at", "ended_at"})
    ids = access.client_ids
    return {**fields, "clients": "all" if ids is None else sorted(map(str, ids))}
