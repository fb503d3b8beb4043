"""The certified oidc-provider, which we did not write, in the place of the issuer whose tokens Pub/Sub sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from tests.fakes.openid_peer import CLIENT_ID, CLIENT_SECRET, running_script


@dataclass(frozen=True)
class GoogleIssuer:
    """`url` is where its keys stand, under the path that Google's have."""

    url: str

    async def token(self, audience: str) -> str:
        """A token of the service account for this audience, signed with RS256."""
        asked = {"grant_type": "client_credentials", "resource": audience}
        async with httpx2.AsyncClient(timeout=30) as http:
            answer = await http.post(f"{self.url}/token", data=asked, auth=(CLIENT_ID, CLIENT_SECRET))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@contextmanager
def google_issuer(email: str) -> Iterator[GoogleIssuer]:
    """The provider, on a free port, for the service account with this address. Raises NoPeer."""
    client = {"id": CLIENT_ID, "secret": CLIENT_SECRET}
    with running_script("google_issuer.mjs", {"client": client, "email": email}) as url:
        yield GoogleIssuer(url)
