"""The graph at /graphql: HTTP GET and POST, and graphql-transport-ws."""

from http import HTTPStatus
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.graphql import reply
from app.graphql.accept import GRAPHQL_RESPONSE, HTML, JSON, negotiate
from app.graphql.call import Transport, request_id_of
from app.graphql.endpoint import Endpoint, Failed, bug_in
from app.graphql.errors import publish
from app.graphql.headers import IndexedRequest
from app.graphql.page import graphiql
from app.graphql.persisted import UnknownDocument, with_document
from app.graphql.request import GraphQLRequest, HttpRefusal, read_request
from app.graphql.websocket import SocketAdapter, SocketContext, SocketHandler
from app.logs import about

OFFERED = (GRAPHQL_RESPONSE, JSON)
ALLOWED = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}


class GraphQLView(GraphQL[Any, None]):
    """An ASGI application for one path."""

    websocket_adapter_class = SocketAdapter
    graphql_transport_ws_handler_class = SocketHandler

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(
            schema=endpoint.schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=endpoint.init_within,
            # Counted by our handler, whose refusal has a code.
            max_subscriptions_per_connection=None,
            allowed_origins=endpoint.allowed_origins,
        )
        self.endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        try:
            response = await self._answer(IndexedRequest(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.endpoint.connections.is_draining:
            await WebSocket(scope, receive, send).close()  # before it is accepted: the handshake fails
            return
        address = self.endpoint.addresses.of(scope)
        try:
            if self.endpoint.streams.enter(address):
                await super().__call__(scope, receive, send)
            else:
                await WebSocket(scope, receive, send).send_denial_response(_too_many())
        finally:
            self.endpoint.streams.leave(address)

    async def _answer(self, request: Request) -> Response:
        request_id = request_id_of(request.headers)
        accept = request.headers.get("accept")
        media_type = negotiate(accept, OFFERED)
        with about(request_id=request_id):
            if self.endpoint.graphiql and _wants_page(request):
                return graphiql()
            try:
                return await self._attempt(request, media_type, request_id)
            except HttpRefusal as refusal:
                return reply.of_refusal(refusal, media_type, request_id)
            except Failed as failed:
                return reply.of_failure(failed, media_type, request_id)

    async def _attempt(self, request: Request, media_type: str | None, request_id: str) -> Response:
        """Raises HttpRefusal or Failed."""
        try:
            if media_type is None:
                raise not_acceptable(OFFERED)
            self.endpoint.origins.check(request.method, request.headers)
            sent = await read_request(request)
            return await self._execute(request, sent, media_type, request_id)
        except (HttpRefusal, Failed, ClientDisconnect):
            raise
        except Exception as error:
            raise Failed(bug_in("view", request_id)) from error

    async def _execute(self, request: Request, sent: GraphQLRequest, media_type: str, request_id: str) -> Response:
        try:
            sent = await with_document(sent, self.endpoint.documents)
        except UnknownDocument as unknown:
            result = _not_executed(unknown, request_id)
            return reply.of_result(result, media_type, request_id, MutableHeaders())
        session = await self.endpoint.session_of(request, {}, request_id)
        call, context = await self.endpoint.context_of(session, request, Transport.HTTP, request_id)
        try:
            result = await self.schema.execute(
                sent.query,
                variable_values=sent.variables,
                context_value=context,
                operation_name=sent.operation_name,
                allowed_operation_types=ALLOWED[request.method],
                operation_extensions=sent.extensions,
            )
        except (CannotGetOperationTypeError, InvalidOperationTypeError, MissingQueryError) as error:
            result = _not_executed(error, request_id)
        return reply.of_result(result, media_type, request_id, call.headers)

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Any:
        """The context of a WebSocket connection; operations over HTTP never ask here."""
        if not isinstance(request, WebSocket):
            raise TypeError("Only WebSockets have a context of the connection.")
        return SocketContext(socket=request, request_id=request_id_of(request.headers))

    async def on_ws_connect(self, context: Any) -> dict[str, object] | None:
        return await context.admit() if context.admit else None


def not_acceptable(offered: tuple[str, ...]) -> HttpRefusal:
    """The refusal when no offered media type is accepted."""
    return HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, f"This address answers with {' or '.join(offered)} only.")


def _not_executed(error: Exception, request_id: str) -> ExecutionResult:
    """The result when the document, or the operation to run, could not be told: both come as exceptions."""
    shown = error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error)
    return PreExecutionError(data=None, errors=publish([shown], request_id=request_id, operation=None))


def _too_many() -> Response:
    return PlainTextResponse("Your address has too many open streams. Close one.\n", 429, {"retry-after": "5"})


def _wants_page(request: Request) -> bool:
    """Whether a browser asks for the page, not a client for data."""
    is_page = request.method == "GET" and "query" not in request.query_params
    return is_page and negotiate(request.headers.get("accept", JSON), (*OFFERED, HTML)) == HTML
