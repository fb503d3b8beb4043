"""Fetches a public page as anybody would see it: no cookies, no sign-in, no scripts."""

import asyncio

import httpx2

from connectors.outside import SECONDS, client_options, translated
from domain.errors import Unavailable

SERVICE = "page"
# Of its text alone; what it loads is not fetched.
MOST_BYTES = 2 * 1024 * 1024
ACCEPTED = {"accept": "text/html, application/xhtml+xml"}


async def fetch_page(url: str, allow_private: bool) -> str:
    """The text of the page. Raises Unavailable unless it answers 200 with HTML in time.

    Redirects are not followed: they may lead to a sign-in, or to where nobody declared.
    """
    with translated(SERVICE):
        async with (
            asyncio.timeout(2 * SECONDS),
            httpx2.AsyncClient(**client_options(allow_private, MOST_BYTES)) as client,
        ):
            answer = await client.get(url, headers=ACCEPTED)
    if answer.is_redirect:
        raise Unavailable("The page leads to another address: declare that one instead.", service=SERVICE)
    if answer.status_code != httpx2.codes.OK:
        raise Unavailable(f"The page answers with status {answer.status_code}.", service=SERVICE)
    if "html" not in answer.headers.get("content-type", ""):
        raise Unavailable("The page is not in HTML.", service=SERVICE)
    return answer.text
