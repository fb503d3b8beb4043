"""The way into a Slack workspace, with a bot token. Slack says with a good status that something went wrong."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from connectors.reading.listing import Answer, Arguments, Operation, Place
from connectors.reading.source import Identity, Reach
from connectors.rest.client import RestClient, Vendor, open_http, plan_missing, retry_after, translate
from connectors.rest.paging import Reply, Request, body_token
from domain.endpoint import check_endpoint
from domain.errors import (
    CredentialsRejected,
    Misshapen,
    PermissionMissing,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)
from domain.facts.credentials import SlackCredentials

BASE_URL = "https://slack.com/api"
NAME = "Slack"
TEST = Operation(name="auth.test", service="auth.test", permissions=(), request="GET /auth.test")
# Sources: the error lists of auth.test, users.list, conversations.info and team.integrationLogs in Slack's reference.
REJECTED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission_for_workspace"}
)
NOT_PERMITTED = frozenset({"missing_scope", "access_denied", "no_permission", "not_allowed_token_type", "not_admin"})
OTHER_PLAN = frozenset({"paid_only", "paid_teams_only", "team_access_not_granted", "enterprise_is_restricted"})
THROTTLED = frozenset({"ratelimited", "rate_limited"})
FAILED = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class SlackSource:
    """Reads one workspace."""

    def __init__(self, client: RestClient, endpoint: str) -> None:
        self._client, self.endpoint = client, endpoint

    async def identity(self) -> Identity:
        """The workspace. Source: Slack Web API, auth.test, which needs no scope."""
        async for answer in self._client.pages(TEST, {}):
            if answer.get("team_id"):
                return Identity(answer["team_id"], answer.get("team") or answer["team_id"], answer.get("user") or "bot")
        raise Misshapen(f"{self.endpoint} does not answer the way Slack does.", service=TEST.service)

    async def regions(self) -> tuple[str, ...]:
        return ()

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The answers of an operation. Lists go on by a cursor, one of them by number."""
        return self._client.pages(operation, arguments, numbered if operation.options.get("is_numbered") else None)


def numbered(request: Request, reply: Reply) -> Request | None:
    """Pages by number. Source: team.integrationLogs."""
    paging = reply.body.get("paging") or {}
    page, pages = int(paging.get("page") or 1), int(paging.get("pages") or 1)
    return replace(request, query={**request.query, "page": page + 1}) if page < pages else None


def fault(reply: Reply, operation: Operation) -> ProviderError | None:
    """What an answer with "ok": false means; None for a good one."""
    body = reply.body
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool):
        return Misshapen(f"Slack does not answer {operation.name} the way it should.", service=operation.service)
    return None if body["ok"] else _meaning(str(body.get("error") or "unknown"), reply, operation)


def _meaning(error: str, reply: Reply, operation: Operation) -> ProviderError:
    service = operation.service
    if error in REJECTED:
        return CredentialsRejected(f"Slack rejects the token ({error}).", service=service)
    if error in NOT_PERMITTED:
        scope = str(reply.body.get("needed") or ", ".join(operation.permissions))
        message = f"Slack does not allow {operation.name} ({error}): the scope {scope} is missing."
        return PermissionMissing(message, service=service, permission=scope)
    if error in OTHER_PLAN:
        return plan_missing(operation, NAME)
    if error in THROTTLED:
        message = f"Slack asks for fewer calls of {operation.name}."
        return Throttled(message, service=service, retry_after=retry_after(reply))
    if error in FAILED:
        return Unavailable(f"Slack failed at {operation.name} ({error}).", service=service)
    return Rejected(f"Slack refuses {operation.name} ({error}).", service=service)


@asynccontextmanager
async def open_source(credentials: SlackCredentials, reach: Reach) -> AsyncIterator[SlackSource]:
    """Raises Invalid for an address that may not be used."""
    base = check_endpoint(credentials.endpoint_url or BASE_URL, reach.allow_private_endpoint)
    headers = {"authorization": f"Bearer {credentials.token.get_secret_value()}"}

    async def authorize() -> Mapping[str, str]:
        return headers

    vendor = Vendor(
        name=NAME,
        base_url=base,
        next_page=body_token("response_metadata.next_cursor", "cursor"),
        authorize=authorize,
        fault=fault,
    )
    async with open_http(reach.allow_private_endpoint) as http:
        yield SlackSource(RestClient(http, reach.guard(translate), vendor), base)
