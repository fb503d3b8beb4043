"""The streaming connections this process holds open: how many per principal, and how to end them."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from app import metrics
from app.graphql.call import Transport

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
    """The principal has as many streaming connections as it may."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenConnection:
    """`close(code, reason)` ends the connection and returns when the other side has been told."""

    principal: str
    transport: Transport
    close: Callable[[int, str], Awaitable[None]]


class Connections:
    """Counts per process: with many processes a principal may hold so many in each of them."""

    def __init__(self, *, per_principal: int = 20, reconnect_within: timedelta = timedelta(seconds=10)) -> None:
        self._per_principal = per_principal
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
        self._open.add(connection)
        self._held[connection.principal] += 1
        metrics.CONNECTIONS.labels(connection.transport).inc()

    def remove(self, connection: OpenConnection) -> None:
        """Forgets a connection that has ended; safe to repeat."""
        if connection in self._open:
            self._open.remove(connection)
            self._held[connection.principal] -= 1
            if not self._held[connection.principal]:
                del self._held[connection.principal]
            metrics.CONNECTIONS.labels(connection.transport).dec()

    def reconnect_delay_ms(self) -> int:
        """How long a client shall wait before it connects again: differs for each, so that they do not come at once."""
        return random.randint(0, int(self._reconnect_within.total_seconds() * 1000))  # noqa: S311  # spreads load only

    async def close_principal(self, principal: str, reason: str) -> None:
        """Ends all streams of a principal, for instance when its session was revoked."""
        await self._close([each for each in self._open if each.principal == principal], FORBIDDEN, reason)

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
