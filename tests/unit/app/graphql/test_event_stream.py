"""Where an event stream says that it stands: behind what it has sent, never behind more."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from app.graphql.sse import COMPLETE, KEEP_ALIVE, EventStream
from schema.scalars import Cursor

NEVER = timedelta(hours=1)
SOON = timedelta(milliseconds=20)


@dataclass
class Feed:
    """Stands at `at`, which a message raises once the next one is asked for, as LiveFeed does."""

    at: int = 0
    latest: Cursor | None = None
    messages: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    stream: EventStream = field(init=False)

    def place(self) -> Cursor:
        return Cursor(str(self.at))

    async def results(self) -> AsyncGenerator[Any, None]:
        self.stream.begin(self)  # type: ignore[arg-type]  # as much of a feed as a stream looks at
        while number := await self.messages.get():
            self.latest = Cursor(str(number))
            yield SimpleNamespace(data={"number": number}, errors=None, extensions=None)
            self.at = number


def opened(every: timedelta = NEVER) -> tuple[Feed, AsyncGenerator[bytes, None]]:
    feed = Feed()
    feed.stream = EventStream(feed.results(), request_id="test", keep_alive_every=every)
    return feed, feed.stream.frames()


async def rest(frames: AsyncGenerator[bytes, None]) -> bytes:
    return b"".join([frame async for frame in frames])


async def test_it_says_where_it_begins_before_there_is_a_message() -> None:
    _, frames = opened()

    assert await anext(frames) == b"id: 0\n\n"
    await frames.aclose()


async def test_each_message_has_the_place_behind_it() -> None:
    feed, frames = opened()
    await anext(frames)
    feed.messages.put_nowait(1)

    frame = await anext(frames)

    assert frame.startswith(b"event: next\nid: 1\ndata: ")
    assert b'"cursor":"1"' in frame
    await frames.aclose()


async def test_a_message_that_waits_is_dropped_with_its_place() -> None:
    feed, frames = opened()
    await anext(frames)
    for number in (1, 2, 3):
        feed.messages.put_nowait(number)
    assert b"id: 1" in await anext(frames)
    await asyncio.sleep(0.01)  # the second waits for its turn, the third for room

    feed.stream.stop()

    assert await rest(frames) == b""


async def test_a_quiet_stream_that_is_stopped_says_where_it_stood() -> None:
    feed, frames = opened()
    await anext(frames)
    waiting = asyncio.create_task(rest(frames))
    await asyncio.sleep(0.01)
    feed.at = 7  # past what does not concern this feed

    feed.stream.stop(COMPLETE)

    assert await waiting == b"id: 7\n\n" + COMPLETE


async def test_a_quiet_stream_says_so_when_it_has_moved_and_else_that_it_lives() -> None:
    feed, frames = opened(SOON)
    await anext(frames)

    first = await anext(frames)
    feed.at = 7
    moved = await anext(frames)

    assert (first, moved, await anext(frames)) == (KEEP_ALIVE, b"id: 7\n\n", KEEP_ALIVE)
    await frames.aclose()


async def test_a_stream_that_follows_nothing_has_no_place() -> None:
    async def results() -> AsyncGenerator[Any, None]:
        yield SimpleNamespace(data={"number": 1}, errors=None, extensions=None)

    stream = EventStream(results(), request_id="test", keep_alive_every=NEVER)

    assert b"id:" not in await rest(stream.frames())
