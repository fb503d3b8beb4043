"""Answers over HTTP: bodies, status codes and headers. Source: the GraphQL over HTTP draft.

`application/json` keeps 200 for every request that could be read. `application/graphql-response+json` uses the status
code for what happened, and has no `data` when nothing was executed.
"""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from graphql import GraphQLError
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from app import metrics
from app.graphql.accept import JSON
from app.graphql.admission import no_cost
from app.graphql.endpoint import Failed
from app.graphql.errors import ErrorCode, OperationTimedOut, formatted, masked
from app.graphql.request import HttpRefusal
from app.http.answer_headers import ANSWERS

log = structlog.get_logger(__name__)

STATUS_OF = {
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


def of_result(result: ExecutionResult, media_type: str, request_id: str, headers: MutableHeaders) -> Response:
    """The answer to a request that reached the schema. `headers` are those the resolvers set."""
    body = body_of(result)
    status = _status_of(result, media_type)
    response = _json(body, status, media_type, request_id, _headers_of(result, status))
    response.raw_headers.extend(headers.raw)
    return response


def of_refusal(refusal: HttpRefusal, media_type: str | None, request_id: str) -> Response:
    """The answer to an HTTP request that is no GraphQL request."""
    error = formatted(refusal.message, refusal.code, request_id)
    return _refused(error, refusal.status, media_type, request_id, refusal.headers)


def of_failure(failed: Failed, media_type: str | None, request_id: str) -> Response:
    """The answer when authentication or the context refused: the same status for both media types."""
    status = STATUS_OF.get(failed.code, HTTPStatus.BAD_REQUEST)
    headers = {"www-authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    return _refused(failed.error, status, media_type, request_id, headers)


def body_of(result: ExecutionResult) -> dict[str, Any]:
    """`{data, errors, extensions}`; without data when the request failed before execution."""
    body: dict[str, Any] = {} if _is_request_error(result) else {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    body["extensions"] = result.extensions or {"cost": no_cost()}
    return body


def _is_request_error(result: ExecutionResult) -> bool:
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and all(error.path is None for error in result.errors or ())


def _status_of(result: ExecutionResult, media_type: str) -> HTTPStatus:
    if not _is_request_error(result):
        return HTTPStatus.OK
    error = (result.errors or [GraphQLError("")])[0]
    cause = error.original_error
    if isinstance(cause, InvalidOperationTypeError):
        is_mutation = cause.operation_type.value == "mutation"
        return HTTPStatus.METHOD_NOT_ALLOWED if is_mutation else HTTPStatus.BAD_REQUEST
    if media_type == JSON:
        return HTTPStatus.OK
    if isinstance(cause, OperationTimedOut):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return STATUS_OF.get((error.extensions or {}).get("code", ErrorCode.INTERNAL), HTTPStatus.BAD_REQUEST)


def _headers_of(result: ExecutionResult, status: HTTPStatus) -> dict[str, str]:
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        return {"allow": "POST"}
    extensions = result.errors[0].extensions if result.errors else None
    return {"retry-after": str(extensions["retryAfter"])} if extensions and "retryAfter" in extensions else {}


def _refused(
    error: dict[str, Any], status: HTTPStatus, media_type: str | None, request_id: str, headers: Mapping[str, str]
) -> Response:
    metrics.REFUSED_REQUESTS.labels(status.value).inc()
    metrics.ERRORS.labels(error["extensions"]["code"]).inc()
    body = {"errors": [error], "extensions": {"cost": no_cost()}}
    return _json(body, status, media_type or JSON, request_id, headers)


def _json(
    body: Mapping[str, Any], status: HTTPStatus, media_type: str, request_id: str, headers: Mapping[str, str]
) -> Response:
    try:
        content = orjson.dumps(body)
    except TypeError:
        # A scalar let something through that JSON cannot hold: our fault, and nothing of the result can be told.
        log.exception("graphql.not_json", request_id=request_id)
        error = formatted(masked(request_id), ErrorCode.INTERNAL, request_id)
        content = orjson.dumps({"errors": [error], "extensions": {"cost": no_cost()}})
        status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Ready(
        content,
        status,
        [
            *_standing(media_type),
            (b"content-length", b"%d" % len(content)),
            (b"x-request-id", request_id.encode("latin-1")),
            *((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        ],
    )


class Ready(Response):
    """A response whose headers are as they go out: starlette would lower and encode each of them every time."""

    def __init__(self, content: bytes, status: HTTPStatus, raw_headers: list[tuple[bytes, bytes]]) -> None:
        self.body = content
        self.status_code = status.value
        self.raw_headers = raw_headers
        self.background = None


@cache
def _standing(media_type: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"vary", b"Accept"),
        *ANSWERS,
    )
