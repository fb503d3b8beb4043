"""People and tenants: register, sign in, who am I, open a client company."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId

import documents
from auth.permission import Permission
from documents import OrganizationKind
from documents.organization import load_organizations, open_organization
from documents.transaction import Transaction
from resolvers.context import Info
from resolvers.feed import positions_now
from resolvers.fields import SIGNED_IN, mutation, query
from schema.directives import Cost
from schema.node import global_id, local_id
from schema.organization import (
    CreateClientInput,
    CreateClientPayload,
    Reach,
    Viewer,
)
from schema.scalars import Cursor

# One hash burns about 300 ms of a core: an address may ask for twenty at once and for one a second after that.
HASHING = Cost(weight=1000)


@strawberry.type
class OrganizationQueries:
    @query(Viewer, may=SIGNED_IN, description="Who you are and what you can reach.")
    async def viewer(self, info: Info) -> Any:
        viewer = info.context.signed_in
        organizations = await load_organizations(list(viewer.standings))
        reach = [Reach(organization=found, role=viewer.standings[str(found.id)].role) for found in organizations]
        signed_in = viewer.authentication
        session = global_id("DeviceSession", signed_in.session_id) if signed_in else None
        return Viewer(user=viewer.person, service_account=viewer.machine, session_id=session, reach=reach)

    @query(
        Cursor,
        may=Permission.ALERTS_READ,
        description="Where the live feeds are now. Read it before you load a list, then subscribe with it as `after`: "
        "nothing that happens in between is missed.",
    )
    async def live_cursor(self, info: Info) -> Any:
        context = info.context
        return context.ports.encode_cursor(await positions_now(context, context.scope.org_ids))


@strawberry.type
class OrganizationMutations:
    @mutation(
        CreateClientPayload,
        may=Permission.ORGANIZATIONS_CREATE,
        audit="organization.create",
        description="Open a client company under a managed service provider.",
    )
    async def create_client(
        self, info: Info, input: Annotated[CreateClientInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        msp_id = context.scope.narrowed(local_id("Organization", input.msp_id)).only()

        async def change(tx: Transaction) -> documents.Organization:
            client = await open_organization(
                input.name, OrganizationKind.COMPANY, msp_id=PydanticObjectId(msp_id), session=tx.session
            )
            opened = {"name": client.name, "kind": client.kind, "msp_id": msp_id}
            for org_id in (PydanticObjectId(msp_id), client.id):
                tx.audit(org_id, target=f"organization:{client.id}", after=opened)
            return client

        return await context.ports.writer.commit(change)
