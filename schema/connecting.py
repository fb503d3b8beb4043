"""What is sent in to connect an account, to look at it, and to take it away."""

import strawberry
from pydantic import BaseModel, Field

from domain.facts.access import AccessReport
from domain.facts.provider import Provider
from domain.setup.level import AccessLevel
from schema.access import AccessInput
from schema.account import Account
from schema.errors import payload
from schema.node import said
from schema.organization import IDEMPOTENCY_KEY
from schema.values import register_enum

ORGANIZATION = "The tenant it belongs to; may be left out when only one is in reach."
LEAST_MINUTES, MOST_MINUTES = 5, 7 * 24 * 60


@strawberry.pydantic.input(description="An account to connect.")
class ConnectAccountInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=ORGANIZATION)
    name: str = Field(min_length=1, max_length=100, description="What to call it.")
    access: AccessInput = Field(description="The vendor and the credentials.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="Credentials to try.")
class CheckAccessInput(BaseModel):
    organization_id: strawberry.ID | None = Field(default=None, description=ORGANIZATION)
    access: AccessInput = Field(description="The vendor and the credentials.")


@strawberry.pydantic.input(description="The account whose credentials to try.")
class CheckAccountAccessInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")


@strawberry.pydantic.input(description="Other credentials for an account.")
class RotateCredentialsInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    access: AccessInput = Field(description="The new credentials, which must open the same account.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="The account to disconnect.")
class DisconnectAccountInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    idempotency_key: str | None = IDEMPOTENCY_KEY


@strawberry.pydantic.input(description="What to change of an account; what is left out stays.")
class UpdateAccountInput(BaseModel):
    account_id: strawberry.ID = Field(description="Global id of the account.")
    name: str | None = Field(default=None, min_length=1, max_length=100, description="What to call it.")
    regions: list[str] | None = Field(
        default=None, max_length=40, description="Regions to read, of AWS; empty means every enabled region."
    )
    sync_every_minutes: int | None = Field(
        default=None, ge=LEAST_MINUTES, le=MOST_MINUTES, description="Minutes between two syncs: 5, up to 7 days."
    )
    cost_every_minutes: int | None = Field(
        default=None,
        ge=LEAST_MINUTES,
        le=MOST_MINUTES,
        description="Minutes between two looks at what is about costs: 5, up to 7 days.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY


register_enum(
    AccessLevel,
    "What a setup allows.",
    {
        AccessLevel.READ: "Reading what the rules and controls look at, and nothing that changes anything.",
        AccessLevel.ACT: "Reading, and what remediations change. Nothing is changed without an approval.",
    },
)


@strawberry.type(description="A text to copy: a template, a policy, or commands.")
class SetupSnippet:
    title: str = said("What it is.")
    file_name: str = said("What to call the file.")
    language: str = said("What it is written in.")
    content: str = said("The text.")


@strawberry.type(description="How to prepare an account so that CloudWatcher may read it, or act in it.")
class AccountSetup:
    provider: Provider = said("The vendor.")
    level: AccessLevel = said("What it allows.")
    external_id: str | None = said("The external id of the organization, for the trust policy of a role; AWS only.")
    steps: list[str] = said("What to do, in order.")
    permissions: list[str] = said("Everything that is granted, as the vendor prints it.")
    snippets: list[SetupSnippet] = said("Texts to copy.")


def _access_of(success: strawberry.Parent[object]) -> AccessReport | None:
    stored = success.account.access  # type: ignore[attr-defined]  # the success type is made by payload()
    return None if stored is None else AccessReport.model_validate(stored)


ACCESS = strawberry.field(resolver=_access_of, description="What the credentials open.")
ConnectAccountPayload = payload(
    "ConnectAccount", "account", Account, "The account; its first sync is on its way.", more={"access": ACCESS}
)
CheckAccessPayload = payload("CheckAccess", "access", AccessReport, "What the credentials open.")
CheckAccountAccessPayload = payload("CheckAccountAccess", "account", Account, "The account.", more={"access": ACCESS})
RotateCredentialsPayload = payload("RotateCredentials", "account", Account, "The account.", more={"access": ACCESS})
DisconnectAccountPayload = payload(
    "DisconnectAccount", "account", Account, "The account as it is now, without credentials."
)
UpdateAccountPayload = payload("UpdateAccount", "account", Account, "The account as it is now.")
