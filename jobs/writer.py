"""How requests and jobs change things: one transaction, then the wake-ups and the relay of the jobs it asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from documents.audit_key import AuditKey
from documents.transaction import Announce, Transaction, commit

T = TypeVar("T")

CLOSES_WITHIN = 5.0


class Relay(Protocol):
    async def relay(self) -> int: ...


class Writer:
    """`announce` wakes the readers of an organization's log; `queue` relays the outbox. Both may fail without loss.

    `audit_key` signs the audit log.
    """

    def __init__(self, announce: Announce, queue: Relay, audit_key: AuditKey) -> None:
        self._announce = announce
        self._queue = queue
        self._audit_key = audit_key
        self._relays: set[asyncio.Task[int]] = set()

    async def commit(self, change: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `change` (several times if the driver retries) and return what it returned, once it is committed."""
        result = await commit(change, announce=self._announce, audit_key=self._audit_key)
        task = asyncio.create_task(self._queue.relay())
        self._relays.add(task)
        task.add_done_callback(self._relays.discard)
        return result

    async def close(self) -> None:
        """Wait a little for hand-overs under way; what is left waits in the outbox."""
        if self._relays:
            await asyncio.wait(self._relays, timeout=CLOSES_WITHIN)
