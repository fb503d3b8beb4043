"""Which identity providers there are: those of the settings, open to everybody, and those of organizations."""

import documents
from app.settings import Settings
from documents.identity_provider import find_provider
from documents.vault import SecretLost, Vault, VaultUnavailable
from domain.errors import Unavailable
from domain.identity.identity import ProviderKind
from domain.identity.provider import TENANT, GitHubProvider, OpenIdProvider, Provider, discovery_url

# Tenants whose people sign in under the issuer of their own tenant.
MANY = {"common", "organizations"}


def platform_providers(settings: Settings) -> dict[str, Provider]:
    """Those with a client id and a secret in the settings, by their key, in the order to show them."""
    found: dict[str, Provider] = {}
    if settings.google_client_id and settings.google_client_secret:
        found["google"] = OpenIdProvider(
            key="google",
            kind=ProviderKind.GOOGLE,
            issuer=settings.google_issuer,
            discovery_url=discovery_url(settings.google_issuer),
            client_id=settings.google_client_id,
            client_secret=settings.google_client_secret.get_secret_value(),
        )
    if settings.microsoft_client_id and settings.microsoft_client_secret:
        found["microsoft"] = _microsoft(
            settings, settings.microsoft_client_id, settings.microsoft_client_secret.get_secret_value()
        )
    if settings.github_client_id and settings.github_client_secret:
        found["github"] = GitHubProvider(
            key="github",
            url=settings.github_url.rstrip("/"),
            api_url=settings.github_api_url.rstrip("/"),
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret.get_secret_value(),
        )
    return found


def _microsoft(settings: Settings, client_id: str, client_secret: str) -> OpenIdProvider:
    tenant, authority = settings.microsoft_tenant, settings.microsoft_authority.rstrip("/")
    return OpenIdProvider(
        key="microsoft",
        kind=ProviderKind.MICROSOFT,
        issuer=f"{authority}/{TENANT if tenant in MANY else tenant}/v2.0",
        discovery_url=discovery_url(f"{authority}/{tenant}/v2.0"),
        client_id=client_id,
        client_secret=client_secret,
    )


class Providers:
    """Looks providers up by the key in our addresses."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self._platform = platform_providers(settings)
        self._vault = vault

    async def find(self, key: str) -> tuple[Provider, documents.IdentityProvider | None] | None:
        """How to reach it, and the organization's document of it where it is one's; None when there is no such.

        Raises Unavailable when its secret cannot be opened.
        """
        if key in self._platform:
            return self._platform[key], None
        stored = await find_provider(key)
        return None if stored is None else (await self._reached(stored), stored)

    async def _reached(self, stored: documents.IdentityProvider) -> OpenIdProvider:
        secret = None if stored.client_secret is None else await self._opened(stored.client_secret)
        return OpenIdProvider(
            key=str(stored.id),
            kind=ProviderKind.ORGANIZATION,
            issuer=stored.issuer,
            discovery_url=discovery_url(stored.issuer),
            client_id=stored.client_id,
            client_secret=secret,
        )

    async def _opened(self, cipher: bytes) -> str:
        try:
            return await self._vault.open(cipher)
        except (SecretLost, VaultUnavailable) as error:
            raise Unavailable("The secret of the client cannot be opened.", service="vault") from error
