"""The address that providers send to: found, bounded, proven, stored, and only then acknowledged.

Neither bodies nor query strings are logged: a query may hold the secret of an endpoint.
"""

import asyncio
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.graphql.call import request_id_of
from app.http.client_address import ClientAddresses, bucket_of
from app.intake.answers import answer, refusal
from app.intake.body import bounded_body
from app.intake.call import Called, Proving, called, incoming_of
from app.intake.counts import IntakeCounts
from app.intake.limits import IntakeLimits
from app.intake.storing import IntakeStore
from app.logs import about
from app.metrics import INTAKE_EVENTS, INTAKE_REQUESTS, INTAKE_SECONDS
from connectors.intake.receiver import Refusal, Surroundings, Taken
from documents.intake_endpoint import confirm_endpoint
from documents.vault import SecretLost, VaultUnavailable
from domain.errors import ProviderError, RateLimited

log = structlog.get_logger(__name__)

PATH = "/events/{provider}/{endpoint_id}"
# No way takes more; ways themselves take less.
MOST_BYTES = 16 * 1024 * 1024
METHODS = frozenset({"GET", "OPTIONS", "POST"})
# Slack and Okta wait three seconds, GitHub ten; a body may take as long as that to come.
BODY_WITHIN = timedelta(seconds=10)
STORED_WITHIN = timedelta(seconds=10)
# What may be over in a moment: the provider tries again.
_LATER = (VaultUnavailable, SecretLost, ProviderError, PyMongoError, OSError, TimeoutError)


@dataclass(frozen=True, kw_only=True)
class IntakeParts:
    """What the intake is made of. `surroundings` gives ways the clock and where to find keys."""

    proving: Proving
    store: IntakeStore
    limits: IntakeLimits
    counts: IntakeCounts
    addresses: ClientAddresses
    surroundings: Callable[[datetime], Surroundings]
    now: Callable[[], datetime]
    public_url: str


class Intake:
    """An ASGI application for one path."""

    def __init__(self, parts: IntakeParts) -> None:
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request_id = request_id_of(request.headers)
        with about(request_id=request_id):
            response = await self._answered(request)
        response.headers["x-request-id"] = request_id
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        started = time.perf_counter()
        way, outcome, response = "none", "refused", refusal(404)
        try:
            call = await self._admitted(request)
            way = call.endpoint.way.value
            outcome, response = await self._taken(call, request)
        except Refusal as refused:
            outcome, response = _outcome(refused.status), refusal(refused.status)
        except RateLimited as limited:
            outcome, response = "limited", refusal(429, limited.retry_after)
        except ClientDisconnect:
            outcome, response = "left", refusal(400)
        except _LATER as error:
            outcome, response = "unavailable", refusal(503)
            log.warning("intake.unavailable", way=way, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a bug is told without its message, which may hold what was sent
            outcome, response = "broken", refusal(500)
            log.error("intake.broken", way=way, error=type(error).__name__, trace=_places(error))  # noqa: TRY400 - the same
        INTAKE_REQUESTS.labels(way, outcome).inc()
        INTAKE_SECONDS.labels(way).observe(time.perf_counter() - started)
        return response

    async def _admitted(self, request: Request) -> Called:
        limits, address = self._parts.limits, self._address(request)
        if request.method not in METHODS:
            raise Refusal(405, "the method is not taken")
        limits.admit(address)
        try:
            call = await called(request.path_params["provider"], request.path_params["endpoint_id"])
        except Refusal:
            limits.was_lost(address)
            raise
        await limits.admit_to(call.id, address)
        return call

    async def _taken(self, call: Called, request: Request) -> tuple[str, Response]:
        parts, now = self._parts, self._parts.now()
        try:
            taken = await self._proven(call, request, now)
            async with asyncio.timeout(STORED_WITHIN.total_seconds()):
                await self._stored(call, taken, now)
        except Refusal as refused:
            parts.counts.refused(call.id, refused.reason, now)
            log.info("intake.refused", **_told(call), status=refused.status, reason=refused.reason)
            parts.limits.was_refused(call.id, self._address(request))
            raise
        return "taken" if taken.messages else "answered", answer(taken)

    def _address(self, request: Request) -> str:
        return bucket_of(self._parts.addresses.of(request.scope))

    async def _proven(self, call: Called, request: Request, now: datetime) -> Taken:
        body = b""
        if request.method == "POST":
            try:
                async with asyncio.timeout(BODY_WITHIN.total_seconds()):
                    body = await bounded_body(request, min(call.receiver.most_bytes, MOST_BYTES))
            except TimeoutError:
                raise Refusal(408, "the body came too slowly") from None
        incoming = incoming_of(request, body, self._parts.public_url)
        async with asyncio.timeout(STORED_WITHIN.total_seconds()):
            return await self._parts.proving.proven(call, incoming, self._parts.surroundings(now))

    async def _stored(self, call: Called, taken: Taken, now: datetime) -> None:
        """Whatever the answer says, it is said when all of this is committed."""
        if taken.messages:
            await self._parts.store.keep(call.endpoint, taken.messages)
            self._parts.counts.received(call.id, len(taken.messages), now)
            INTAKE_EVENTS.labels(call.endpoint.way.value).inc(len(taken.messages))
            log.info("intake.taken", **_told(call), events=len(taken.messages))
        if taken.is_confirmed and call.endpoint.confirmed_at is None:
            await confirm_endpoint(call.id, now)


def _told(call: Called) -> dict[str, str]:
    endpoint = call.endpoint
    return {"way": endpoint.way.value, "endpoint_id": str(call.id), "organization_id": str(endpoint.org_id)}


def _outcome(status: int) -> str:
    return {404: "lost", 413: "too_large"}.get(status, "refused")


def _places(error: Exception) -> list[str]:
    """Where it went wrong, innermost last."""
    return [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-8:]]
