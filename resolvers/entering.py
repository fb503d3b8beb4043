"""From the credentials somebody sends to a look into the account with them, with refusals that name the field."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel

import documents
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import Conflict, Invalid, ProviderError
from domain.facts import credentials
from domain.facts.access import AccessReport
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.provider import Provider
from domain.onboarding.addresses import checked_addresses
from domain.onboarding.refusal import refusal
from resolvers.context import Ports
from schema.access import AccessInput, AwsAccessInput

CLASSES: dict[Provider, type[BaseModel]] = {
    Provider.AWS: AwsCredentials,
    Provider.AZURE: credentials.AzureCredentials,
    Provider.GCP: credentials.GcpCredentials,
    Provider.DIGITALOCEAN: credentials.DigitalOceanCredentials,
    Provider.GITHUB: credentials.GithubCredentials,
    Provider.OKTA: credentials.OktaCredentials,
    Provider.JIRA: credentials.JiraCredentials,
    Provider.SLACK: credentials.SlackCredentials,
}
# Where the input of AWS has what its credentials keep side by side.
AWS_PLACES = {
    "role_arn": ("role", "role_arn"),
    "external_id": ("role", "external_id"),
    "access_key_id": ("key", "access_key_id"),
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Credentials that may be tried. `all_accounts`: and those of its organization."""

    provider: Provider
    credentials: Any
    all_accounts: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """What an account keeps of them in plain, besides what is sealed."""
        return {
            "role_arn": getattr(self.credentials, "role_arn", None),
            "endpoint_url": self.credentials.endpoint_url,
            "regions": list(getattr(self.credentials, "regions", ())),
            "all_accounts": self.all_accounts,
        }

    @property
    def secret(self) -> str:
        """All of them as JSON, for the vault."""
        return orjson.dumps(self.credentials.revealed()).decode()


def entry_of(access: AccessInput, own_ids: tuple[str, ...], allow_private: bool) -> Entry:
    """The credentials that are sent. `own_ids` are the external ids of the organization.

    Raises Invalid with the path of the field for what cannot work or may not be called.
    """
    provider = next(one for one in CLASSES if getattr(access, one.value.lower()) is not None)
    given = getattr(access, provider.value.lower())
    with told_at(provider):
        made = _aws(given, own_ids) if isinstance(given, AwsAccessInput) else given
        all_accounts = isinstance(given, AwsAccessInput) and given.all_accounts
        return Entry(provider=provider, credentials=checked_addresses(made, allow_private), all_accounts=all_accounts)


def _aws(given: AwsAccessInput, own_ids: tuple[str, ...]) -> AwsCredentials:
    fields: dict[str, Any] = {"regions": tuple(given.regions), "endpoint_url": given.endpoint_url}
    if given.key is not None:
        fields |= {"access_key_id": given.key.access_key_id, "secret_access_key": given.key.secret_access_key}
    if given.role is not None:
        chosen = given.role.external_id or own_ids[0]
        if chosen not in own_ids:
            message = f"The external id must be the organization's own, {own_ids[0]}: it cannot be chosen."
            raise Invalid(message, path=("external_id",))
        fields |= {"role_arn": given.role.role_arn, "external_id": chosen}
    return AwsCredentials(**fields)


@contextmanager
def told_at(provider: Provider) -> Iterator[None]:
    """Within, what is refused of a vendor's credentials names its place in the input."""
    try:
        yield
    except Invalid as error:
        places = AWS_PLACES if provider is Provider.AWS else {}
        inner = places.get(error.path[0], error.path) if error.path else ()
        raise Invalid(error.message, path=("input", "access", provider.value.lower(), *inner)) from error


async def looked_into(ports: Ports, entry: Entry) -> AccessReport:
    """What the credentials open. Raises Invalid, with the place in the input, when they do not open the account."""
    with told_at(entry.provider):
        try:
            return await ports.access.report(entry.provider, entry.credentials)
        except ProviderError as error:
            raise refusal(error, entry.provider, entry.credentials) from error


async def stored_entry(ports: Ports, account: documents.Account) -> Entry:
    """The credentials that an account keeps. Raises Conflict when there are none, or they cannot be opened."""
    if not account.is_connected or account.credentials is None:
        raise Conflict("This account is not connected. Connect it first with connectAccount.")
    try:
        secret = await ports.vault.open(account.credentials)
    except SecretLost as error:
        raise Conflict("The stored credentials are lost. Give new ones with rotateCredentials.") from error
    except VaultUnavailable as error:
        raise Conflict("The stored credentials cannot be opened just now. Try again in a moment.") from error
    opened = CLASSES[account.provider].model_validate(orjson.loads(secret))
    return Entry(provider=account.provider, credentials=opened, all_accounts=account.all_accounts)
