"""Text frames written straight to a WebSocket's transport, by bytes that are ready; for results many sockets share.

An ASGI server hands each message through a coroutine and a frame encoder of its own, which costs more than the write.
`FrameProtocol` is uvicorn's WebSocket protocol with an extension to the ASGI scope that writes at once or says no.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request, Response

from app.http.answer_headers import ANSWERS

# The name of the extension in the ASGI scope; its value is a Frames.
EXTENSION = "cloudwatcher.frames"

# RFC 6455, section 5.2: the last fragment of a text message, not masked, and where longer lengths begin.
_TEXT = b"\x81"
_SHORT, _MEDIUM = 126, 1 << 16


class Frames(Protocol):
    """What a server offers that can write ready frames."""

    def write_frames(self, data: bytes) -> bool:
        """Write whole frames now, in order with everything else; False, and nothing written, when that cannot be."""
        ...

    async def until_writable(self) -> None:
        """Wait until `write_frames` may succeed; for ever on a connection that ends, so be ready to be cancelled."""
        ...


class FrameProtocol(WebSocketsSansIOProtocol):
    """For uvicorn's setting `ws`. Frames are not compressed: keep per-message deflate off."""

    is_full = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Called once the connection has gone.
        self.when_lost: Callable[[], None] = _do_nothing
        self._send_response = self.conn.send_response
        self.conn.send_response = self._respond  # type: ignore[method-assign]  # refusals come past us no other way

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.when_lost()

    def _respond(self, response: Response) -> None:
        """The answer to the handshake; uvicorn gives its headers to those it accepts only."""
        for name, value in (*self.default_headers, *ANSWERS):
            if name.decode() not in response.headers:
                response.headers[name.decode()] = value.decode()
        self._send_response(response)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self.is_full = False

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The application starts with the next turn of the loop, so it sees this.
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]  # it is typed for data only

    @property
    def is_ending(self) -> bool:
        """Whether this connection takes no more frames, ever."""
        return self.disconnected or self.close_sent or self.transport.is_closing()

    def write_frames(self, data: bytes) -> bool:
        """See Frames. Above the transport's high-water mark the answer is no."""
        if self.is_full or not self.handshake_complete or self.is_ending:
            return False
        self.transport.write(data)
        return True

    async def until_writable(self) -> None:
        """See Frames."""
        await self.writable.wait()
        if self.is_ending:
            await asyncio.get_running_loop().create_future()


def _do_nothing() -> None:
    pass


def text_head(length: int) -> bytes:
    """What goes before the text of a frame, whose length in bytes is given."""
    if length < _SHORT:
        return _TEXT + bytes((length,))
    if length < _MEDIUM:
        return _TEXT + b"\x7e" + length.to_bytes(2, "big")
    return _TEXT + b"\x7f" + length.to_bytes(8, "big")
