"""`python -m bench.load.sockets`: holds many graphql-transport-ws subscriptions and counts what arrives.

The first line of its input is the plan, each further one `{"seconds": s}` asks to count for so long: an empty object
says that it begins, the next line what came. Frames are counted on every socket, their stamps read on some of them.
"""

import base64
import json
import os
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench.load.frames import CLOSE, HEAD_END, PING, PONG, client_frame, split_frames, stamp_of
from bench.measure import percentile

PIECE = 1 << 16
# Sockets whose frames are looked into, spread over all.
SAMPLED = 100
AT_ONCE = 100
JOIN_WITHIN = 120.0
# Acks and pings of the protocol are shorter than this, messages with an alert longer.
SHORTEST_MESSAGE = 120


@dataclass(slots=True)
class Client:
    socket: socket.socket
    is_sampled: bool
    step: int = 0
    pending: bytes = b""


@dataclass(slots=True)
class Count:
    frames: int = 0
    latencies: list[float] = field(default_factory=list)
    closed: int = 0
    last_at: float = 0.0


class Sockets:
    """`payload` is that of connection_init, `headers` are added to the handshake, `query` is the subscription."""

    def __init__(self, port: int, payload: dict[str, Any], query: str, headers: str = "") -> None:
        self._port = port
        self._headers = headers
        self._hello = client_frame(json.dumps({"type": "connection_init", "payload": payload}).encode())
        subscribe = {"id": "1", "type": "subscribe", "payload": {"query": query}}
        self._subscribe = client_frame(json.dumps(subscribe).encode())
        self._epoll = select.epoll()
        self._clients: dict[int, Client] = {}
        self._acked = 0
        self.count = Count()

    def join(self, sockets: int) -> None:
        """Open and subscribe so many, a hundred at a time. Raises TimeoutError."""
        deadline = time.monotonic() + JOIN_WITHIN
        every = max(1, sockets // SAMPLED)
        for start in range(0, sockets, AT_ONCE):
            batch = range(start, min(sockets, start + AT_ONCE))
            for number in batch:
                self._open(is_sampled=number % every == 0)
            while self._acked < batch.stop:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"Only {self._acked} of {sockets} sockets were accepted.")
                self.listen(0.05)

    def listen(self, seconds: float) -> None:
        """Take in what comes for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for number, _ in self._epoll.poll(left):
                self._receive(number)

    def drain(self, *, quiet: float = 0.3, within: float = 15.0) -> None:
        """Listen until nothing came for a moment."""
        deadline = time.monotonic() + within
        before = -1
        while self.count.frames != before and time.monotonic() < deadline:
            before = self.count.frames
            self.listen(quiet)

    def close(self) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._epoll.close()

    def _open(self, *, is_sampled: bool) -> None:
        opened = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        opened.sendall(
            f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: graphql-transport-ws\r\n{self._headers}\r\n".encode()
        )
        self._clients[opened.fileno()] = Client(opened, is_sampled)
        self._epoll.register(opened.fileno(), select.EPOLLIN)

    def _receive(self, number: int) -> None:
        client = self._clients[number]
        try:
            piece = client.socket.recv(PIECE)
        except ConnectionError:
            piece = b""
        if not piece:
            self._gone(number)
            return
        data = client.pending + piece if client.pending else piece
        if client.step == 0:
            self._shake(client, data)
            return
        frames, client.pending = split_frames(data)
        self.count.last_at = time.perf_counter()
        for opcode, payload in frames:
            if len(payload) >= SHORTEST_MESSAGE:
                self.count.frames += 1
                if client.is_sampled:
                    self._stamp(payload)
            else:
                self._control(client, opcode, payload)

    def _stamp(self, payload: bytes) -> None:
        sent = stamp_of(payload)
        if sent is not None:
            self.count.latencies.append(time.time() - sent)

    def _shake(self, client: Client, data: bytes) -> None:
        end = data.find(HEAD_END)
        if end < 0:
            client.pending = data
            return
        if b" 101 " not in data[:16]:
            raise ConnectionError(data[:200].decode(errors="replace"))
        client.step, client.pending = 1, data[end + 4 :]
        client.socket.sendall(self._hello)

    def _control(self, client: Client, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            client.socket.sendall(client_frame(payload, PONG))
        elif opcode == CLOSE:
            self._gone(client.socket.fileno())
        elif b"connection_ack" in payload:
            client.socket.sendall(self._subscribe)
            client.step = 2
            self._acked += 1
        elif b'"ping"' in payload:
            client.socket.sendall(client_frame(b'{"type":"pong"}'))

    def _gone(self, number: int) -> None:
        client = self._clients.pop(number, None)
        if client is not None:
            self.count.closed += 1
            self._epoll.unregister(number)
            client.socket.close()


def counted(sockets: Sockets, seconds: float) -> dict[str, Any]:
    """What arrives from now on for so long; latencies in milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    sockets.listen(seconds)
    lasted = time.perf_counter() - wall
    share = (time.process_time() - cpu) / lasted
    within = sockets.count.frames
    sockets.drain()
    ordered = sorted(sockets.count.latencies)
    total = sockets.count.frames
    return {
        "frames": within,
        "late": total - within,
        "delivered": total / max(seconds, sockets.count.last_at - wall),
        "seconds": lasted,
        "p50": percentile(ordered, 0.5) * 1000,
        "p99": percentile(ordered, 0.99) * 1000,
        "most": percentile(ordered, 1.0) * 1000,
        "closed": sockets.count.closed,
        "generator_cpu": share,
    }


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    sockets = Sockets(plan["port"], plan["payload"], plan["query"], plan["headers"])
    begun = time.perf_counter()
    sockets.join(plan["sockets"])
    sockets.drain()
    print(json.dumps({"joined": plan["sockets"], "seconds": time.perf_counter() - begun}), flush=True)
    while line := _next_line(sockets):
        sockets.count = Count()
        print("{}", flush=True)  # from now on everything counts
        print(json.dumps(counted(sockets, json.loads(line)["seconds"])), flush=True)


def _next_line(sockets: Sockets) -> str:
    """The next order; pings are answered while it is waited for."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        sockets.listen(0.02)
    return sys.stdin.readline()


if __name__ == "__main__":
    main()
