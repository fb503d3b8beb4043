"""Azure Advisor through Microsoft's own library, over our way out.

Of the library's pipeline only what reads answers is kept. Left out are its retries and redirects, which are the
guard's and nobody's, and the policy that registers resource providers by itself, which would be a write.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx2
import orjson
from azure.core.credentials import AccessToken
from azure.core.exceptions import DeserializationError, HttpResponseError
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import AsyncHTTPPolicy, ContentDecodePolicy
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport
from azure.core.rest import HttpRequest
from azure.mgmt.advisor.aio import AdvisorManagementClient

from connectors.guard import Guard
from connectors.reading.listing import Answer, Operation
from connectors.rest.paging import Reply, Request, followed
from domain.errors import Misshapen, ProviderError

Headers = Callable[[], Awaitable[Mapping[str, str]]]
Refused = Callable[[Reply, Operation], ProviderError]
# What the library raises on an answer of another shape.
MISSHAPEN = (DeserializationError, AttributeError, KeyError, TypeError, ValueError)


class Advisor:
    """The recommendations of one subscription."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        guard: Guard,
        base_url: str,
        subscription: str,
        headers: Headers,
        refused: Refused,
    ) -> None:
        self._guard, self._base_url, self._refused = guard, base_url, refused
        self._client = AdvisorManagementClient(
            _NoCredential(),
            subscription,
            base_url,
            transport=_Transport(http),
            policies=[_Bearer(headers), ContentDecodePolicy()],
        )

    async def pages(self, operation: Operation) -> AsyncGenerator[Answer, None]:
        """Pages in the shape of the REST interface, each one guarded call. Raises ProviderError."""
        link: str | None = None
        while True:
            send = partial(self._page, operation, link)
            answer = await self._guard.call(operation.service, operation.name, send)
            yield answer
            link = answer.get("nextLink")
            if not link:
                return
            # The library would follow a link to any server, credentials and all.
            followed(Request(method="GET", url=self._base_url), link)

    async def _page(self, operation: Operation, link: str | None) -> Answer:
        try:
            pages: Any = self._client.recommendations.list().by_page(link)
            items = [one.serialize(keep_readonly=True) async for one in await anext(pages)]
        except HttpResponseError as error:
            if error.response is None or (error.status_code or 0) < HTTPStatus.BAD_REQUEST:
                raise self._misshapen(operation) from error
            raise self._refused(_reply(error.response), operation) from error
        except MISSHAPEN as error:
            raise self._misshapen(operation) from error
        return {"value": items, "nextLink": pages.continuation_token}

    def _misshapen(self, operation: Operation) -> Misshapen:
        return Misshapen(f"{self._base_url} does not answer {operation.name} as Azure does.", service=operation.service)


class _NoCredential:
    """The library wants one; ours are put on by `_Bearer`."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        raise RuntimeError("The library asks for a token of its own, and must never be given one.")

    async def close(self) -> None: ...

    async def __aenter__(self) -> "_NoCredential":
        return self

    async def __aexit__(self, *_: object) -> None: ...


class _Bearer(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """The library's own refuses http, also on the loopback interface, where stand-ins are; our way out judges that."""

    def __init__(self, headers: Headers) -> None:
        super().__init__()
        self._headers = headers

    async def send(self, request: PipelineRequest[HttpRequest]) -> Any:
        request.http_request.headers.update(await self._headers())
        return await self.next.send(request)


class _Transport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http

    async def send(self, request: HttpRequest, **_: Any) -> AsyncHttpResponse:
        answer = await self._http.request(request.method, request.url, headers=dict(request.headers))
        return _Answer(request, answer)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def __aexit__(self, *_: object) -> None: ...


class _Answer(AsyncHttpResponse):
    """An answer that was read whole, as the library looks at it."""

    def __init__(self, request: Any, answer: httpx2.Response) -> None:
        super().__init__(request, answer)
        self.status_code, self.reason, self.headers = answer.status_code, answer.reason_phrase, answer.headers
        self.content_type = answer.headers.get("content-type")

    def body(self) -> bytes:
        content: bytes = self.internal_response.content
        return content


def _reply(response: Any) -> Reply:
    try:
        body = orjson.loads(response.body())
    except ValueError:
        body = response.text()
    return Reply(status=response.status_code, headers=dict(response.headers), body=body)
