"""What service accounts and API keys are made from, and what comes back."""

import strawberry
from pydantic import BaseModel, Field

from documents.api_key import LIFETIME, LONGEST_LIFETIME, LONGEST_OVERLAP, OVERLAP
from schema.errors import payload
from schema.machine import ApiKey, IssuedApiKey, ServiceAccount
from schema.organization import IDEMPOTENCY_KEY

NAME = Field(min_length=1, max_length=100, description="What to call it.")
DAYS = Field(
    default=LIFETIME.days, ge=1, le=LONGEST_LIFETIME.days, description="In how many days it ends, 365 at most."
)
SCOPES = Field(
    default=None,
    min_length=1,
    max_length=50,
    description="What the key may do of what its service account may; leave it out for all of it.",
)


@strawberry.pydantic.input(description="A service account to make.")
class CreateServiceAccountInput(BaseModel):
    organization_id: strawberry.ID | None = Field(
        default=None, description="The tenant it belongs to; may be left out when only one is in reach."
    )
    name: str = Field(min_length=1, max_length=100, description="What to call it; unique in the organization.")
    description: str = Field(default="", max_length=500, description="What it is for.")
    permissions: list[str] = Field(
        max_length=50, description="What it may do, such as findings:read: nothing that you may not do yourself."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of a service account; what is left out stays.")
class UpdateServiceAccountInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the service account.")
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    description: str | None = Field(default=None, max_length=500, description="What it is for.")
    permissions: list[str] | None = Field(default=None, max_length=50, description="What it may do from now on.")


@strawberry.pydantic.input(description="The service account that is meant.")
class ServiceAccountInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the service account.")


@strawberry.pydantic.input(description="A key to make.")
class CreateApiKeyInput(BaseModel):
    service_account_id: strawberry.ID = Field(description="Global id of the service account.")
    name: str = NAME
    scopes: list[str] | None = SCOPES
    expires_in_days: int = DAYS
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A key to replace by a new one of the same name and scopes.")
class RotateApiKeyInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the key.")
    expires_in_days: int = DAYS
    overlap_hours: int = Field(
        default=int(OVERLAP.total_seconds() // 3600),
        ge=0,
        le=int(LONGEST_OVERLAP.total_seconds() // 3600),
        description="How many hours the old key still works, 168 at most.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="A key to revoke.")
class RevokeApiKeyInput(BaseModel):
    id: strawberry.ID = Field(description="Global id of the key.")


CreateServiceAccountPayload = payload("CreateServiceAccount", "service_account", ServiceAccount, "The new one.")
UpdateServiceAccountPayload = payload("UpdateServiceAccount", "service_account", ServiceAccount, "It, changed.")
DisableServiceAccountPayload = payload("DisableServiceAccount", "service_account", ServiceAccount, "It, disabled.")
EnableServiceAccountPayload = payload("EnableServiceAccount", "service_account", ServiceAccount, "It, working.")
DeleteServiceAccountPayload = payload("DeleteServiceAccount", "service_account", ServiceAccount, "As it was.")
CreateApiKeyPayload = payload("CreateApiKey", "issued", IssuedApiKey, "The new key.")
RotateApiKeyPayload = payload("RotateApiKey", "issued", IssuedApiKey, "The new key.")
RevokeApiKeyPayload = payload("RevokeApiKey", "api_key", ApiKey, "The key, revoked.")
