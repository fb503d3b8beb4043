"""People and tenants: register, sign in, who am I, open a client company."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

import documents
from auth.permission import Permission
from documents import OrganizationKind, Role
from documents.audit import INSTALLATION
from documents.organization import load_organizations, open_organization
from documents.transaction import Transaction
from documents.user import find_user, memberships_of
from domain.errors import Conflict, Invalid
from resolvers.context import Context, Info
from resolvers.feed import positions_now
from resolvers.fields import SIGNED_IN, mutation, query
from schema.directives import Cost, Credential
from schema.node import local_id
from schema.organization import (
    CreateClientInput,
    CreateClientPayload,
    Reach,
    RegisterInput,
    RegisterPayload,
    Session,
    SignInInput,
    SignInPayload,
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
        organizations = await load_organizations(list(viewer.roles))
        reach = [Reach(organization=found, role=viewer.roles[str(found.id)]) for found in organizations]
        return Viewer(user=viewer.user, reach=reach)

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
        RegisterPayload,
        public="this is how one gets in.",
        audit="user.register",
        directives=(Credential(), HASHING),
        description="Register a person and open their organization.",
    )
    async def register(
        self, info: Info, input: Annotated[RegisterInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        context = info.context
        user = documents.User(
            email=input.email.strip().lower(),
            name=input.name,
            password_hash=await context.ports.passwords.hash(input.password.get_secret_value()),
        )
        role = Role.MSP_ADMIN if input.organization_kind is OrganizationKind.MSP else Role.ADMIN

        async def change(tx: Transaction) -> documents.User:
            await user.insert(session=tx.session)
            organization = await open_organization(
                input.organization_name, input.organization_kind, msp_id=None, session=tx.session
            )
            await _join(user.id, organization.id, role, tx.session)
            tx.audit(organization.id, target=f"user:{user.id}", after={"role": role, "organization": organization.name})
            return user

        try:
            return _session(context, await context.ports.writer.commit(change))
        except DuplicateKeyError as error:
            raise Conflict("This address cannot be registered. Sign in instead.", path=("input", "email")) from error

    @mutation(
        SignInPayload,
        public="this is how one gets in.",
        audit="user.sign_in",
        directives=(Credential(), HASHING),
        description="Exchange an address and a password for an access token.",
    )
    async def sign_in(
        self, info: Info, input: Annotated[SignInInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        user = await find_user(input.email)
        password = input.password.get_secret_value()
        matches = await info.context.ports.passwords.matches(password, user.password_hash if user else None)
        if user is None or not matches:
            raise Invalid("The address or the password is wrong.", path=("input", "password"))
        org_ids = list(await memberships_of(PydanticObjectId(str(user.id)))) or [INSTALLATION]

        async def change(tx: Transaction) -> None:
            for org_id in org_ids:
                tx.audit(org_id, target=f"user:{user.id}")

        await info.context.ports.writer.commit(change)
        return _session(info.context, user)

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


def _session(context: Context, user: documents.User) -> Session:
    token, expires_at = context.ports.tokens.issue(str(user.id), context.now())
    return Session(access_token=token, expires_at=expires_at, user=user)


async def _join(
    user_id: PydanticObjectId | None, org_id: PydanticObjectId | None, role: Role, session: AsyncClientSession
) -> None:
    await documents.Membership(user_id=user_id, org_id=org_id, role=role).insert(session=session)
