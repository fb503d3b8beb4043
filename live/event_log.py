"""The event log as the readers need it. Where it is stored is not known here."""

from typing import Protocol

from domain.facts.event import LogBounds, LoggedEvent


class EventLog(Protocol):
    """The committed events of every organization.

    Both reads see the newest committed state: a read that begins after another one returned never shows an older state.
    An organization without events has bounds too. Either may raise anything while the database is away.
    """

    async def fetch(self, org_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """The first `limit` events with `seq` > `after`, ascending."""
        ...

    async def bounds(self, org_id: str) -> LogBounds:
        """The epoch of the log and the first and last `seq` still stored."""
        ...


def contiguous(events: list[LoggedEvent], *, after: int) -> list[LoggedEvent]:
    """The leading events that follow `after` one by one; a hole, and everything behind it, is left for a later read."""
    prefix: list[LoggedEvent] = []
    for event in events:
        if event.seq != after + len(prefix) + 1:
            break
        prefix.append(event)
    return prefix
