"""How an identity provider is reached."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from domain.endpoint import check_endpoint, is_forbidden_address
from domain.errors import Invalid
from domain.identity.identity import ProviderKind

# Stands in the issuer of Entra for the id of the tenant that signs somebody in.
TENANT = "{tenantid}"
SCOPE = "openid email profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdProvider:
    """`key` is its place in our addresses: a name, or the id of an organization's document.

    `issuer` is compared letter by letter; with {tenantid} in it, the token's own tid is put there first.
    """

    key: str
    kind: ProviderKind
    issuer: str
    discovery_url: str
    client_id: str
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubProvider:
    """GitHub, which speaks OAuth 2 without id_token. `url` is that of its pages, `api_url` that of its API."""

    key: str
    url: str
    api_url: str
    client_id: str
    client_secret: str = field(repr=False)


Provider = OpenIdProvider | GitHubProvider


def discovery_url(issuer: str) -> str:
    """Where an issuer describes itself (OpenID Connect Discovery 1.0, 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def check_issuer(issuer: str, allow_private: bool) -> str:
    """The issuer, letter by letter.

    Raises Invalid unless it is an https:// address outside of private networks; with `allow_private` private ones
    pass, and http:// on the loopback interface, for trying things out.
    """
    try:
        check_endpoint(issuer, allow_private)
    except Invalid as error:
        raise Invalid(error.message.replace("endpoint", "issuer"), path=("issuer",)) from error
    check_secure(issuer, allow_private)
    return issuer


def check_secure(url: str, allow_private: bool) -> None:
    """Raises Invalid for an address that is neither https:// nor, with `allow_private`, on the loopback interface."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (allow_private and parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise Invalid("The issuer must be an https:// address.", path=("issuer",))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or (not is_forbidden_address(host, True) and host in ("127.0.0.1", "::1"))
    except ValueError:
        return False
