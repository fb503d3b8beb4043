"""Lets Google's library, which blocks, send its requests by the one guarded way out of this process."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import requests
from requests.adapters import BaseAdapter


class Bridge(BaseAdapter):
    """Runs in the thread of the library; the request runs on the event loop, by `http`.

    So the library goes nowhere that `http` may not go, with the same limits of time and size.
    """

    def __init__(self, http: httpx2.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._http, self._loop = http, loop

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Raises httpx2.HTTPError. Of the request all but a body is sent: reading needs none."""
        headers = {name: str(value) for name, value in request.headers.items()} | {"accept-encoding": "identity"}
        asked = self._http.request(request.method or "GET", request.url or "", headers=headers)
        answer = asyncio.run_coroutine_threadsafe(asked, self._loop).result()
        if answer.is_redirect:
            raise httpx2.ReadError("The answer leads elsewhere.", request=answer.request)
        return _response(request, answer)

    def close(self) -> None:
        """`http` is closed by whoever opened it."""


def _response(request: requests.PreparedRequest, answer: httpx2.Response) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status_code
    response.headers.update(answer.headers)
    response.request, response.url = request, request.url or ""
    response.encoding = "utf-8"
    # What `iter_content` would keep after reading it all.
    response._content = answer.content
    response._content_consumed = True
    return response
