"""Tenants with a signed-in person."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import documents
from app.wiring import Backend
from auth.authentication import Subject, has_second_factor
from auth.password import PasswordHasher
from auth.scope import scope_of_operator
from auth.token import TokenIssuer
from documents import AuthMethod, OrganizationKind, Role
from documents.base import utc_now
from documents.organization import open_organization
from documents.transaction import Transaction
from domain.facts.scope import Scope
from schema.node import global_id

PASSWORD = "correct horse battery staple"
_hasher = PasswordHasher(rounds=4)


@dataclass(frozen=True)
class Tenant:
    """An organization and one member of it with an access token."""

    organization: documents.Organization
    user: documents.User
    token: str

    @property
    def org_id(self) -> str:
        return str(self.organization.id)

    @property
    def global_id(self) -> str:
        return global_id("Organization", self.org_id)

    @property
    def scope(self) -> Scope:
        return scope_of_operator(self.org_id)


async def make_tenant(
    backend: Backend,
    *,
    role: Role = Role.ADMIN,
    kind: OrganizationKind = OrganizationKind.COMPANY,
    managed_by: Tenant | None = None,
) -> Tenant:
    """A fresh organization and a fresh member with this role."""
    mark = secrets.token_hex(4)

    async def change(tx: Transaction) -> documents.Organization:
        return await open_organization(
            f"Company {mark}", kind, msp_id=managed_by.organization.id if managed_by else None, session=tx.session
        )

    organization = await backend.writer.commit(change)
    return await add_member(backend, organization, role)


async def add_member(backend: Backend, organization: documents.Organization, role: Role) -> Tenant:
    """Another member of an organization."""
    mark = secrets.token_hex(4)
    user = documents.User(
        email=f"person-{mark}@example.com",
        name=f"Person {mark}",
        password_hash=await _hasher.hash(PASSWORD),
        email_verified_at=utc_now(),
    )
    await user.insert()
    await documents.Membership(user_id=user.id, org_id=organization.id, role=role).insert()
    if role is Role.MSP_ADMIN:
        await enter_clients(user, organization)
    return Tenant(organization=organization, user=user, token=await token_for(backend, user))


async def enter_clients(user: documents.User, provider: documents.Organization) -> None:
    """Have a provider's administrator work in every client."""
    stay = documents.ClientAccess(
        user_id=user.id, msp_id=provider.id, client_ids=None, reason="test", expires_at=utc_now() + timedelta(days=1)
    )
    await stay.insert()


async def make_session(user: documents.User, *methods: AuthMethod) -> documents.Session:
    """An open session of the user, as a sign-in of now would make it."""
    now = utc_now()
    session = documents.Session(
        user_id=user.id,
        authenticated_at=now,
        factor_at=now if has_second_factor(methods) else None,
        methods=list(methods) or [AuthMethod.PASSWORD],
        address="127.0.0.1",
        user_agent="tests",
        expires_at=now + timedelta(days=1),
    )
    await session.insert()
    return session


async def make_subject(tenant: Tenant) -> Subject:
    """The member in a fresh session."""
    return Subject(f"user:{tenant.user.id}", str((await make_session(tenant.user)).id))


async def token_for(backend: Backend, user: documents.User) -> str:
    """An access token as signing in would give it."""
    settings = backend.settings
    issuer = TokenIssuer(backend.keys.signing, issuer=settings.public_url, lifetime=settings.access_token_lifetime)
    session = await make_session(user)
    return issuer.issue(str(user.id), utc_now(), session_id=str(session.id))[0]
