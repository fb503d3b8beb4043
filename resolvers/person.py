"""People: register and sign in."""

from typing import Annotated, Any

import strawberry
from beanie import PydanticObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import DuplicateKeyError

import documents
from documents import AuthMethod, OrganizationKind, Role
from documents.organization import open_organization
from documents.transaction import Transaction
from documents.user import find_user
from domain.errors import Conflict, Invalid
from resolvers.context import Info
from resolvers.fields import mutation
from resolvers.session import HASHING, start_session
from schema.directives import Credential
from schema.person import RegisterInput, RegisterPayload, SignInInput, SignInPayload


@strawberry.type
class PersonMutations:
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
            registered = await context.ports.writer.commit(change)
        except DuplicateKeyError as error:
            raise Conflict("This address cannot be registered. Sign in instead.", path=("input", "email")) from error
        return await start_session(context, registered, [AuthMethod.PASSWORD])

    @mutation(
        SignInPayload,
        public="this is how one gets in.",
        audit="user.sign_in",
        directives=(Credential(), HASHING),
        description="Exchange an address and a password for a session.",
    )
    async def sign_in(
        self, info: Info, input: Annotated[SignInInput, strawberry.argument(description="What to do it with.")]
    ) -> Any:
        user = await find_user(input.email)
        password = input.password.get_secret_value()
        matches = await info.context.ports.passwords.matches(password, user.password_hash if user else None)
        if user is None or not matches:
            about = user.id if user else None
            raise Invalid("The address or the password is wrong.", path=("input", "password"), person=about)
        return await start_session(info.context, user, [AuthMethod.PASSWORD], input.delivery)


async def _join(
    user_id: PydanticObjectId | None, org_id: PydanticObjectId | None, role: Role, session: AsyncClientSession
) -> None:
    await documents.Membership(user_id=user_id, org_id=org_id, role=role).insert(session=session)
