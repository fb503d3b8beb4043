"""Reads a GraphQL request out of an HTTP request, or says why it is none. Source: the GraphQL over HTTP draft."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from app.graphql.accept import JSON, media_type_of
from app.graphql.errors import ErrorCode

MAX_BODY = 1_000_000


class HttpRefusal(Exception):
    """An HTTP request that is no GraphQL request."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        code: ErrorCode = ErrorCode.BAD_USER_INPUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str | None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)


async def read_request(request: Request) -> GraphQLRequest:
    """The request parameters of a GET or POST. Raises HttpRefusal for anything malformed."""
    if request.method == "GET":
        return parse_parameters(_of_query_string(request.query_params))
    if request.method == "POST":
        _check_content(request)
        return parse_parameters(_json(await _body(request), "The body"))
    raise HttpRefusal(
        HTTPStatus.METHOD_NOT_ALLOWED, "Send GraphQL requests with GET or POST.", headers={"allow": "GET, POST"}
    )


def parse_parameters(sent: object) -> GraphQLRequest:
    """Checks `{query, operationName, variables, extensions}`. Other names are ignored, as the draft asks."""
    if isinstance(sent, list):
        raise _bad("Batching is not supported: send one operation per request.")
    if not isinstance(sent, dict):
        raise _bad("The request must be a JSON object with the document in query.")
    extensions = _optional(sent, "extensions", dict, "an object") or {}
    query = _optional(sent, "query", str, "a string")
    if not query and "persistedQuery" not in extensions:
        raise _bad("The request has no query: send the document as a string in query.")
    return GraphQLRequest(
        query=query or None,
        operation_name=_optional(sent, "operationName", str, "a string"),
        variables=_optional(sent, "variables", dict, "an object") or {},
        extensions=extensions,
    )


def _optional(sent: Mapping[str, Any], name: str, kind: type, called: str) -> Any:
    value = sent.get(name)
    if value is not None and not isinstance(value, kind):
        raise _bad(f"{name} must be {called} or null.")
    return value


def _of_query_string(query: Mapping[str, str]) -> dict[str, Any]:
    sent: dict[str, Any] = {name: query.get(name) or None for name in ("query", "operationName")}
    for name in ("variables", "extensions"):
        if text := query.get(name):
            sent[name] = _json(text.encode(), name)
    return sent


def _json(text: bytes, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad(f"{what} is not valid JSON: {error.msg} at position {error.pos}.") from error


def _check_content(request: Request) -> None:
    """Only JSON, which no cross-site form can send without a preflight."""
    media_type, parameters = media_type_of(request.headers.get("content-type"))
    if media_type != JSON or parameters.get("charset", "utf-8") not in {"utf-8", "utf8"}:
        raise HttpRefusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "Send the body as JSON in UTF-8, with Content-Type: application/json.",
            headers={"accept-post": JSON},
        )
    if request.headers.get("content-encoding", "identity") != "identity":
        message = "Compressed bodies are not supported: send the JSON as it is."
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept-encoding": "identity"})


async def _body(request: Request) -> bytes:
    """Read here instead of by Starlette's limit, whose answer is plain text."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > MAX_BODY:
        raise _too_large()
    chunks: list[bytes] = []
    size, is_whole = 0, False
    while not is_whole:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise _too_large()
        chunks.append(chunk)
        is_whole = not message.get("more_body", False)
    return b"".join(chunks)


def _too_large() -> HttpRefusal:
    # The rest of the body is not read, so the connection cannot serve another request.
    return HttpRefusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {MAX_BODY} bytes.",
        headers={"connection": "close"},
    )


def _bad(message: str) -> HttpRefusal:
    return HttpRefusal(HTTPStatus.BAD_REQUEST, message)
