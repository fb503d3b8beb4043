"""Reads recommendations by google-cloud-recommender. Its REST client blocks, so each page is read in a thread."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx2
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession
from google.cloud.recommender_v1 import ListRecommendationsRequest, ListRecommendationsResponse, RecommenderClient
from google.protobuf.json_format import MessageToDict, ParseError

from connectors.clouds.gcp import access, bridge, calling
from connectors.guard import Guard
from connectors.reading.listing import Arguments, Operation
from connectors.rest.client import CALL_LIMIT
from connectors.rest.paging import Reply
from domain.errors import CredentialsRejected, Misshapen, ProviderError

SCOPES = (calling.CLOUD_SCOPE,)
PAGE_SIZE = 500
THREADS = 8
Meaning = Callable[[Reply, Operation], ProviderError]


class _Bearer(Credentials):
    """A token that comes from `Tokens`; asked to renew it, the library learns that it was refused."""

    def refresh(self, request: Any) -> None:
        raise CredentialsRejected("Google Cloud rejects the access token.", service="recommender")


class Recommendations:
    """`endpoint` is the base address, `meaning` tells what a refusal means."""

    def __init__(
        self, http: httpx2.AsyncClient, guard: Guard, tokens: access.Tokens, endpoint: str, meaning: Meaning
    ) -> None:
        self._guard, self._tokens, self._meaning = guard, tokens, meaning
        # Threads of its own: those that asyncio lends out look up names, which the library's requests wait for.
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="google")
        self._bearer = _Bearer()  # type: ignore[no-untyped-call]  # google-auth has no types
        self._client = RecommenderClient(
            credentials=self._bearer, transport="rest", client_options=ClientOptions(api_endpoint=endpoint)
        )
        # The library has no way to be handed a session.
        session: AuthorizedSession = vars(self._client.transport)["_session"]
        session.trust_env = False
        for scheme in ("https://", "http://"):
            session.mount(scheme, bridge.Bridge(http, asyncio.get_running_loop()))

    def close(self) -> None:
        """What is still being read is given up."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.transport.close()  # type: ignore[no-untyped-call]  # the library has no types

    async def pages(self, operation: Operation, arguments: Arguments) -> AsyncGenerator[Any, None]:
        """Pages as the REST interface prints them. `arguments` are `parent` and `filter`. Raises ProviderError."""
        token = ""
        while True:
            request = ListRecommendationsRequest(page_size=PAGE_SIZE, page_token=token, **arguments)
            page = await self._guard.call(operation.service, operation.name, partial(self._page, operation, request))
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                return

    async def _page(self, operation: Operation, request: ListRecommendationsRequest) -> Any:
        self._bearer.token = await self._tokens.token(SCOPES)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, request)
        except GoogleAPICallError as error:
            raise self._meaning(_reply(error), operation) from error
        except CredentialsRejected:
            self._tokens.forget(SCOPES)
            raise
        except (ParseError, ValueError) as error:
            # What it answers cannot be read, or the name it gave for where to ask is none.
            message = f"Google Cloud does not answer {operation.name} as it promises."
            raise Misshapen(message, service=operation.service) from error

    def _ask(self, request: ListRecommendationsRequest) -> Any:
        pager = self._client.list_recommendations(request=request, retry=None, timeout=CALL_LIMIT.total_seconds())
        page = next(pager.pages)
        return MessageToDict(ListRecommendationsResponse.pb(page))


def _reply(error: GoogleAPICallError) -> Reply:
    """The refusal as the library got it."""
    response = error.response
    try:
        body = response.json()
    except ValueError:
        body = response.text
    return Reply(
        status=response.status_code, headers={key.lower(): value for key, value in response.headers.items()}, body=body
    )
