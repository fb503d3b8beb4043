"""Answers of SCIM: resources with their ETag, lists, and every error in the form of RFC 7644 section 3.12."""

from datetime import timedelta
from math import ceil
from typing import Any

import orjson
import structlog
from pydantic import ValidationError
from pymongo.errors import DuplicateKeyError
from scim2_models import Error, SCIMException, UniquenessException
from starlette.responses import Response

from domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unauthenticated,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/scim+json"
_STATUS: dict[type[Refused], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    RateLimited: 429,
    Invalid: 400,
}
TAKEN = "There is a user with this userName or address in the organization already."


def answer(body: dict[str, Any] | None, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A SCIM answer; without a body it is empty."""
    content = b"" if body is None else orjson.dumps(body)
    media_type = None if body is None else MEDIA_TYPE
    return Response(content, status_code=status, headers=headers, media_type=media_type)


def refusal(error: Exception, request_id: str) -> Response:
    """The answer for whatever went wrong; a bug is logged and masked."""
    body = _error(error, request_id)
    status = body.status or 500
    headers = {"www-authenticate": 'Bearer realm="scim"'} if status == 401 else {}
    if status == 429:
        wait = error.retry_after if isinstance(error, RateLimited) and error.retry_after else timedelta(seconds=1)
        headers["retry-after"] = str(ceil(wait.total_seconds()))
    return answer(body.model_dump(), status, headers)


def _error(error: Exception, request_id: str) -> Error:
    if isinstance(error, SCIMException):
        return error.to_error()
    if isinstance(error, ValidationError):
        return Error.from_validation_errors(error)[0]
    if isinstance(error, DuplicateKeyError):
        return UniquenessException(detail=TAKEN).to_error()
    if isinstance(error, Refused):
        return _refused(error)
    log.error("scim.bug", request_id=request_id, exc_info=error)
    return Error(status=500, detail=f"Something went wrong here. It is logged under {request_id}.")


def _refused(error: Refused) -> Error:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)
    return Error(status=status, scim_type="invalidValue" if status == 400 else None, detail=error.message)
