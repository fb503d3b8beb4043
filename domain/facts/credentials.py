"""How CloudWatcher gets into the clouds and systems other than AWS. Secrets are shown nowhere."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from domain.errors import Invalid

UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
ADDRESS = 2048


class Credentials(BaseModel):
    """`endpoint_url` replaces the vendor's own address; check it with `domain.endpoint.check_endpoint` first."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    endpoint_url: str | None = Field(default=None, max_length=ADDRESS)

    def revealed(self) -> dict[str, Any]:
        """All fields as plain JSON values, secrets included: only for encrypted storage. `model_validate` reads it."""
        fields = self.model_dump(mode="json")
        secret = {name: value for name in fields if isinstance(value := getattr(self, name), SecretStr)}
        return fields | {name: value.get_secret_value() for name, value in secret.items()}


class AzureCredentials(Credentials):
    """An application of Entra ID and one subscription it may read.

    `endpoint_url` stands for management.azure.com, `graph_url` for graph.microsoft.com, `authority_url` for
    login.microsoftonline.com.
    """

    tenant_id: str = Field(pattern=UUID)
    client_id: str = Field(pattern=UUID)
    client_secret: SecretStr = Field(min_length=1, max_length=1024)
    subscription_id: str = Field(pattern=UUID)
    graph_url: str | None = Field(default=None, max_length=ADDRESS)
    authority_url: str | None = Field(default=None, max_length=ADDRESS)


class GcpCredentials(Credentials):
    """A key of a service account (the JSON file), and the project it reads.

    `organization_id` and `billing_account_id` open what belongs to these. `endpoint_url` stands for all hosts under
    googleapis.com, the token endpoint too.
    """

    project_id: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")
    service_account_key: SecretStr = Field(min_length=1, max_length=16384)
    organization_id: str | None = Field(default=None, pattern=r"^\d{1,20}$")
    billing_account_id: str | None = Field(default=None, pattern=r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$")


class DigitalOceanCredentials(Credentials):
    """A personal access token with read scopes; a Spaces key for the settings of buckets."""

    token: SecretStr = Field(min_length=1, max_length=512)
    spaces_key_id: str | None = Field(default=None, max_length=128)
    spaces_secret: SecretStr | None = Field(default=None, max_length=256)
    spaces_url: str | None = Field(default=None, max_length=ADDRESS)

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if (self.spaces_key_id is None) != (self.spaces_secret is None):
            raise Invalid("Give the id and the secret of the Spaces key together.", path=("spaces_key_id",))
        return self


class GithubCredentials(Credentials):
    """A token, or an installed GitHub App with its private key (PEM)."""

    organization: str = Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$")
    token: SecretStr | None = Field(default=None, max_length=512)
    app_id: str | None = Field(default=None, pattern=r"^\d{1,20}$")
    installation_id: str | None = Field(default=None, pattern=r"^\d{1,20}$")
    private_key: SecretStr | None = Field(default=None, max_length=8192)

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        app = (self.app_id, self.installation_id, self.private_key)
        if self.token is None and None in app:
            raise Invalid("Give a token, or an app with its installation and private key.", path=("token",))
        if self.token is not None and any(one is not None for one in app):
            raise Invalid("Give a token or an app, not both.", path=("token",))
        return self


class OktaCredentials(Credentials):
    """The organization's address, such as https://example.okta.com, and an API token or a service app's key (JWK)."""

    org_url: str = Field(pattern=r"^https?://\S+$", max_length=ADDRESS)
    token: SecretStr | None = Field(default=None, max_length=512)
    client_id: str | None = Field(default=None, max_length=128)
    private_key: SecretStr | None = Field(default=None, max_length=8192)

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if (self.client_id is None) != (self.private_key is None):
            raise Invalid("Give the client id and its private key together.", path=("client_id",))
        if (self.token is None) == (self.client_id is None):
            raise Invalid("Give a token, or a client id with its private key.", path=("token",))
        return self


class JiraCredentials(Credentials):
    """The site's address, such as https://example.atlassian.net, and an API token of a user."""

    site_url: str = Field(pattern=r"^https?://\S+$", max_length=ADDRESS)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    token: SecretStr = Field(min_length=1, max_length=512)


class SlackCredentials(Credentials):
    """A bot token."""

    token: SecretStr = Field(min_length=1, max_length=512)
