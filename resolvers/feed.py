"""How every live feed of a subscription runs: replay from a cursor, then live, re-authorised as it goes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator, Mapping
from typing import Any, Protocol

from auth.permission import Permission
from auth.scope import scope_of
from auth.standing import Standings
from domain.errors import Forbidden
from domain.facts.event import LoggedEvent
from live.feed import Follower
from live.position import Position, Reset, ResetReason
from resolvers.context import Context
from schema.feed import StreamReset
from schema.scalars import Cursor

REASONS = {
    ResetReason.EXPIRED: "The cursor is older than what the event log keeps.",
    ResetReason.REPLACED: "The event log was made anew since the cursor was given out.",
    ResetReason.AHEAD: "The event log ends before the cursor: its newest part was lost, for example in a restore.",
}

Message = Callable[[LoggedEvent, Cursor], Any]
# Permissions, each with the organizations in which a feed needs it.
Reads = Mapping[Permission | None, frozenset[str]]


class Delivery(Protocol):
    """How a transport hands a feed to its subscriber itself, together with others that follow the same."""

    async def deliver(self, feed: "LiveFeed") -> None:
        """Returns when the feed is closed. Raises what ends the subscription."""
        ...


class LiveFeed:
    """What one subscription follows, described. Iterated, it gives a message for each wanted event, with the cursor
    just behind it, or StreamReset; where the transport has a way of its own to deliver it, it gives nothing.

    Feeds of equal `key` differ in where they start and in who reads them, nothing else. The iteration raises BadCursor
    for a forged cursor and Forbidden once the viewer may no longer read one of the organizations.

    `reads` says which permission is needed where; left out, that of the root field in all the organizations.
    """

    def __init__(
        self,
        context: Context,
        org_ids: frozenset[str],
        after: str | None,
        *,
        key: Hashable,
        wants: Callable[[LoggedEvent], bool],
        message: Message,
        reads: Reads | None = None,
    ) -> None:
        self.context = context
        self.org_ids = org_ids
        self.key = (org_ids, key)
        self.wants = wants
        # Called when the roles of the viewer have changed.
        self.on_change: Callable[[], None] = lambda: None
        # The cursor of the message given out last by the iteration.
        self.latest: Cursor | None = None
        self._after = after
        self._message = message
        self._reads = reads
        self._follower: Follower | None = None
        # Behind what was taken of the iteration while a batch is being told; None between batches.
        self._behind: dict[str, Position] | None = None
        self._messages = self._run()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        return await anext(self._messages)

    async def aclose(self) -> None:
        """End the iteration; safe to repeat."""
        await self._messages.aclose()

    def start(self) -> Mapping[str, Position | None]:
        """Where each organization's part begins; None is now. Raises BadCursor."""
        # Where the transport carries a cursor of its own, that one is newer than the one in the document.
        after = getattr(self.context.call, "resume_after", None) or self._after
        given = {} if after is None else self.context.ports.decode_cursor(after)
        return {org_id: given.get(org_id) for org_id in self.org_ids}

    def cursor(self, positions: Mapping[str, Position]) -> Cursor:
        """The cursor of these positions."""
        return Cursor(self.context.ports.encode_cursor(positions))

    def told(self, event: LoggedEvent, cursor: Cursor) -> Any:
        """The message for an event."""
        return self._message(event, cursor)

    def told_reset(self, reset: Reset, positions: Mapping[str, Position]) -> StreamReset:
        """The message for a feed that goes on from `positions`."""
        return StreamReset(cursor=self.cursor(positions), reason=REASONS[reset.reason])

    async def check(self) -> None:
        """Before anything is delivered. Raises Forbidden when the viewer has lost one of the organizations."""
        await self.context.ports.roles.refresh()
        self.require()

    def require(self) -> None:
        """By what is known of the viewer now. Raises Forbidden as `check` does."""
        viewer, reads = self.context.signed_in, self._reads or {self.context.permission: self.org_ids}
        if not all(org_ids <= scope_of(viewer, permission).org_ids for permission, org_ids in reads.items()):
            raise Forbidden("You may no longer read this feed.")

    def place(self) -> Cursor | None:
        """The cursor behind everything that was taken of the iteration; None before it has begun."""
        if self._follower is None:
            return None
        return self.cursor(self._follower.positions if self._behind is None else self._behind)

    def _hear(self, standings: Standings) -> None:
        self.context = self.context.with_standings(standings)
        self.on_change()

    async def _run(self) -> AsyncGenerator[Any, None]:
        context, viewer = self.context, self.context.signed_in
        with context.ports.roles.watching(viewer.subject, viewer.standings, self._hear, since=context.roles_read_at):
            delivery: Delivery | None = getattr(context.call, "delivery", None)
            if delivery is not None:
                await delivery.deliver(self)
                return
            async with context.ports.feed.follow(self.start(), wants=self.wants) as follower:
                before, self._follower = follower.positions, follower
                if begun := getattr(context.call, "when_begun", None):
                    begun(self)
                async for batch in follower:
                    self._behind = before
                    await self.check()
                    for message, stand in self._told(batch, follower):
                        self.latest = message.cursor
                        yield message
                        self._behind = stand
                    before, self._behind = follower.positions, None

    def _told(self, batch: list[LoggedEvent] | Reset, follower: Follower) -> Iterator[tuple[Any, dict[str, Position]]]:
        """Each message of a batch, and where the feed stands behind it."""
        if isinstance(batch, Reset):
            yield self.told_reset(batch, follower.positions), follower.positions
            return
        for event in batch:
            stand = follower.positions_at(event)
            yield self.told(event, self.cursor(stand)), stand


async def positions_now(context: Context, org_ids: frozenset[str]) -> dict[str, Position]:
    """Where the logs of these organizations end now."""
    bounds = await asyncio.gather(*(context.ports.log.bounds(org_id) for org_id in sorted(org_ids)))
    return {org_id: Position(bound.epoch, bound.last) for org_id, bound in zip(sorted(org_ids), bounds, strict=True)}
