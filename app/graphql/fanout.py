"""Brings subscriptions that give equal results together, in one process."""

from collections.abc import Hashable

import orjson

from app.graphql.execution import Document, Execution
from app.graphql.frames import Frames, text_head
from app.graphql.group import Group, Member
from app.graphql.schema import Schema
from app.graphql.shares import Shares
from live.position import Position
from resolvers.feed import LiveFeed


class Fanout:
    """The groups of one process. A tenant's members may follow `per_tenant` feeds at once."""

    def __init__(self, *, per_tenant: int = 10_000) -> None:
        self.shares = Shares(per_tenant, "subscriptions")
        self._groups: dict[Hashable, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    async def serve(self, member: Member, feed: LiveFeed, schema: Schema, document: Document) -> None:
        """Deliver in the group of equals, until the feed is closed or the member's viewer has changed."""
        key = (document.key(schema), feed.key, feed.context.fingerprint)
        group = self._groups.get(key)
        if group is None or group.is_ended:
            group = self._groups[key] = Group(feed, Execution(schema, document, feed.context).payload)
        try:
            await group.serve(member)
        finally:
            self._forget(key, group)

    def _forget(self, key: Hashable, group: Group) -> None:
        if not group.members:
            group.stop()
            if self._groups.get(key) is group:
                del self._groups[key]


class Line:
    """From the feed of one operation to its socket: the `delivery` of its call."""

    def __init__(
        self,
        fanout: Fanout,
        schema: Schema,
        document: Document,
        frames: Frames,
        operation_id: str,
        tenants: frozenset[str] = frozenset(),
    ) -> None:
        self._fanout = fanout
        self._tenants = tenants
        self._schema = schema
        self._document = document
        self._frames = frames
        self._operation_id = operation_id
        self._prefix = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'
        self._member: Member | None = None
        self._feed: LiveFeed | None = None
        self._told: str | None = None

    async def deliver(self, feed: LiveFeed) -> None:
        """See resolvers.feed.Delivery."""
        with self._fanout.shares.held(self._tenants):
            await self._deliver(feed)

    async def _deliver(self, feed: LiveFeed) -> None:
        member = self._member = Member(self._frames, self._prefix, await settled(feed))
        self._feed, feed.on_change = feed, member.change
        await self._tell_beginning()
        while True:
            member.is_changed = False
            feed.require()
            await self._fanout.serve(member, feed, self._schema, self._document)
            if not member.is_changed:
                return

    def place(self) -> dict[str, object] | None:
        """A ping that tells where the feed stands: the cursor behind everything that was written.

        None when the client knows: the feed has not begun, or has not moved since it was asked here.
        """
        if self._member is None or self._feed is None:
            return None
        cursor = self._feed.cursor(self._member.place())
        if cursor == self._told:
            return None
        self._told = cursor
        return {"type": "ping", "payload": {"id": self._operation_id, "cursor": cursor}}

    async def _tell_beginning(self) -> None:
        """Whoever hears nothing for long, and then loses the connection, shall know where to go on all the same."""
        text = orjson.dumps(self.place())
        await self._frames.until_writable()
        while not self._frames.write_frames(text_head(len(text)) + text):
            await self._frames.until_writable()

    def close(self) -> None:
        """Write nothing more, from now on."""
        if self._member is not None:
            self._member.leave()


async def settled(feed: LiveFeed) -> dict[str, Position]:
    """Where the feed begins, with what "now" is decided now."""
    async with feed.context.ports.feed.follow(feed.start()) as follower:
        return follower.positions
