"""One operation on its way through a transport: who calls, under which request id, over what."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection

from app.graphql.budget import CostBudget, Unlimited

# Long enough for a UUID or a trace id, and nothing that could break a log line or a header.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


# Longer ones say nothing more.
MAX_USER_AGENT = 200


class Transport(StrEnum):
    HTTP = "http"
    WEBSOCKET = "websocket"
    SSE = "sse"


@dataclass(frozen=True, slots=True)
class Session:
    """What `authenticate` found out. `principal` is the key of budgets and connection limits, e.g. "user:<id>".

    `address` is where the caller is, `tenants` are the organizations that what it holds open is counted for. Open
    streams end at `expires_at`; None means that nothing expires. `viewer` and `subject`, by which streams are closed
    early, are the application's own.
    """

    principal: str
    viewer: Any = None
    expires_at: datetime | None = None
    subject: Any = None
    address: str = "unknown"
    tenants: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Call:
    """Handed to `make_context`; the context keeps it as its attribute `call`.

    `headers` are added to an HTTP response (cookies, caching); they go nowhere on the other transports.
    """

    request_id: str
    transport: Transport
    session: Session
    connection: HTTPConnection
    budget: CostBudget = field(default_factory=Unlimited)
    may_introspect: Callable[[Session], bool] = lambda _: True
    headers: MutableHeaders = field(default_factory=MutableHeaders)
    # What the operation was charged, as `extensions.cost` tells it; None before that.
    charged: dict[str, Any] | None = None
    # The cursor a client hands back beside its document, as EventSource does; it wins over the one in the document.
    resume_after: str | None = None
    # Called with a live feed that is iterated, once it is settled where it begins.
    when_begun: Callable[[Any], None] = lambda _: None
    # How the transport delivers a live feed by itself, see resolvers/feed.py; None where it takes results one by one.
    delivery: Any = None

    @property
    def address(self) -> str:
        """Where the caller comes from."""
        return self.session.address

    @property
    def user_agent(self) -> str:
        """What the caller says it is, cut to what is worth keeping."""
        return self.connection.headers.get("user-agent", "")[:MAX_USER_AGENT]


def new_request_id() -> str:
    # Not a secret: what it must be is different from the others.
    return f"{random.getrandbits(128):032x}"


def request_id_of(headers: Mapping[str, str]) -> str:
    """The caller's X-Request-Id when it is 8 to 64 letters, digits, dots, dashes or underscores; else a new one."""
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else new_request_id()


def call_of(context: Any) -> Call | None:
    """The call of a context; None when a schema is executed without a transport, as in tests of resolvers."""
    call = getattr(context, "call", None)
    return call if isinstance(call, Call) else None
