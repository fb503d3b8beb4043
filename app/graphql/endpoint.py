"""What the transports of the graph share: the schema, the application's hooks, the budget and the open connections."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from starlette.requests import HTTPConnection

from app.graphql.budget import CostBudget, Unlimited
from app.graphql.call import Call, Session, Transport
from app.graphql.connections import Connections
from app.graphql.errors import ErrorCode, OperationTimedOut, code_of, formatted, masked
from app.graphql.fanout import Fanout
from app.graphql.origin import Origins
from app.graphql.persisted import Documents, NoDocuments
from app.graphql.schema import Schema
from app.http.client_address import ClientAddresses
from app.http.peers import Peers
from domain.errors import Refused

log = structlog.get_logger(__name__)

Authenticate = Callable[[HTTPConnection, Mapping[str, Any]], Awaitable[Session]]
MakeContext = Callable[[Call], Awaitable[Any]]


class Failed(Exception):
    """The application's hooks refused or broke; `error` is the formatted error for the caller."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error
        self.code = ErrorCode(error["extensions"]["code"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`authenticate` gets the HTTP request or WebSocket and the payload of connection_init (empty on HTTP); it returns
    a session, anonymous ones included, or raises Refused for a bad credential. `make_context` is called once per
    operation and returns the context for resolvers, which keeps the call as its attribute `call`. What of it may take
    long, they hold to the time limit of operations themselves: to start a timer costs more than a remembered answer.
    """

    schema: Schema
    authenticate: Authenticate
    make_context: MakeContext
    budget: CostBudget = field(default_factory=Unlimited)
    connections: Connections = field(default_factory=Connections)
    fanout: Fanout = field(default_factory=Fanout)
    documents: Documents = field(default_factory=NoDocuments)
    may_introspect: Callable[[Session], bool] = lambda _: False
    allowed_origins: tuple[str, ...] = ()
    # Who calls, and how many streaming connections of an address are open, those not yet initialised included.
    addresses: ClientAddresses = field(default_factory=ClientAddresses)
    streams: Peers = field(default_factory=lambda: Peers(per_address=1000, in_all=20_000))
    # For development: the page loads its scripts from unpkg.com, so it needs the internet and must stay off elsewhere.
    graphiql: bool = False
    init_within: timedelta = timedelta(seconds=10)
    operations_per_connection: int = 20
    keep_alive_every: timedelta = timedelta(seconds=15)
    # How often clients on a WebSocket are told where their feeds stand when these have moved on without a message.
    places_every: timedelta = timedelta(seconds=60)
    origins: Origins = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", Origins(self.allowed_origins))

    async def session_of(self, connection: HTTPConnection, payload: Mapping[str, Any], request_id: str) -> Session:
        """Who is calling. Raises Failed."""
        try:
            return await self.authenticate(connection, payload)
        except OperationTimedOut as error:
            raise Failed(formatted(str(error), ErrorCode.COST_LIMIT_EXCEEDED, request_id)) from error
        except Refused as refused:
            raise Failed(_refused(refused, request_id)) from refused
        except Exception as error:  # a bug: told masked, and logged
            raise Failed(bug_in("authenticate", request_id)) from error

    async def context_of(
        self, session: Session, connection: HTTPConnection, transport: Transport, request_id: str
    ) -> tuple[Call, Any]:
        """A call and its context. Raises Failed."""
        call = Call(
            request_id=request_id,
            transport=transport,
            session=session,
            connection=connection,
            budget=self.budget,
            may_introspect=self.may_introspect,
        )
        try:
            return call, await self.make_context(call)
        except OperationTimedOut as error:
            raise Failed(formatted(str(error), ErrorCode.COST_LIMIT_EXCEEDED, request_id)) from error
        except Refused as refused:
            raise Failed(_refused(refused, request_id)) from refused
        except Exception as error:  # a bug: told masked, and logged
            raise Failed(bug_in("make_context", request_id)) from error


def _refused(refused: Refused, request_id: str) -> dict[str, Any]:
    return formatted(refused.message, code_of(refused), request_id)


def bug_in(where: str, request_id: str) -> dict[str, Any]:
    """Logs the exception being handled; returns the masked error for the caller."""
    log.exception("graphql.bug_outside", where=where, request_id=request_id)
    return formatted(masked(request_id), ErrorCode.INTERNAL, request_id)
