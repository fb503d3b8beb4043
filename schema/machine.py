"""Service accounts and their API keys, as they are shown."""

from datetime import datetime

import strawberry

import documents
from documents.api_key import SOON
from documents.base import utc_now
from schema.node import Node, derived, said, view
from schema.relation import organization_id_of, related


@view(documents.ServiceAccount, description="A machine that asks with API keys, such as a partner's integration.")
class ServiceAccount(Node):
    name: str = said("What people call it.")
    description: str = said("What it is for.")
    permissions: list[str] = said("What it may do, such as findings:read.")
    disabled_at: datetime | None = said("Since when its keys are refused; null while it works.")
    created_by: str = said("Who made it, as user:id.")
    created_at: datetime = said("When it was made.")
    version: int = said("Rises with every change.")

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@view(documents.ApiKey, description="A key of a service account. The key itself is shown once, when it is made.")
class ApiKey(Node):
    name: str = said("What people call it.")
    prefix: str = said("The public part of the key, which comes after cwk_.")
    scopes: list[str] | None = said("What the key may do of what its service account may; null for all of it.")
    created_by: str = said("Who made it, as user:id.")
    created_at: datetime = said("When it was made.")
    expires_at: datetime = said("When it ends.")
    last_used_at: datetime | None = said("When it was used last, to a minute.")
    last_used_address: str | None = said("From where it was used then.")
    revoked_at: datetime | None = said("When it was revoked; null when it was not.")
    overlap_until: datetime | None = said("Until when it works beside the key that replaces it.")
    service_account: ServiceAccount | None = related("service_account_id", "Whose key it is.")
    rotated_from: "ApiKey | None" = related("rotated_from_id", "The key it replaces; null when that is gone.")

    @derived(
        "Whether it ends within 14 days, and was not revoked or replaced.",
        reads=("expires_at", "revoked_at", "overlap_until"),
    )
    def expires_soon(self) -> bool:
        is_in_use = self.revoked_at is None and self.overlap_until is None
        return is_in_use and utc_now() < self.expires_at <= utc_now() + SOON

    @derived("The tenant it belongs to.", reads=("org_id",))
    def organization_id(self) -> strawberry.ID:
        return organization_id_of(self)


@strawberry.type(description="A key that was just made. Copy it now: it is shown this once.")
class IssuedApiKey:
    secret: str = said("The whole key. Send it as `Authorization: Bearer …`, or as `accessToken` in connection_init.")
    api_key: ApiKey = said("What is stored of it.")
