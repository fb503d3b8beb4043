"""The bare limit of fan-out: an asyncio server on uvloop that writes the same ready frame to every socket.

It speaks just enough of WebSocket and graphql-transport-ws for the load generator, and POST /publish.
"""

import asyncio
import base64
import hashlib
import os
from datetime import UTC, datetime

import orjson
import uvloop

from bench.load.frames import HEAD_END, server_frame

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ACK = server_frame(b'{"type":"connection_ack"}')
PUBLISHED = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def unmasked(data: bytes) -> bytes:
    """The payload of the one client frame that begins `data`."""
    size, start = data[1] & 127, 2
    if size == 126:
        size, start = int.from_bytes(data[2:4], "big"), 4
    mask, body = data[start : start + 4], data[start + 4 : start + 4 + size]
    return bytes(byte ^ mask[place & 3] for place, byte in enumerate(body))


def message(title: str) -> bytes:
    """The frame of an alert as the graph would send it."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    alert = {"id": "QWxlcnQ6MQ", "severity": "HIGH", "title": title, "message": os.environ["BENCH_MESSAGE"]}
    raised = {"cursor": os.environ["BENCH_CURSOR"], "at": at, "alert": alert | {"state": "OPEN", "raisedAt": at}}
    return server_frame(orjson.dumps({"id": "1", "type": "next", "payload": {"data": {"alertRaised": raised}}}))


class Socket(asyncio.Protocol):
    listeners: "set[Socket]" = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]  # it is one of TCP
        self._is_open = False

    def connection_lost(self, error: Exception | None) -> None:
        self.listeners.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._is_open:
            self._take(unmasked(data))
        elif data.startswith(b"POST"):
            self._publish(data.split(b"POST")[1:])
        else:
            self._accept(data)

    def _publish(self, requests: list[bytes]) -> None:
        """What arrives together goes out in one piece."""
        frames = b"".join(message(orjson.loads(request.partition(HEAD_END)[2])["title"]) for request in requests)
        for listener in self.listeners:
            listener.transport.write(frames)
        self.transport.write(PUBLISHED * len(requests))

    def _accept(self, data: bytes) -> None:
        key = data.lower().index(b"sec-websocket-key:") + 18
        sent = data[key : data.index(b"\r\n", key)].strip()
        accept = base64.b64encode(hashlib.sha1(sent + MAGIC).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Accept: " + accept + HEAD_END
        )
        self._is_open = True

    def _take(self, payload: bytes) -> None:
        if b"connection_init" in payload:
            self.transport.write(ACK)
        elif b"subscribe" in payload:
            self.listeners.add(self)


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Socket, "127.0.0.1", int(os.environ["BENCH_PORT"]), backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
