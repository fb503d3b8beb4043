"""Ready frames are written whole or not at all, and never to a connection that is not open."""

import asyncio
from collections.abc import Callable

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.graphql.frames import FrameProtocol


class FakeTransport:
    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
async def open_socket() -> FrameProtocol:
    """A connection as it is after the handshake."""
    config = uvicorn.Config(lambda: None, ws=FrameProtocol, log_config=None)  # type: ignore[arg-type]
    config.load()
    protocol = FrameProtocol(config, ServerState(), {})
    protocol.transport = FakeTransport()  # type: ignore[assignment]
    protocol.handshake_complete = True
    return protocol


async def test_frames_are_written_as_they_are_to_an_open_connection(open_socket: FrameProtocol) -> None:
    assert open_socket.write_frames(b"\x81\x01a\x81\x01b")

    assert open_socket.transport.written == [b"\x81\x01a\x81\x01b"]


def _close_transport(protocol: FrameProtocol) -> None:
    protocol.transport.is_closed = True


@pytest.mark.parametrize(
    "happen",
    [
        FrameProtocol.pause_writing,
        _close_transport,
        lambda protocol: setattr(protocol, "handshake_complete", False),
        lambda protocol: setattr(protocol, "close_sent", True),
        lambda protocol: setattr(protocol, "disconnected", True),
    ],
    ids=["full", "closing", "before the handshake", "after our close", "lost"],
)
async def test_nothing_is_written_to_one_that_cannot_take_it(
    open_socket: FrameProtocol, happen: Callable[[FrameProtocol], None]
) -> None:
    happen(open_socket)

    assert not open_socket.write_frames(b"\x81\x01a")
    assert open_socket.transport.written == []


async def test_waiting_ends_when_the_socket_has_room_again(open_socket: FrameProtocol) -> None:
    open_socket.pause_writing()
    waiting = asyncio.create_task(open_socket.until_writable())
    await asyncio.sleep(0)
    waited = not waiting.done()

    open_socket.resume_writing()
    await waiting

    assert waited


async def test_waiting_for_a_connection_that_ends_lasts_until_it_is_cancelled(open_socket: FrameProtocol) -> None:
    open_socket.close_sent = True
    waiting = asyncio.create_task(open_socket.until_writable())

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, 0.05)
