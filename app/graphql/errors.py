"""Turns whatever went wrong into errors fit for the caller; bugs are masked and logged with the request id."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from math import ceil
from typing import Any

import structlog
from graphql import FieldNode, GraphQLError
from strawberry.exceptions import MissingQueryError, StrawberryGraphQLError, StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from domain.errors import RateLimited, Refused

log = structlog.get_logger(__name__)


class ErrorCode(StrEnum):
    """Every value of `extensions.code`. Closed: clients branch on it."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    STEP_UP_REQUIRED = "STEP_UP_REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    COST_LIMIT_EXCEEDED = "COST_LIMIT_EXCEEDED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    INTERNAL = "INTERNAL"


# A message may quote the document; a 90 kB name shall not come back as a 90 kB answer, and again in every log.
MAX_MESSAGE = 500
_SUGGESTION = re.compile(r"\s*Did you mean .*", re.DOTALL)
# Where the messages of graphql-core quote what the caller sent: the value that does not fit, with all fields beside it.
_QUOTATION = re.compile(
    r"[,;] found: .*|(cannot represent [\w -]*value): .*|((?:found|Unexpected) (?:Block)?(?:String|Int|Float)) .*",
    re.DOTALL,
)


class RequestError(GraphQLError):
    """A refusal before execution that is fit to be shown as it is."""

    def __init__(self, message: str, code: ErrorCode, nodes: Any = None, **extensions: Any) -> None:
        super().__init__(message, nodes, extensions={"code": code, **extensions})


class OperationTimedOut(Exception):
    """The operation ran into its time limit and was stopped."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The operation took longer than {seconds:g} seconds and was stopped. Ask for fewer items or fields. "
            "If it was a mutation, look whether it took effect before you repeat it."
        )


def masked(request_id: str) -> str:
    """The one sentence a caller hears about a bug."""
    return f"Something went wrong on our side. Tell us the request id {request_id} if it happens again."


def fit_to_show(message: str) -> str:
    """The message without "Did you mean ...", which would list names the caller was not meant to learn, and without
    values that were sent: a secret among them would end in the logs of whoever called.
    """
    return _QUOTATION.sub(_ended, _SUGGESTION.sub("", message))[:MAX_MESSAGE]


def _ended(quotation: re.Match[str]) -> str:
    return f"{quotation[1] or quotation[2] or ''}."


def as_request_error(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    """An error of validation or coercion as it is shown. The given error is left alone: it may be cached."""
    if isinstance(error, RequestError):
        return error
    shown = RequestError(fit_to_show(error.message), code, error.nodes)
    shown.locations = error.locations
    return shown


def code_of(refused: Refused) -> ErrorCode:
    """The code of a refusal; bad input for one that is not in the enum."""
    return _known(refused.code) or ErrorCode.BAD_USER_INPUT


def publish(errors: Iterable[GraphQLError], *, request_id: str, operation: str | None) -> list[GraphQLError]:
    """What the caller is told, in the same order, each with a code and the request id. Bugs are logged once a kind."""
    published: list[GraphQLError] = []
    bugs: dict[type[BaseException], list[GraphQLError]] = {}
    for error in errors:
        shown = _shown(error)
        if shown is None:
            bugs.setdefault(type(_cause(error)), []).append(error)
            shown = _located(error, masked(request_id), ErrorCode.INTERNAL)
        published.append(_with_request_id(shown, request_id))
    for alike in bugs.values():
        _log_bug(alike, request_id, operation)
    return published


def formatted(message: str, code: ErrorCode, request_id: str, **extensions: Any) -> dict[str, Any]:
    """An error of the transport, before there is a GraphQL error: `{message, extensions}`."""
    return {"message": message, "extensions": {"code": code, **extensions, "requestId": request_id}}


def _shown(error: GraphQLError) -> GraphQLError | None:
    """The error as the caller may see it, or None for a bug."""
    cause = _cause(error)
    if isinstance(cause, Refused):
        return _located(error, cause.message, code_of(cause), cause, **_told_by(cause))
    if isinstance(cause, OperationTimedOut):
        return _located(error, str(cause), ErrorCode.COST_LIMIT_EXCEEDED, cause)
    if isinstance(cause, MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError):
        return _located(error, _about_operation(cause), ErrorCode.BAD_USER_INPUT, cause)
    if isinstance(cause, GraphQLError):
        code = _code_of(cause, executing=error.path is not None)
        return _located(error, fit_to_show(error.message), code, **_extensions(cause)) if code else None
    return None


def _told_by(refused: Refused) -> dict[str, Any]:
    """What a refusal tells programs beside its code; `retryAfter` is in whole seconds."""
    told: dict[str, Any] = {"inputPath": list(refused.path)} if refused.path else {}
    if isinstance(refused, RateLimited) and refused.retry_after is not None:
        told["retryAfter"] = ceil(refused.retry_after.total_seconds())
    return told


def _code_of(cause: GraphQLError, *, executing: bool) -> ErrorCode | None:
    """The code of an error raised as a GraphQLError; None when the server, not the caller, is at fault."""
    if isinstance(cause, StrawberryInputCoercionError):
        return ErrorCode.BAD_USER_INPUT
    if code := _known((cause.extensions or {}).get("code")):
        return code
    if isinstance(cause, StrawberryGraphQLError):
        return ErrorCode.FORBIDDEN
    if not executing:
        return ErrorCode.GRAPHQL_VALIDATION_FAILED
    # While executing, graphql-core points at an argument or a value when the caller sent a bad one, and at the field
    # when a resolver returned something that does not fit the schema.
    blamed = cause.nodes[0] if cause.nodes else None
    return None if blamed is None or isinstance(blamed, FieldNode) else ErrorCode.BAD_USER_INPUT


def _known(code: Any) -> ErrorCode | None:
    return ErrorCode(code) if code in ErrorCode.__members__ else None


def _cause(error: GraphQLError) -> BaseException:
    """The innermost original error; the error itself when there is none."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _about_operation(cause: Exception) -> str:
    if isinstance(cause, InvalidOperationTypeError):
        kind = cause.operation_type.value
        where = "POST" if kind == "mutation" else "a WebSocket or the event stream at /graphql/stream"
        return f"A {kind} cannot run here. Send it by {where}."
    if isinstance(cause, CannotGetOperationTypeError) and cause.operation_name is not None:
        return f"The document has no operation named {cause.operation_name[:100]!r}."
    return "The document has no operation to run."


def _extensions(cause: GraphQLError) -> dict[str, Any]:
    return {name: value for name, value in (cause.extensions or {}).items() if name != "code"}


def _located(
    error: GraphQLError, message: str, code: ErrorCode, cause: Exception | None = None, **extensions: Any
) -> GraphQLError:
    """A new error at the same place: errors of validation are cached and must not be changed."""
    shown = GraphQLError(message, path=error.path, original_error=cause, extensions={"code": code, **extensions})
    shown.locations = error.locations
    return shown


def _with_request_id(error: GraphQLError, request_id: str) -> GraphQLError:
    error.extensions = {**(error.extensions or {}), "requestId": request_id}
    return error


def _log_bug(alike: list[GraphQLError], request_id: str, operation: str | None) -> None:
    cause = _cause(alike[0])
    log.error(
        "graphql.bug",
        request_id=request_id,
        operation=operation,
        path=alike[0].path,
        count=len(alike),
        exc_info=(type(cause), cause, cause.__traceback__),
    )


def codes(errors: Iterable[GraphQLError]) -> Iterator[str]:
    """The code of each published error."""
    for error in errors:
        yield str((error.extensions or {}).get("code", ErrorCode.INTERNAL))
