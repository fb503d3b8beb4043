"""Fetches a page as anybody on the Internet sees it: over verified TLS, no cookies, no sign-in, no scripts."""

import asyncio
from typing import NamedTuple

import httpx2

from connectors.outside import SECONDS, client_options, translated
from domain.errors import Unavailable

SERVICE = "page"
# Of its text alone; what it loads is not fetched.
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
        answer = await _get(url, allow_private)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, UnicodeError):  # of the last: names that DNS cannot have
        return NOTHING
    return Fetched(answer.status_code, answer.url.scheme == "https", answer.content)


async def fetch_html(url: str, allow_private: bool) -> str:
    """The text of the page. Raises Unavailable unless it answers 200 with HTML in time."""
    with translated(SERVICE):
        answer = await _get(url, allow_private)
    if answer.is_redirect:
        raise Unavailable("The page leads to another address: declare that one instead.", service=SERVICE)
    if answer.status_code != httpx2.codes.OK:
        raise Unavailable(f"The page answers with status {answer.status_code}.", service=SERVICE)
    if "html" not in answer.headers.get("content-type", ""):
        raise Unavailable("The page is not in HTML.", service=SERVICE)
    return answer.text


async def _get(url: str, allow_private: bool) -> httpx2.Response:
    """Redirects are not followed: they may lead to a sign-in, or to where nobody declared."""
    async with (
        asyncio.timeout(2 * SECONDS),
        httpx2.AsyncClient(**client_options(allow_private, MOST_BYTES)) as client,
    ):
        return await client.get(url, headers=ACCEPT)
