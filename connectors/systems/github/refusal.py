"""What GitHub means by its refusals: limits, permissions and plans come with the same statuses.

Sources: docs.github.com, "Rate limits for the REST API", "Troubleshooting the REST API", "Rate limits and query limits
for the GraphQL API".
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx2

from connectors.reading.listing import Operation
from connectors.rest.client import detail, permission_missing, plan_missing, retry_after
from connectors.rest.paging import Reply
from connectors.systems.github import calls
from domain.errors import Misshapen, PermissionMissing, ProviderError, Throttled

NAME = "GitHub"
LIMITED = frozenset({httpx2.codes.FORBIDDEN, httpx2.codes.TOO_MANY_REQUESTS})
HIDDEN = frozenset({httpx2.codes.FORBIDDEN, httpx2.codes.NOT_FOUND})
# Without a time of its own a secondary limit lasts at least a minute.
SECONDARY, A_MINUTE = "secondary rate limit", timedelta(minutes=1)
# How a message tells a plan or a setting from a permission.
PLAN_WORDS = ("upgrade to ", "must be enabled", "is disabled", "are disabled", "not enabled", "is not available")
OWNERS_ONLY = "organization owner"
NOT_ALLOWED = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"})


def refusal(now: Callable[[], datetime]) -> Callable[[Reply, Operation], ProviderError | None]:
    """The meaning of an answer that is no good; None for the usual meaning of its status."""

    def meaning(reply: Reply, operation: Operation) -> ProviderError | None:
        wait = wait_of(reply, now()) if reply.status in LIMITED else None
        if wait is not None:
            return throttled(operation, wait)
        if str(reply.status) in operation.off:
            return plan_missing(operation, NAME)
        if reply.status == httpx2.codes.FORBIDDEN and _speaks_of_a_plan(reply):
            return plan_missing(operation, NAME)
        if reply.status in HIDDEN:
            return not_allowed(reply, operation)
        if reply.status == httpx2.codes.UNPROCESSABLE_CONTENT and operation.options.get("owners_only"):
            return _needs(OWNERS_ONLY, operation)
        return None

    return meaning


def fault(reply: Reply, operation: Operation) -> ProviderError | None:
    """What is wrong with an answer of a good status: errors of a query, or fields that only some are shown."""
    body = reply.body
    if operation.service == calls.GRAPHQL:
        return _query_fault(body, operation)
    shown = operation.options.get("shows")
    if shown and isinstance(body, dict) and "id" in body and shown not in body:
        return permission_missing(operation, NAME)
    if body is None and not operation.options.get("is_empty"):
        return Misshapen(f"{NAME} answers {operation.name} with nothing.", service=operation.service)
    return None


def is_not_set(reply: Reply, operation: Operation) -> bool:
    """Whether GitHub says that the thing is not there, and does not merely hide it."""
    words = operation.options.get(calls.NOT_SET, {}).get(str(reply.status), ())
    return any(word in detail(reply).lower() for word in words)


def wait_of(reply: Reply, now: datetime) -> timedelta | None:
    """How long a limit lasts; None for a refusal that is none."""
    named = retry_after(reply)
    if named is not None:
        return named
    reset = reply.headers.get("x-ratelimit-reset", "")
    if reply.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(timedelta(seconds=int(reset) - now.timestamp()), timedelta())
    is_limit = SECONDARY in detail(reply).lower() or reply.status == httpx2.codes.TOO_MANY_REQUESTS
    return A_MINUTE if is_limit else None


def throttled(operation: Operation, wait: timedelta) -> Throttled:
    """A limit that lasts so long."""
    message = f"{NAME} asks for fewer calls of {operation.name}."
    return Throttled(message, service=operation.service, retry_after=wait)


def not_allowed(reply: Reply, operation: Operation) -> PermissionMissing:
    """GitHub names what it would accept; a 404 without that hides the thing from who may not see it."""
    accepted = reply.headers.get("x-accepted-github-permissions", "").strip()
    return _needs(accepted, operation) if accepted else permission_missing(operation, NAME)


def _needs(permission: str, operation: Operation) -> PermissionMissing:
    message = f"{NAME} does not allow {operation.name}: the permission {permission} is missing."
    return PermissionMissing(message, service=operation.service, permission=permission)


def _speaks_of_a_plan(reply: Reply) -> bool:
    said = detail(reply).lower()
    return any(words in said for words in PLAN_WORDS)


def _query_fault(body: Any, operation: Operation) -> ProviderError | None:
    errors = body.get("errors") if isinstance(body, dict) else None
    if errors:
        kinds = {one.get("type") for one in errors if isinstance(one, dict)}
        if "RATE_LIMITED" in kinds:
            return throttled(operation, A_MINUTE)
        if kinds & NOT_ALLOWED:
            return permission_missing(operation, NAME)
        said = detail(Reply(status=httpx2.codes.OK, headers={}, body=errors[0]))
        return ProviderError(f"{NAME} refuses {operation.name}: {said}", service=operation.service)
    if not isinstance(body, dict) or not isinstance(body.get("data"), dict):
        return Misshapen(f"{NAME} does not answer {operation.name} with data.", service=operation.service)
    return None
