"""Subscriptions as server-sent events at /graphql/stream, for clients without WebSockets: GraphQL over SSE, distinct
connections mode. A request that cannot be read is refused in JSON; everything later is told in the stream. Ids are
cursors: each message of a feed has one, and blocks without data, which clients do not show, tell where it stands.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send
from strawberry.types.graphql import OperationType

from app.graphql import reply
from app.graphql.accept import EVENT_STREAM, JSON, negotiate
from app.graphql.admission import no_cost
from app.graphql.call import Call, Session, Transport, request_id_of
from app.graphql.connections import FORBIDDEN, OpenConnection, TooManyConnections
from app.graphql.endpoint import Endpoint, Failed, bug_in
from app.graphql.errors import ErrorCode, formatted, masked
from app.graphql.persisted import UnknownDocument, with_document
from app.graphql.request import GraphQLRequest, HttpRefusal, read_request
from app.graphql.view import not_acceptable
from app.graphql.websocket import EXPIRED
from app.http.answer_headers import NOTHING_LOADS
from app.logs import about
from resolvers.feed import LiveFeed

log = structlog.get_logger(__name__)

ALLOWED = {
    "GET": {OperationType.QUERY, OperationType.SUBSCRIPTION},
    "POST": {OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION},
}
HEADERS = {
    NOTHING_LOADS[0].decode(): NOTHING_LOADS[1].decode(),
    "content-type": f"{EVENT_STREAM}; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",  # asks nginx to pass events on at once
}
# Browsers only tell listeners of an event that has a data field.
COMPLETE = b"event: complete\ndata:\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


class EventStream:
    """The frames of one operation. `stop` ends them from outside with a last word."""

    def __init__(self, results: AsyncGenerator[Any, None], *, request_id: str, keep_alive_every: timedelta) -> None:
        self._results = results
        self._request_id = request_id
        self._keep_alive_every = keep_alive_every.total_seconds()
        # One frame at a time: a client that reads slowly slows the operation down, nothing piles up here.
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=1)
        self._pumping: asyncio.Task[None] | None = None
        self._last_word = b""
        self._feed: LiveFeed | None = None
        self._told: str | None = None

    def begin(self, feed: LiveFeed) -> None:
        """The operation follows this feed, and it is settled where it begins: the client is told at once."""
        self._feed = feed
        self._frames.put_nowait(self._place())  # nothing was read of the feed yet, so there is room

    def stop(self, last_word: bytes = b"") -> None:
        """Cancels the operation; a frame that is still waiting is not sent any more."""
        if self._pumping:
            self._pumping.cancel()
        if self._frames.empty():
            last_word = self._place() + last_word
        else:
            self._frames.get_nowait()  # its message comes again to a client that goes on from the one before
        self._last_word = last_word
        self._frames.put_nowait(None)

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """Cancelling this, as a client's leaving does, cancels the operation."""
        self._pumping = asyncio.create_task(self._pump())
        try:
            while (frame := await self._next()) is not None:
                yield frame
            yield self._last_word
        finally:
            self._pumping.cancel()
            with suppress(asyncio.CancelledError):
                await self._pumping

    async def _next(self) -> bytes | None:
        """The next frame, a keep-alive comment when there is none for a while, None at the end."""
        try:
            return await asyncio.wait_for(self._frames.get(), self._keep_alive_every)
        except TimeoutError:
            # A frame that came at the last moment must go before the place behind it.
            return (self._place() if self._frames.empty() else b"") or KEEP_ALIVE

    def _place(self) -> bytes:
        """Tells where the feed stands, in a way that clients do not show; nothing when they know."""
        cursor = self._feed.place() if self._feed else None
        if cursor is None or cursor == self._told:
            return b""
        self._told = cursor
        return b"id: %b\n\n" % cursor.encode()

    async def _pump(self) -> None:
        # The whole operation runs in this one task: what it opens it also closes here.
        try:
            async with aclosing(self._results):
                async for result in self._results:
                    cursor = self._feed.latest if self._feed else None
                    await self._frames.put(next_event(reply.body_of(result), cursor))
        except Exception:  # a bug: told masked, and logged
            log.exception("sse.bug", request_id=self._request_id)
            await self._frames.put(error_event(masked(self._request_id), ErrorCode.INTERNAL, self._request_id))
        await self._frames.put(COMPLETE)
        await self._frames.put(None)


class StreamView:
    """An ASGI application for one path."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request_id = request_id_of(request.headers)
        with about(request_id=request_id), suppress(ClientDisconnect):
            try:
                with self._counted(scope):
                    session, stream = await self._prepare(request, request_id)
                    with self._admitted(session, stream, request_id):
                        await self._response(stream, request_id)(scope, receive, send)
            except HttpRefusal as refusal:
                await reply.of_refusal(refusal, JSON, request_id)(scope, receive, send)
            except Failed as failed:
                await reply.of_failure(failed, JSON, request_id)(scope, receive, send)

    @contextmanager
    def _counted(self, scope: Scope) -> Iterator[None]:
        """Counts the stream for its address while it is open. Raises HttpRefusal."""
        address = self.endpoint.addresses.of(scope)
        try:
            if not self.endpoint.streams.enter(address):
                message = "Your address has too many open streams. Close one."
                raise HttpRefusal(HTTPStatus.TOO_MANY_REQUESTS, message, ErrorCode.RATE_LIMITED, {"retry-after": "5"})
            yield
        finally:
            self.endpoint.streams.leave(address)

    async def _prepare(self, request: Request, request_id: str) -> tuple[Session, EventStream]:
        """Raises HttpRefusal or Failed."""
        try:
            sent = await self._read(request)
            session = await self.endpoint.session_of(request, {}, request_id)
            call, results = await self._results(request, sent, session, request_id)
        except (HttpRefusal, Failed, ClientDisconnect):
            raise
        except Exception as error:  # a bug: told masked, and logged
            raise Failed(bug_in("stream", request_id)) from error
        every = self.endpoint.keep_alive_every
        stream = EventStream(results, request_id=request_id, keep_alive_every=every)
        call.when_begun = stream.begin
        return session, stream

    async def _read(self, request: Request) -> GraphQLRequest:
        if self.endpoint.connections.is_draining:
            message = "The server restarts. Try again soon."
            raise HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, message, headers={"retry-after": "5"})
        if negotiate(request.headers.get("accept"), (EVENT_STREAM,)) is None:
            raise not_acceptable((EVENT_STREAM,))
        self.endpoint.origins.check(request.method, request.headers)
        try:
            return await with_document(await read_request(request), self.endpoint.documents)
        except UnknownDocument as unknown:
            code = ErrorCode.PERSISTED_QUERY_NOT_FOUND
            raise HttpRefusal(HTTPStatus.BAD_REQUEST, unknown.message, code) from unknown

    async def _results(
        self, request: Request, sent: GraphQLRequest, session: Session, request_id: str
    ) -> tuple[Call, AsyncGenerator[Any, None]]:
        call, context = await self.endpoint.context_of(session, request, Transport.SSE, request_id)
        call.resume_after = request.headers.get("last-event-id")
        results = await self.endpoint.schema.stream(
            sent.query,
            variable_values=sent.variables,
            context_value=context,
            operation_name=sent.operation_name,
            operation_extensions=sent.extensions,
            allowed_operation_types=ALLOWED[request.method],
        )
        return call, results

    @contextmanager
    def _admitted(self, session: Session, stream: EventStream, request_id: str) -> Iterator[None]:
        """Counts the stream while it is open and ends it when the session does. Raises HttpRefusal."""

        def told(reason: str) -> bytes:
            return error_event(reason, ErrorCode.UNAUTHENTICATED, request_id) + COMPLETE

        async def close(code: int, reason: str) -> None:
            # Without a `complete` event clients connect again, which is what they shall do after a restart.
            stream.stop(told(reason) if code == FORBIDDEN else b"")

        entry = OpenConnection(session.principal, Transport.SSE, close, session.subject, session.tenants)
        try:
            self.endpoint.connections.add(entry)
        except TooManyConnections as error:
            code, headers = ErrorCode.RATE_LIMITED, {"retry-after": "5"}
            raise HttpRefusal(HTTPStatus.TOO_MANY_REQUESTS, str(error), code, headers) from error
        expiry = None
        if session.expires_at is not None:
            seconds = max(0.0, (session.expires_at - datetime.now(UTC)).total_seconds())
            expiry = asyncio.get_running_loop().call_later(seconds, stream.stop, told(EXPIRED))
        try:
            yield
        finally:
            self.endpoint.connections.remove(entry)
            if expiry:
                expiry.cancel()

    def _response(self, stream: EventStream, request_id: str) -> Response:
        hint = f"retry: {self.endpoint.connections.reconnect_delay_ms()}\n\n".encode()

        async def body() -> AsyncIterator[bytes]:
            yield hint
            async with aclosing(stream.frames()) as frames:
                async for frame in frames:
                    yield frame

        return StreamingResponse(body(), headers={**HEADERS, "x-request-id": request_id})


def next_event(body: dict[str, Any], cursor: str | None = None) -> bytes:
    """A `next` event, with the cursor behind it. JSON of orjson has no line breaks, so it fits one data field."""
    if cursor is None:
        return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
    body["extensions"] = {**(body.get("extensions") or {}), "cursor": cursor}
    return b"event: next\nid: " + cursor.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


def error_event(message: str, code: ErrorCode, request_id: str) -> bytes:
    """A `next` event that tells of an error of the transport."""
    return next_event({"errors": [formatted(message, code, request_id)], "extensions": {"cost": no_cost()}})
