"""A web process that signs people in through the certified provider, and what its tests arrange."""

import secrets
from dataclasses import replace

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import SecretStr

import documents
from app.settings import Settings
from app.wiring import Backend
from auth.sign_in_code import challenge_of
from documents.base import utc_now
from tests.factories.tenant import Tenant
from tests.fakes.openid_peer import CLIENT_ID, CLIENT_SECRET, Peer

PUBLIC = "http://127.0.0.1:8000"
TENANT, OTHER_TENANT = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
# Ids for the providers of organizations; each test takes one of its own.
ORG_KEYS = [f"{number:024x}" for number in range(1, 41)]
VERIFIER = "v" * 64
CHALLENGE = challenge_of(VERIFIER)
MARK = secrets.token_hex(4)
OURS = f"corp-{MARK}.example.com"


def address(login: str, domain: str = "gmail.com") -> str:
    return f"{login}-{MARK}@{domain}"


def told(login: str, domain: str = "gmail.com", **claims: object) -> dict[str, object]:
    return {"email": address(login, domain), "email_verified": True, "name": login.title(), **claims}


ACCOUNTS: dict[str, object] = {
    "ann": told("ann"),
    "bob": told("bob"),
    "cleo": told("cleo"),
    "dan": told("dan"),
    "unverified": told("unverified", email_verified=False),
    "nameless": {"name": "Nameless"},
    "elsewhere": told("elsewhere", "elsewhere.example.com"),
    "workspace": told("workspace", "elsewhere.example.com", hd="elsewhere.example.com"),
    "emma": told("emma", OURS, groups=["staff"]),
    "omar": told("omar", OURS, groups=["cloud-admins", "staff"]),
    "unsure": told("unsure", OURS, email_verified=False),
    "entra": told("entra", "tenant.example.com", tid=TENANT, xms_edov=True),
    "free-text": told("free-text", "tenant.example.com", tid=TENANT),
    "visitor": told("visitor", "tenant.example.com", tid=OTHER_TENANT, xms_edov=True),
}
REDIRECTS = [f"{PUBLIC}/auth/{key}/callback" for key in ("google", "microsoft", *ORG_KEYS)]


def with_providers(backend: Backend, peer: Peer, **changes: object) -> Backend:
    """The backend with Google and Entra played by the peer."""
    settings: Settings = backend.settings.model_copy(
        update={
            "public_url": PUBLIC,
            "allowed_origins": ["https://app.example.com"],
            "google_client_id": CLIENT_ID,
            "google_client_secret": SecretStr(CLIENT_SECRET),
            "google_issuer": peer.url,
            "microsoft_client_id": CLIENT_ID,
            "microsoft_client_secret": SecretStr(CLIENT_SECRET),
            "microsoft_authority": peer.url,
            **changes,
        }
    )
    return replace(backend, settings=settings)


async def own_domain(tenant: Tenant, name: str = OURS) -> None:
    """Have the organization, and no other, own the domain."""
    await documents.VerifiedDomain.rows().delete_many({"name": name})
    domain = documents.VerifiedDomain(org_id=tenant.organization.id, name=name, verified_at=utc_now())
    await domain.insert()


async def own_provider(backend: Backend, tenant: Tenant, issuer: str, **fields: object) -> documents.IdentityProvider:
    """A provider of the organization, under an id that the peer knows a redirect for."""
    made = documents.IdentityProvider(
        id=PydanticObjectId(ORG_KEYS.pop()),
        org_id=tenant.organization.id,
        issuer=issuer,
        client_id=CLIENT_ID,
        client_secret=documents.account.sealed(await backend.vault.seal(tenant.org_id, CLIENT_SECRET)),
        **{"name": "Our provider", **fields},
    )
    await made.insert()
    return made


async def local_account(email: str, *, is_verified: bool) -> documents.User:
    user = documents.User(
        email=email,
        name="Local",
        password_hash="v1$never-matches",
        email_verified_at=utc_now() if is_verified else None,
    )
    await user.insert()
    return user


async def memberships(user_id: object) -> list[documents.Membership]:
    rows = documents.Membership.get_pymongo_collection().find({"user_id": ObjectId(str(user_id))})
    return [documents.Membership.model_validate(raw) async for raw in rows]
