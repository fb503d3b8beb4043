"""Service accounts with a key that works."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import documents
from auth.api_key import make_key
from auth.authentication import Subject
from documents.base import utc_now
from tests.factories.tenant import Tenant


@dataclass(frozen=True)
class Machine:
    """A service account, one key of it, and the key's text."""

    account: documents.ServiceAccount
    key: documents.ApiKey
    token: str

    @property
    def subject(self) -> Subject:
        return Subject(f"service:{self.account.id}", str(self.key.id))


async def make_machine(
    tenant: Tenant, *permissions: str, name: str = "machine", lifetime: timedelta = timedelta(days=1)
) -> Machine:
    """A service account of the tenant with these permissions."""
    account = documents.ServiceAccount(
        org_id=tenant.organization.id, name=name, permissions=sorted(permissions), created_by=f"user:{tenant.user.id}"
    )
    await account.insert()
    return await add_key(account, lifetime=lifetime)


async def add_key(
    account: documents.ServiceAccount,
    *,
    scopes: Collection[str] | None = None,
    lifetime: timedelta = timedelta(days=1),
) -> Machine:
    """Another key of a service account."""
    new = make_key()
    key = documents.ApiKey(
        org_id=account.org_id,
        service_account_id=account.id,
        name="key",
        prefix=new.prefix,
        sha256=new.sha256,
        scopes=None if scopes is None else sorted(scopes),
        created_by=account.created_by,
        expires_at=utc_now() + lifetime,
    )
    await key.insert()
    return Machine(account, key, new.text)
