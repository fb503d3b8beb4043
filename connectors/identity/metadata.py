"""What providers say of themselves: their endpoints and their public keys, fetched when needed and kept for a while."""

from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from connectors.identity.kept import ANEW_SECONDS, Fetch, Kept
from connectors.outside import SERVICE, fetch_json
from domain.errors import Invalid, Unavailable
from domain.identity.provider import OpenIdProvider, check_secure

# Providers publish new keys at least hours before they use them, most of them days.
KEPT_SECONDS = 600.0
MOST_KEYS = 100
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Metadata:
    """`issuer` as the provider writes it. `sends_issuer`: its answers carry `iss` (RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    sends_issuer: bool
    secret_in_body: bool


class Directory:
    """Descriptions and keys of providers. `fetch` overrides how they are fetched, for tests."""

    def __init__(self, allow_private: bool, *, fetch: Fetch | None = None) -> None:
        self._allow_private = allow_private
        self._kept = Kept(fetch or (lambda url: fetch_json(url, allow_private)))

    async def metadata(self, provider: OpenIdProvider) -> Metadata:
        """The provider's description of itself.

        Raises Unavailable when it cannot be had, is incomplete, or is that of another issuer: then anybody could sign
        for it (OpenID Connect Discovery 1.0, 4.3).
        """
        raw = await self._kept.get(provider.discovery_url, KEPT_SECONDS)
        if not isinstance(raw, dict) or raw.get("issuer") != provider.issuer:
            raise Unavailable(f"{provider.discovery_url} does not describe {provider.issuer}.", service=SERVICE)
        addresses = {
            name: self._address(raw, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        methods = raw.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            issuer=provider.issuer,
            userinfo_endpoint=self._address(raw, "userinfo_endpoint") if "userinfo_endpoint" in raw else None,
            sends_issuer=raw.get("authorization_response_iss_parameter_supported") is True,
            secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
            **addresses,
        )

    async def keys(self, metadata: Metadata, *, anew: bool = False) -> KeySet:
        """The provider's public keys; with `anew` fetched again, unless that was done a moment ago.

        Raises Unavailable when they cannot be had.
        """
        return await self.key_set(metadata.jwks_uri, anew=anew)

    async def key_set(self, url: str, *, anew: bool = False) -> KeySet:
        """The public keys at an address; otherwise as `keys`."""
        raw = await self._kept.get(url, ANEW_SECONDS if anew else KEPT_SECONDS)
        keys = raw.get("keys") if isinstance(raw, dict) else None
        if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
            raise Unavailable(f"{url} does not hold keys.", service=SERVICE)
        usable = [key for key in keys if _is_for_signatures(key)]
        try:
            return KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unavailable(f"{url} holds keys that cannot be read.", service=SERVICE) from error

    def _address(self, raw: dict[str, Any], name: str) -> str:
        url = raw.get(name)
        if not isinstance(url, str):
            raise Unavailable(f"The provider does not name its {name}.", service=SERVICE)
        try:
            check_secure(url, self._allow_private)
        except Invalid as error:
            raise Unavailable(f"The provider's {name} is not an https:// address.", service=SERVICE) from error
        return url


def _is_for_signatures(key: Any) -> bool:
    # A symmetric key in public would be no key; of others only those meant for signing.
    return isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
