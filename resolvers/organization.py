"""People and tenants: register, sign in, who am I, open a client company."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from bson import ObjectId

import documents
from auth.permission import Permission
from auth.standing import Standing
from documents import OrganizationKind
from documents.client_access import open_accesses
from documents.member import user_ids_in
from documents.organization import (
    count_clients,
    find_organization,
    load_organizations,
    mark_deleted,
    open_organization,
    rename_organization,
)
from documents.transaction import Transaction
from domain.errors import Conflict, Invalid, NotFound
from jobs.queue import ask_erasure, ask_visits
from resolvers.authority import tell_lessened
from resolvers.context import Info
from resolvers.feed import positions_now
from resolvers.fields import SIGNED_IN, mutation, query
from schema.node import global_id, local_id
from schema.organization import (
    CreateClientInput,
    CreateClientPayload,
    DeleteOrganizationInput,
    DeleteOrganizationPayload,
    Reach,
    RenameOrganizationInput,
    RenameOrganizationPayload,
    Viewer,
)
from schema.scalars import Cursor

WHAT = "What to do it with."


@strawberry.type
class OrganizationQueries:
    @query(Viewer, may=SIGNED_IN, description="Who you are and what you can reach.")
    async def viewer(self, info: Info) -> Any:
        viewer = info.context.signed_in
        organizations = await load_organizations(list(viewer.standings))
        reach = [_reach(found, viewer.standings[str(found.id)]) for found in organizations]
        signed_in = viewer.authentication
        session = global_id("DeviceSession", signed_in.session_id) if signed_in else None
        return Viewer(user=viewer.person, service_account=viewer.machine, session_id=session, reach=reach)

    @query(
        Cursor,
        may=SIGNED_IN,
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
            for access in await open_accesses([PydanticObjectId(msp_id)], context.now()):
                if access.client_ids is None:  # who works in all clients works in this one too
                    ask_visits(tx, access.msp_id, access.id)
            return client

        return await context.ports.writer.commit(change)

    @mutation(
        RenameOrganizationPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="organization.rename",
        description="Give an organization another name.",
    )
    async def rename_organization(
        self, info: Info, input: Annotated[RenameOrganizationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = PydanticObjectId(info.context.organization(input.organization_id))

        async def change(tx: Transaction) -> documents.Organization:
            before = await _present(org_id, tx)
            after = await rename_organization(org_id, input.name, tx.session)
            names = {"name": before.name}, {"name": after.name}
            tx.audit(org_id, target=f"organization:{org_id}", before=names[0], after=names[1])
            return after

        return await info.context.ports.writer.commit(change)

    @mutation(
        DeleteOrganizationPayload,
        may=Permission.ORGANIZATIONS_MANAGE,
        audit="organization.delete",
        step_up=True,
        description="Delete an organization for good. From now on nobody holds anything in it; a job erases what it "
        "stored. The audit log stays as long as its retention says.",
    )
    async def delete_organization(
        self, info: Info, input: Annotated[DeleteOrganizationInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        context = info.context
        org_id = PydanticObjectId(context.organization(input.organization_id))

        async def change(tx: Transaction) -> list[ObjectId]:
            organization = await _present(org_id, tx)
            if input.name.strip() != organization.name:
                raise Invalid("This is not the name of the organization.", path=("input", "name"))
            if await count_clients(org_id, tx.session):
                raise Conflict("This provider has clients: delete them first.")
            concerned = await user_ids_in(org_id, tx.session)
            if organization.msp_id is not None:
                at_work = await open_accesses([organization.msp_id], context.now())
                concerned += [access.user_id for access in at_work]
            deleted = await mark_deleted(org_id, context.now(), tx.session)
            ask_erasure(tx, org_id)
            after = {"name": organization.name, "deleted_at": deleted.deleted_at}
            tx.audit(org_id, target=f"organization:{org_id}", before={"name": organization.name}, after=after)
            return concerned

        tell_lessened(context, await context.ports.writer.commit(change))
        return global_id("Organization", org_id)


def _reach(organization: documents.Organization, standing: Standing) -> Reach:
    return Reach(
        organization=organization,
        role=standing.role,
        permissions=sorted(standing.permissions),
        is_for_provider=standing.msp_id is not None,
    )


async def _present(org_id: PydanticObjectId, tx: Transaction) -> documents.Organization:
    organization = await find_organization(org_id, tx.session)
    if organization is None:
        raise NotFound.of("organization")
    return organization
