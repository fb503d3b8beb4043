"""How CloudWatcher gets into the clouds and systems other than AWS. Secrets are shown nowhere."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from domain.errors import Invalid

UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
ADDRESS = 2048


class Credentials(BaseModel):
    """`endpoint_url` replaces the vendor's own address; check it with `domain.endpoint.check_endpoint` first."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    endpoint_url: str | None = Field(
        default=None,
        max_length=ADDRESS,
        description="Address to call instead of the vendor's own, for sovereign clouds and stand-ins.",
    )

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

    tenant_id: str = Field(pattern=UUID, description="The directory (tenant) id of Entra ID.")
    client_id: str = Field(pattern=UUID, description="The application (client) id.")
    client_secret: SecretStr = Field(
        min_length=1, max_length=1024, description="A secret of the application; stored encrypted."
    )
    subscription_id: str = Field(pattern=UUID, description="The subscription to read.")
    graph_url: str | None = Field(
        default=None, max_length=ADDRESS, description="Address to call instead of graph.microsoft.com."
    )
    authority_url: str | None = Field(
        default=None, max_length=ADDRESS, description="Address to call instead of login.microsoftonline.com."
    )


class GcpCredentials(Credentials):
    """A key of a service account (the JSON file), and the project it reads.

    `organization_id` and `billing_account_id` open what belongs to these. `endpoint_url` stands for all hosts under
    googleapis.com, the token endpoint too.
    """

    project_id: str = Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$", description="The project to read.")
    service_account_key: SecretStr = Field(
        min_length=1,
        max_length=16384,
        description="The key of the service account: the whole JSON file; stored encrypted.",
    )
    organization_id: str | None = Field(
        default=None, pattern=r"^\d{1,20}$", description="The number of the organization, for what belongs to it."
    )
    billing_account_id: str | None = Field(
        default=None,
        pattern=r"^[0-9A-F]{6}(-[0-9A-F]{6}){2}$",
        description="The billing account, for what belongs to it.",
    )


class DigitalOceanCredentials(Credentials):
    """A personal access token with read scopes; a Spaces key for the settings of buckets."""

    token: SecretStr = Field(min_length=1, max_length=512, description="The token; stored encrypted.")
    spaces_key_id: str | None = Field(
        default=None, max_length=128, description="The id of a Spaces key, for the settings of buckets."
    )
    spaces_secret: SecretStr | None = Field(
        default=None, max_length=256, description="The secret of the Spaces key; stored encrypted."
    )
    spaces_url: str | None = Field(
        default=None, max_length=ADDRESS, description="Address to call instead of Spaces' own."
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if (self.spaces_key_id is None) != (self.spaces_secret is None):
            raise Invalid("Give the id and the secret of the Spaces key together.", path=("spaces_key_id",))
        return self


class GithubCredentials(Credentials):
    """A token, or an installed GitHub App with its private key (PEM)."""

    organization: str = Field(
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?$",
        description="The name of the organization in its address.",
    )
    token: SecretStr | None = Field(default=None, max_length=512, description="The token; stored encrypted.")
    app_id: str | None = Field(default=None, pattern=r"^\d{1,20}$", description="The id of the GitHub App.")
    installation_id: str | None = Field(
        default=None, pattern=r"^\d{1,20}$", description="The id of its installation in the organization."
    )
    private_key: SecretStr | None = Field(
        default=None, max_length=8192, description="Its private key, PEM; stored encrypted."
    )

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

    org_url: str = Field(
        pattern=r"^https?://\S+$", max_length=ADDRESS, description="The address, such as https://example.okta.com."
    )
    token: SecretStr | None = Field(default=None, max_length=512, description="The token; stored encrypted.")
    client_id: str | None = Field(default=None, max_length=128, description="The application (client) id.")
    private_key: SecretStr | None = Field(
        default=None, max_length=8192, description="Its private key, a JWK; stored encrypted."
    )

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        if (self.client_id is None) != (self.private_key is None):
            raise Invalid("Give the client id and its private key together.", path=("client_id",))
        if (self.token is None) == (self.client_id is None):
            raise Invalid("Give a token, or a client id with its private key.", path=("token",))
        return self


class JiraCredentials(Credentials):
    """The site's address, such as https://example.atlassian.net, and an API token of a user."""

    site_url: str = Field(
        pattern=r"^https?://\S+$", max_length=ADDRESS, description="The address, such as https://example.atlassian.net."
    )
    email: str = Field(
        pattern=r"^[^@\s]+@[^@\s]+$", max_length=254, description="The e-mail address of the user whose token it is."
    )
    token: SecretStr = Field(min_length=1, max_length=512, description="The token; stored encrypted.")


class SlackCredentials(Credentials):
    """A bot token."""

    token: SecretStr = Field(min_length=1, max_length=512, description="The bot token, xoxb-…; stored encrypted.")
