"""`python -m bench.load.http`: asks over and over on a few kept connections. The plan comes in, the figures go out as
JSON. One thread, epoll, requests made beforehand, of an answer only its length, status and a mark are looked at.
"""

import heapq
import json
import select
import socket
import sys
import time
from dataclasses import dataclass, field

from bench.load.frames import answer_length, status_of
from bench.measure import percentile

STALLED_AFTER = 30.0
PIECE = 1 << 18


class Stalled(Exception):
    """No answer came for a long time, or a connection was closed."""


@dataclass(slots=True)
class Connection:
    socket: socket.socket
    asked: int = 0
    sent_at: float = 0.0
    pending: bytes = b""


@dataclass(slots=True)
class Tally:
    """`bad` are answers with another status than 200, with errors, or without the mark they should carry."""

    latencies: list[float] = field(default_factory=list)
    by_request: dict[int, list[float]] = field(default_factory=dict)
    bad: int = 0
    first_bad: str = ""
    received: int = 0

    def time(self, request: int, latency: float) -> None:
        self.latencies.append(latency)
        self.by_request.setdefault(request, []).append(latency)

    def check(self, answer: bytes, expects: bytes) -> None:
        self.received += len(answer)
        if status_of(answer) != 200 or b'"errors"' in answer or expects not in answer:
            self.bad += 1
            self.first_bad = self.first_bad or answer[-2000:].decode(errors="replace")


class Load:
    """`requests` are whole HTTP requests, sent in turn; with `is_once` each is sent once at most. Every connection
    waits `pause` seconds before it asks again.
    """

    def __init__(
        self,
        port: int,
        requests: list[bytes],
        *,
        connections: int,
        expects: bytes,
        is_once: bool = False,
        pause: float = 0.0,
    ) -> None:
        self._pause = pause
        self._resting: list[tuple[float, int]] = []
        self._requests = requests
        self._is_once = is_once
        self._expects = expects
        self._next = 0
        # Requests that are sent once are all of one kind.
        self.kinds = 0 if is_once else len(requests)
        self._epoll = select.epoll()
        self._open: dict[int, Connection] = {}
        self.tally = Tally()
        for _ in range(connections):
            opened = socket.create_connection(("127.0.0.1", port), timeout=10)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._epoll.register(opened.fileno(), select.EPOLLIN)
            self._open[opened.fileno()] = Connection(opened)

    def run(self, seconds: float) -> float:
        """Ask for so long; returns how long it really was, to the last answer that counts. Raises Stalled.

        What is under way at the end is awaited and not counted, so that the next measurement finds the server idle.
        """
        begun = time.perf_counter()
        deadline, last = begun + seconds, begun
        waiting = self._begin(begun)
        while waiting:
            for number, _ in self._ready(deadline):
                connection = self._open[number]
                if not self._receive(connection):
                    continue
                now = time.perf_counter()
                # An answer that takes longer than the whole measurement is still a figure.
                if now < deadline or not self.tally.latencies:
                    last = now
                    self.tally.time(connection.asked, now - connection.sent_at)
                waiting -= self._is_done(connection, goes_on=self._goes_on(connection, now, deadline))
            waiting -= self._wake(deadline)
        return last - begun

    def close(self) -> None:
        for connection in self._open.values():
            connection.socket.close()
        self._epoll.close()

    def _begin(self, now: float) -> int:
        """All ask at once, or one after the other within the first pause. Returns how many take part."""
        if not self._pause:
            return sum(self._ask(connection) for connection in self._open.values())
        self._resting = [(now + self._pause * place / len(self._open), n) for place, n in enumerate(self._open)]
        return len(self._open)

    def _ready(self, deadline: float) -> list[tuple[int, int]]:
        """Connections with something to read; none when one that rests is due. Raises Stalled."""
        if self._resting:
            return self._epoll.poll(max(0.0, min(self._resting[0][0], deadline) - time.perf_counter()))
        ready = self._epoll.poll(STALLED_AFTER)
        if not ready:
            raise Stalled(f"No answer for {STALLED_AFTER:g} s.")
        return ready

    def _goes_on(self, connection: Connection, now: float, deadline: float) -> bool:
        if now >= deadline:
            return False
        if not self._pause:
            return self._ask(connection)
        heapq.heappush(self._resting, (now + self._pause, connection.socket.fileno()))
        return True

    def _wake(self, deadline: float) -> int:
        """Lets those ask whose pause is over; at the end sends the others home. Returns how many ask no more."""
        now, gone = time.perf_counter(), 0
        while self._resting and (now >= deadline or self._resting[0][0] <= now):
            _, number = heapq.heappop(self._resting)
            connection = self._open[number]
            gone += self._is_done(connection, goes_on=now < deadline and self._ask(connection))
        return gone

    def _is_done(self, connection: Connection, *, goes_on: bool) -> bool:
        """A connection that asks no more is not listened to either: the server may close it while others wait."""
        if not goes_on:
            self._epoll.unregister(connection.socket.fileno())
        return not goes_on

    def _ask(self, connection: Connection) -> bool:
        if self._next == len(self._requests):
            if self._is_once:
                return False
            self._next = 0
        connection.asked = self._next
        self._next += 1
        connection.sent_at = time.perf_counter()
        connection.socket.sendall(self._requests[connection.asked])
        return True

    def _receive(self, connection: Connection) -> bool:
        """Whether an answer is complete."""
        piece = connection.socket.recv(PIECE)
        if not piece:
            raise Stalled("The server closed the connection.")
        data = connection.pending + piece if connection.pending else piece
        length = answer_length(data)
        if length is None or len(data) < length:
            connection.pending = data
            return False
        connection.pending = b""
        self.tally.check(data, self._expects)
        return True


def figures(load: Load, seconds: float) -> dict[str, object]:
    """Runs the load; latencies in milliseconds."""
    began_at = time.process_time()
    lasted = load.run(seconds)
    tally, ordered = load.tally, sorted(load.tally.latencies)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}
    return {
        "requests": len(ordered),
        "seconds": lasted,
        "rate": len(ordered) / lasted if lasted else 0.0,
        **{name: percentile(ordered, share) * 1000 for name, share in shares.items()},
        "generator_cpu": (time.process_time() - began_at) / lasted if lasted else 0.0,
        "p95_by_request": [
            percentile(sorted(tally.by_request.get(number, [])), 0.95) * 1000 for number in range(load.kinds)
        ],
        "bytes": tally.received // max(1, len(ordered)),
        "bad": tally.bad,
        "first_bad": tally.first_bad,
    }


def main() -> None:
    plan = json.load(sys.stdin)
    load = Load(
        plan["port"],
        [request.encode("latin-1") for request in plan["requests"]],
        connections=plan["connections"],
        is_once=plan["is_once"],
        expects=plan["expects"].encode(),
        pause=plan["pause"],
    )
    try:
        json.dump(figures(load, plan["seconds"]), sys.stdout)
    finally:
        load.close()


if __name__ == "__main__":
    main()
