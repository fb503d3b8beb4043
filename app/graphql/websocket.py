"""graphql-transport-ws, made strict: every frame is checked, each operation has its own context, streams end in time.

Protocol: github.com/enisdenjo/graphql-ws, PROTOCOL.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from starlette.websockets import WebSocketDisconnected as AlreadyClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    CompleteMessage,
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from app.graphql.call import Session, Transport, new_request_id
from app.graphql.connections import (
    FORBIDDEN,
    INTERNAL_ERROR,
    SERVICE_RESTART,
    TOO_MANY,
    OpenConnection,
    TooManyConnections,
)
from app.graphql.endpoint import Endpoint, Failed
from app.graphql.errors import ErrorCode, formatted, masked
from app.graphql.execution import Document
from app.graphql.fanout import Line
from app.graphql.frames import EXTENSION
from app.graphql.request import HttpRefusal, parse_parameters
from app.logs import about

log = structlog.get_logger(__name__)

# RFC 6455, section 5.5: a close frame carries 125 bytes, two of them the code.
MAX_REASON = 123
# A client that does not read cannot be told goodbye; the server's pings end its connection a little later.
CLOSE_WITHIN = 2.0
EXPIRED = "The access token has expired. Connect again with a new one."


class CloseSocket(Exception):
    """Ends the connection with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True)
class SocketContext:
    """What a connection knows before and after it is accepted. Operations get contexts of their own."""

    socket: WebSocket
    request_id: str
    connection_params: Mapping[str, Any] = field(default_factory=dict)
    admit: Callable[[], Awaitable[dict[str, object]]] | None = None


class SocketAdapter(ASGIWebSocketAdapter):
    """Sends text frames, and takes closing twice or sending after the end calmly."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        text = orjson.dumps(message).decode()
        try:
            await self.ws.send_text(text)
        except (WebSocketDisconnect, AlreadyClosed) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, AlreadyClosed):
                await self.ws.close(code, reason.encode()[:MAX_REASON].decode(errors="ignore"))


class SocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One connection. The view it gets has an `endpoint`, the context is a SocketContext."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._endpoint: Endpoint = self.view.endpoint  # type: ignore[attr-defined]  # ours, see the view
        self._connection: SocketContext = self.context
        self._connection.admit = self._admit
        self._session: Session | None = None
        self._entry: OpenConnection | None = None
        self._expiry: asyncio.Task[None] | None = None
        self._places: asyncio.Task[None] | None = None
        self._lines: dict[str, Line] = {}

    async def handle(self) -> None:
        try:
            await super().handle()
        except Exception:  # a bug: told masked, and logged
            log.exception("websocket.bug", request_id=self._connection.request_id)
            await self.websocket.close(INTERNAL_ERROR, masked(self._connection.request_id))

    async def shutdown(self) -> None:
        for task in (self._expiry, self._places):
            if task:
                task.cancel()
        if self._entry:
            self._endpoint.connections.remove(self._entry)
        await super().shutdown()

    async def end(self, code: int, reason: str) -> None:
        """Stops all operations at once, then closes the socket. Who may come back is told where to go on."""
        lines = list(self._lines.values())
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        with suppress(TimeoutError, WebSocketDisconnected):
            async with asyncio.timeout(CLOSE_WITHIN):
                if code == SERVICE_RESTART or reason == EXPIRED:
                    await self._tell_places(lines)
                await self.websocket.close(code, reason)

    async def _tell_places(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if ping := line.place():
                await self.websocket.send_json(ping)

    async def _keep_telling_places(self) -> None:
        """So that a client of a quiet feed need not go back far when the connection breaks without a word."""
        while True:
            await asyncio.sleep(self._endpoint.places_every.total_seconds())
            with suppress(WebSocketDisconnected):
                await self._tell_places(list(self._lines.values()))

    async def handle_message(self, message: Any) -> None:
        problem = problem_with(message)
        if problem is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(problem)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if message.get("payload") is None:
            message = {"type": "connection_init"}
        try:
            await super().handle_connection_init(message)
        except CloseSocket as close:
            await self.websocket.close(close.code, close.reason)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        limit = self._endpoint.operations_per_connection
        if self.connection_acknowledged and message["id"] not in self.operations and len(self.operations) >= limit:
            text = f"This connection runs {limit} operations already. Complete one before you start another."
            error = formatted(text, ErrorCode.RATE_LIMITED, self._connection.request_id)
            await self.send_message(cast("Message", {"id": message["id"], "type": "error", "payload": [error]}))
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Any, None]) -> None:
        request_id = new_request_id()
        with about(request_id=request_id):
            try:
                await self._run(operation, request_id)
            except Failed as failed:
                await self._fail(operation, failed.error)
            except WebSocketDisconnected:
                pass
            except Exception:  # a bug: told masked, and logged
                log.exception("websocket.operation_bug", request_id=request_id)
                await self._fail(operation, formatted(masked(request_id), ErrorCode.INTERNAL, request_id))

    async def cleanup_operation(self, operation_id: str) -> None:
        if line := self._lines.pop(operation_id, None):
            line.close()  # the task ends a little later
        await super().cleanup_operation(operation_id)

    def forget_id(self, id: str) -> None:
        self._lines.pop(id, None)
        self.operations.pop(id, None)

    @staticmethod
    def _get_pre_execution_close_reason(error: GraphQLError) -> str | None:
        """Never: a document that does not parse is an error of its operation, not of the connection."""
        return None

    async def _run(self, operation: Operation[Any, None], request_id: str) -> None:
        if self._session is None:
            raise RuntimeError("An operation cannot start before the connection was accepted.")
        call, context = await self._endpoint.context_of(
            self._session, self._connection.socket, Transport.WEBSOCKET, request_id
        )
        call.delivery = self._line(operation)
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.operation_name,
        )
        async with aclosing(results):
            await self._send_result_stream(operation, results)
        await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))

    def _line(self, operation: Operation[Any, None]) -> Line | None:
        """How feeds are delivered where the server can write ready frames; elsewhere results are sent one by one."""
        frames = self._connection.socket.scope.get("extensions", {}).get(EXTENSION)
        if frames is None:
            return None
        document = Document(operation.query, operation.variables or {}, operation.operation_name)
        tenants = self._session.tenants if self._session else frozenset()
        line = Line(self._endpoint.fanout, self._endpoint.schema, document, frames, operation.id, tenants)
        self._lines[operation.id] = line
        if self._places is None:
            self._places = asyncio.create_task(self._keep_telling_places())
        return line

    async def _fail(self, operation: Operation[Any, None], error: dict[str, Any]) -> None:
        message = cast("Message", {"id": operation.id, "type": "error", "payload": [error]})
        with suppress(WebSocketDisconnected):
            await operation.send_operation_message(message)

    async def _admit(self) -> dict[str, object]:
        """Authenticates and counts the connection; returns the payload of the ack. Raises CloseSocket."""
        connection, connections = self._connection, self._endpoint.connections
        try:
            session = await self._endpoint.session_of(
                connection.socket, connection.connection_params, connection.request_id
            )
        except Failed as failed:
            code = INTERNAL_ERROR if failed.code is ErrorCode.INTERNAL else FORBIDDEN
            raise CloseSocket(code, failed.error["message"]) from failed
        entry = OpenConnection(session.principal, Transport.WEBSOCKET, self.end, session.subject, session.tenants)
        try:
            connections.add(entry)
        except TooManyConnections as error:
            raise CloseSocket(TOO_MANY, str(error)) from error
        self._session, self._entry = session, entry
        if session.expires_at is not None:
            self._expiry = asyncio.create_task(self._expire(session.expires_at))
        return {"reconnectDelayMs": connections.reconnect_delay_ms()}

    async def _expire(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))
        await self.end(FORBIDDEN, EXPIRED)


def problem_with(message: object) -> str | None:
    """Why a frame is no message of the protocol; None when it may be one."""
    if not isinstance(message, dict):
        return "A message must be a JSON object."
    kind = message.get("type")
    if not isinstance(kind, str):
        return "A message needs a type."
    if kind in {"subscribe", "complete"} and not (isinstance(message.get("id"), str) and message["id"]):
        return f"A {kind} message needs an id: a string that is not empty."
    if kind != "subscribe":
        return None
    try:
        sent = parse_parameters(message.get("payload"))
    except HttpRefusal as refusal:
        return refusal.message
    return None if sent.query else "A subscribe message needs a query."
