"""A group of subscribers over a log in virtual time, their sockets made of lists."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import orjson

from app.graphql.fanout import settled
from app.graphql.group import Group, Member
from live.position import Position
from resolvers.feed import LiveFeed
from tests.fakes.feed_house import House

PREFIX = b'{"id":"1","type":"next","payload":'


class FakeSocket:
    """Takes `room` writes and is full then, until `drain`. Written as the protocol of frames asks: all or nothing."""

    def __init__(self, room: float = float("inf")) -> None:
        self.frames: list[bytes] = []
        self.room = room
        self._writable = asyncio.Event()
        self._writable.set()

    def write_frames(self, data: bytes) -> bool:
        if self.room <= 0:
            self._writable.clear()
            return False
        self.room -= 1
        self.frames.extend(frames_in(data))
        return True

    def drain(self, room: float = float("inf")) -> None:
        self.room = room
        self._writable.set()

    async def until_writable(self) -> None:
        await self._writable.wait()


def frames_in(data: bytes) -> list[bytes]:
    """The text of each frame, read as RFC 6455, section 5.2 says."""
    texts = []
    while data:
        assert data[0] == 0x81
        assert data[1] < 0x80
        size = {126: 2, 127: 8}.get(data[1], 0)
        length = int.from_bytes(data[2 : 2 + size], "big") if size else data[1]
        texts.append(data[2 + size : 2 + size + length])
        assert len(texts[-1]) == length
        data = data[2 + size + length :]
    return texts


@dataclass
class Guest:
    """A member with its socket. `begins` is the place behind which it began."""

    socket: FakeSocket
    member: Member
    begins: dict[str, int]
    serving: asyncio.Task[None]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [orjson.loads(frame)["payload"] for frame in self.socket.frames]

    def seqs(self, org_id: str) -> list[int]:
        return [message["seq"] for message in self.messages if message["org"] == org_id]

    async def leave(self) -> None:
        self.serving.cancel()
        await asyncio.gather(self.serving, return_exceptions=True)


@dataclass
class GroupHouse:
    """Guests follow every organization in `org_ids`; events of the topic "other" concern nobody."""

    house: House
    org_ids: tuple[str, ...] = ("a",)
    executed: list[tuple[str, int]] = field(default_factory=list)
    refreshes: int = 0
    on_refresh: Callable[[], None] = lambda: None
    error: Exception | None = None

    def __post_init__(self) -> None:
        ports = SimpleNamespace(feed=self.house.feed, roles=self, encode_cursor=_cursor)
        self.feed = LiveFeed(
            SimpleNamespace(ports=ports, call=None),  # type: ignore[arg-type]  # as much as it looks at
            frozenset(self.org_ids),
            None,
            key="everything",
            wants=lambda event: event.topic != "other",
            message=lambda event, cursor: {"org": event.org_id, "seq": event.seq, "cursor": orjson.loads(cursor)},
        )
        self.group = Group(self.feed, self.encode)

    async def refresh(self) -> None:
        self.refreshes += 1
        self.on_refresh()

    async def encode(self, message: Any) -> bytes:
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        if not isinstance(message, dict):
            message = {"org": "reset", "seq": 0, "cursor": orjson.loads(message.cursor), "reason": message.reason}
        self.executed.append((message["org"], message["seq"]))
        return orjson.dumps(message)

    async def join(self, after: Mapping[str, Position] | None = None, *, room: float = float("inf")) -> Guest:
        socket = FakeSocket(room)
        stand = dict(after) if after else await settled(self.feed)
        member = Member(socket, PREFIX, stand)
        begins = {org_id: position.seq for org_id, position in stand.items()}
        return Guest(socket, member, begins, asyncio.create_task(self.group.serve(member)))

    def wanted(self, org_id: str, after: int) -> list[int]:
        rows = self.house.log.rows.get(org_id, [])
        return [event.seq for event in rows if event.seq > after and event.topic != "other"]


def _cursor(positions: Mapping[str, Position]) -> str:
    return orjson.dumps({org_id: position.seq for org_id, position in positions.items()}).decode()
