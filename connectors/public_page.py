"""Fetches a public page as anybody on the Internet sees it: over verified TLS, without following redirects."""

import asyncio
from typing import NamedTuple

import httpx2

from connectors.outside import SECONDS, client_options

MOST_BYTES = 2 * 1024 * 1024
ACCEPT = {"accept": "text/html, text/plain, */*;q=0.1"}


class Fetched(NamedTuple):
    """`status_code` and `body` are None where nobody has answered in time, or not by a certificate that holds."""

    status_code: int | None
    is_tls: bool
    body: bytes | None


NOTHING = Fetched(None, False, None)


async def fetch_page(url: str, allow_private: bool) -> Fetched:
    """What the page answers to one GET. Never raises for what is wrong with the page: that is what is to be told."""
    try:
        async with (
            asyncio.timeout(2 * SECONDS),
            httpx2.AsyncClient(**client_options(allow_private, MOST_BYTES)) as http,
        ):
            answer = await http.get(url, headers=ACCEPT)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError):  # of the last: names that DNS cannot have
        return NOTHING
    return Fetched(answer.status_code, answer.url.scheme == "https", answer.content)
