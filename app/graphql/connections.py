"""The streaming connections this process holds open: how many per principal, and how to end them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app import metrics
from app.graphql.call import Transport
from app.graphql.shares import Shares
from domain.errors import RateLimited

# Close codes of WebSockets (RFC 6455, IANA registry) and of graphql-transport-ws.
SERVICE_RESTART = 1012
INTERNAL_ERROR = 1011
BAD_REQUEST = 4400
# The usual client gives up after 4401 but connects again, with fresh connection parameters, after 4403.
FORBIDDEN = 4403
TOO_MANY = 4429

# Frames larger than this never reach the application: pass it to uvicorn as ws_max_size.
MAX_WEBSOCKET_MESSAGE = 64 * 1024


class TooManyConnections(Exception):
    """The principal, or its organization, has as many streaming connections as it may."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenConnection:
    """`close(code, reason)` ends the connection and returns when the other side has been told.

    `subject` and `tenants` are those of its session.
    """

    principal: str
    transport: Transport
    close: Callable[[int, str], Awaitable[None]]
    subject: Any = None
    tenants: frozenset[str] = frozenset()


class Connections:
    """Counts per process: with many processes a principal may hold so many in each of them, and so may a tenant."""

    def __init__(
        self,
        *,
        per_principal: int = 20,
        per_tenant: int = 2000,
        reconnect_within: timedelta = timedelta(seconds=10),
    ) -> None:
        self._per_principal = per_principal
        self._shares = Shares(per_tenant, "connections")
        self._reconnect_within = reconnect_within
        self._open: set[OpenConnection] = set()
        self._held: Counter[str] = Counter()
        self.is_draining = False

    def __len__(self) -> int:
        return len(self._open)

    def add(self, connection: OpenConnection) -> None:
        """Raises TooManyConnections."""
        if self._held[connection.principal] >= self._per_principal:
            raise TooManyConnections(
                f"You have {self._per_principal} open connections already. Close one, or share one for several streams."
            )
        try:
            self._shares.take(connection.tenants)
        except RateLimited as error:
            raise TooManyConnections(error.message) from error
        self._open.add(connection)
        self._held[connection.principal] += 1
        metrics.CONNECTIONS.labels(connection.transport).inc()

    def remove(self, connection: OpenConnection) -> None:
        """Forgets a connection that has ended; safe to repeat."""
        if connection in self._open:
            self._open.remove(connection)
            self._shares.give_back(connection.tenants)
            self._held[connection.principal] -= 1
            if not self._held[connection.principal]:
                del self._held[connection.principal]
            metrics.CONNECTIONS.labels(connection.transport).dec()

    def reconnect_delay_ms(self) -> int:
        """How long a client shall wait before it connects again: differs for each, so that they do not come at once."""
        return random.randint(0, int(self._reconnect_within.total_seconds() * 1000))  # noqa: S311  # spreads load only

    def subjects(self) -> set[Any]:
        """The subjects of open streams."""
        return {each.subject for each in self._open if each.subject is not None}

    async def close_subjects(self, is_over: Callable[[Any], bool], reason: str) -> None:
        """Ends the streams of subjects for which this says so, for instance when their sessions were ended."""
        over = [each for each in self._open if each.subject is not None and is_over(each.subject)]
        await self._close(over, FORBIDDEN, reason)

    async def drain(self) -> None:
        """Ends all streams because the process stops, and lets no new one in. Call it before the server waits for them.

        Safe to repeat.
        """
        self.is_draining = True
        await self._close(
            list(self._open), SERVICE_RESTART, "The server restarts. Connect again after the hinted delay."
        )

    async def _close(self, connections: Iterable[OpenConnection], code: int, reason: str) -> None:
        closing = [connection.close(code, reason) for connection in connections]
        await asyncio.gather(*closing, return_exceptions=True)
