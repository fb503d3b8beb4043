"""Subscribers who get the same results: one follower, one execution and one encoding for all of them.

Members that keep up are *on board*: messages are written to their sockets as they come. The others are ashore: they
wait for their sockets, read what they miss from the log, and board where the group then stands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice

from app.graphql.frames import Frames, text_head
from app.graphql.payloads import Payloads, Told, Trail
from domain.facts.event import LoggedEvent
from live.feed import Follower
from live.position import Position, Reset
from resolvers.feed import LiveFeed

# How many sockets are written to before the loop turns: about three milliseconds of work.
SLICE = 256
# How much is written to one socket at once: far below the 64 KiB at which a transport says that it is full.
CHUNK_MESSAGES = 32
CHUNK_BYTES = 16 * 1024

Encode = Callable[[object], Awaitable[bytes]]
Stand = dict[str, Position]


class Member:
    """One subscription: its socket, what its frames begin with, and where it stands while it is ashore.

    It holds positions only, never messages.
    """

    __slots__ = ("frames", "group", "is_changed", "landing", "next", "prefix", "stand", "write")

    def __init__(self, frames: Frames, prefix: bytes, stand: Stand) -> None:
        self.frames = frames
        self.write = frames.write_frames
        self.prefix = prefix
        self.stand = stand
        # The number of the message it gets next while it is on board; -1 ashore.
        self.next = -1
        self.landing: asyncio.Future[None] | None = None
        # What its viewer may read has changed, so this may no longer be its group.
        self.is_changed = False
        self.group: Group | None = None

    def leave(self) -> None:
        """Get nothing more, from now on."""
        if self.group is not None:
            self.group.leave(self)

    def place(self) -> Stand:
        """Behind everything that was written to it."""
        return self.stand if self.group is None else self.group.stand_of(self)

    def change(self) -> None:
        """Leave the group for the one that is right now."""
        self.is_changed = True
        if self.group is not None:
            self.group.land(self)

    def framed(self, payloads: Sequence[bytes]) -> bytes:
        """The frames that carry these payloads to this member."""
        return framed(self.prefix, payloads)


class Group:
    """`feed` is that of any member: they differ in where they begin only. `encode` runs the members' document."""

    def __init__(self, feed: LiveFeed, encode: Encode) -> None:
        self.members: set[Member] = set()
        self.is_ended = False
        self._feed = feed
        self._encode = encode
        self._encoding = asyncio.Lock()
        self._payloads = Payloads()
        self._on_board: dict[Member, None] = {}
        self._follower: Follower | None = None
        self._is_telling = False
        # Behind the newest message, and before those that are being written; the number of the next message.
        self._now: Stand = {}
        self._before: Stand = {}
        self._next = 0
        self._trail = Trail({})
        self._turned = asyncio.Event()
        self._error: Exception | None = None
        self._task = asyncio.create_task(self._run(), name="feed group")

    def stop(self) -> None:
        """Follow no longer. Everybody has left."""
        self.is_ended = True
        self._task.cancel()

    async def serve(self, member: Member) -> None:
        """Deliver until the feed is closed or the member's viewer has changed. Raises what ended the group."""
        self.members.add(member)
        member.group = self
        try:
            while self._follower is None and not self.is_ended:
                await self._turned.wait()
            while member in self.members and not (self.is_ended or member.is_changed):
                await self._advance(member)
        finally:
            self.leave(member)
        if self._error is not None and not member.is_changed:
            raise self._error

    def leave(self, member: Member) -> None:
        """Write nothing more to this member; safe to repeat."""
        self.members.discard(member)
        self.land(member)

    def land(self, member: Member) -> None:
        """Take a member off board, at the place behind what it has got."""
        if member.next < 0:
            return
        member.stand = self.stand_of(member)
        member.next = -1
        del self._on_board[member]
        if member.landing is not None and not member.landing.done():
            member.landing.set_result(None)

    def stand_of(self, member: Member) -> Stand:
        """Behind everything that was written to this member."""
        if member.next < 0:
            return member.stand
        return dict(self._stand() if member.next == self._next else self._before)

    async def _advance(self, member: Member) -> None:
        await member.frames.until_writable()
        missing = self._trail.behind(member.stand, self._stand())
        if missing:
            await self._feed.context.ports.roles.refresh()
            missing = self._trail.behind(member.stand, self._stand())
        if member.is_changed:
            return
        if missing is None:
            await self._replay(member)
        elif self._board(member, missing):
            member.landing = asyncio.get_running_loop().create_future()
            await member.landing

    def _stand(self) -> Stand:
        """Behind everything that is written or being written. Events nobody wants are passed over silently."""
        if self._follower is not None and not self._is_telling:
            self._now = self._follower.positions
        return self._now

    def _board(self, member: Member, missing: list[Told]) -> bool:
        """Write what is missing and take the member on board. Nothing else runs in between: that is what keeps the
        order.
        """
        for chunk in _chunks(missing):
            if not member.write(member.framed([told.payload for told in chunk])):
                return False
            member.stand.update((told.org_id, told.position) for told in chunk)
        member.next = self._next
        self._on_board[member] = None
        return True

    async def _replay(self, member: Member) -> None:
        """Deliver from the log what lies between the member and the group, or a reset of this member alone."""
        feed, turned = self._feed, self._turned
        goal, began = dict(self._stand()), member.stand
        async with feed.context.ports.feed.follow(member.stand, wants=feed.wants, until=goal) as follower:
            async for batch in follower:
                if isinstance(batch, Reset):
                    payload = await self._encode(feed.told_reset(batch, follower.positions))
                    if await self._put(member, payload):
                        member.stand = follower.positions
                    return
                for event in batch:
                    stand = follower.positions_at(event)
                    if not await self._put(member, await self._payload(event, stand)):
                        return
                    member.stand = stand
            member.stand = follower.positions
        if member.stand == began:
            await turned.wait()  # it is ahead of the group, which is about to come by

    async def _put(self, member: Member, payload: bytes) -> bool:
        """Write one message when the socket takes it; False when the member is not to have it any more."""
        data = member.framed((payload,))
        while True:
            await member.frames.until_writable()
            await self._feed.context.ports.roles.refresh()
            if self.is_ended or member.is_changed or member not in self.members:
                return False
            if member.write(data):
                return True

    async def _payload(self, event: LoggedEvent, stand: Stand) -> bytes:
        cursor = self._feed.cursor(stand)
        key = (event.org_id, cursor)
        async with self._encoding:
            payload = self._payloads.get(key)
            if payload is None:
                payload = await self._encode(self._feed.told(event, cursor))
                self._payloads.put(key, payload)
        return payload

    async def _run(self) -> None:
        feed = self._feed
        try:
            async with feed.context.ports.feed.follow(dict.fromkeys(feed.org_ids), wants=feed.wants) as follower:
                self._trail, self._now = Trail(follower.positions), follower.positions
                self._follower = follower
                self._turn()
                async for batch in follower:
                    await self._tell(follower, batch)
                    self._turn()
        except Exception as error:  # noqa: BLE001 - whatever it is, every member is to be told
            self._error = error
        self.is_ended = True
        for member in list(self._on_board):
            self.land(member)
        self._turn()

    def _turn(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def _tell(self, follower: Follower, batch: list[LoggedEvent] | Reset) -> None:
        org_id = batch.org_id if isinstance(batch, Reset) else batch[0].org_id
        self._now = follower.positions | {org_id: self._now[org_id]}
        self._is_telling = True
        try:
            roles = self._feed.context.ports.roles
            if isinstance(batch, Reset):
                payload = await self._encode(self._feed.told_reset(batch, follower.positions))
                await roles.refresh()
                self._trail.restart(follower.positions)
                await self._write([Told(org_id, batch.position, payload)])
                return
            told = []
            for event in batch:
                stand = follower.positions_at(event)
                told.append(Told(org_id, stand[org_id], await self._payload(event, stand)))
            for chunk in _chunks(told):
                await roles.refresh()
                for each in chunk:
                    self._trail.add(each)
                await self._write(chunk)
        finally:
            self._is_telling = False

    async def _write(self, chunk: list[Told]) -> None:
        """To everybody on board, in slices. Who boards meanwhile has these already and is at another number."""
        first, self._before = self._next, self._now
        self._next += len(chunk)
        self._now = self._now | {chunk[-1].org_id: chunk[-1].position}
        payloads = [told.payload for told in chunk]
        prefix, parts, data = b"", [b""], b""
        members = iter(list(self._on_board))
        while some := list(islice(members, SLICE)):
            for member in some:
                if member.next != first:
                    continue
                if member.prefix != prefix:
                    if len(member.prefix) != len(prefix):
                        parts = around(len(member.prefix), payloads)
                    prefix = member.prefix
                    data = prefix.join(parts)
                if member.write(data):
                    member.next = self._next
                else:
                    self.land(member)
            await asyncio.sleep(0)


def framed(prefix: bytes, payloads: Sequence[bytes]) -> bytes:
    """One frame per payload: the prefix, the payload and the brace that closes the message."""
    return prefix.join(around(len(prefix), payloads))


def around(prefix_length: int, payloads: Sequence[bytes]) -> list[bytes]:
    """The frames of `framed` but for the prefix, which belongs between these parts and at no end."""
    heads = [text_head(prefix_length + len(payload) + 1) for payload in payloads]
    return [heads[0], *(payload + b"}" + head for payload, head in zip(payloads, [*heads[1:], b""], strict=True))]


def _chunks(told: list[Told]) -> Iterator[list[Told]]:
    """The same in parts that are not too much for one write."""
    chunk: list[Told] = []
    size = 0
    for each in told:
        if chunk and (len(chunk) == CHUNK_MESSAGES or size + len(each.payload) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += len(each.payload)
    if chunk:
        yield chunk
