"""CORS for the origins that are listed: their pages may read our answers, with cookies. Others are told nothing."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Send

METHODS = ("GET", "POST")
SENT = ("authorization", "content-type", "x-request-id", "x-cloudwatcher-csrf")
READ = ("x-request-id", "retry-after")
ALLOWING = ("access-control-allow-credentials", "access-control-expose-headers", "access-control-allow-methods",
            "access-control-allow-headers", "access-control-max-age")  # fmt: skip


class ListedOrigins(CORSMiddleware):
    """Starlette's, which tells origins that are not listed that credentials are allowed; this one does not."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=SENT,
            expose_headers=READ,
            # Not together with any origin: every page could act as whoever is signed in.
            allow_credentials="*" not in origins,
            max_age=600,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if not self.is_allowed_origin(request_headers["origin"]):
            _remove(response.headers)
        return response

    async def send(self, message: Message, send: Send, request_headers: Headers) -> None:
        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and not self.is_allowed_origin(request_headers["origin"]):
                _remove(MutableHeaders(scope=message))
            await send(message)

        await super().send(message, told if "origin" in request_headers else send, request_headers)


def _remove(headers: MutableHeaders) -> None:
    for name in ALLOWING:
        del headers[name]
