"""Sends events to a server under measurement: by committing them, or by POST /publish, each at a given pace."""

import json
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Protocol

from bson import ObjectId

from bench.feeder import TICK
from bench.stage import ROOT, Stage
from bench.workloads import post


class Publisher(Protocol):
    def publish(self, rate: float, seconds: float) -> int:
        """Sends so many events a second; returns how many were sent."""
        ...

    def close(self) -> None: ...


class LineProcess:
    """A Python process that answers each line of JSON with one."""

    def __init__(self, module: str, env: dict[str, str], first: dict[str, Any] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=env,
            text=True,
        )
        if first is not None:
            self.send(first)
        self.greeting = self.receive()

    def send(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EOFError(f"{self._process.args} ended with {self._process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.terminate()
        self._process.wait()


class CommittingPublisher:
    """Alerts raised in the database by a process of their own, announced over Redis."""

    def __init__(self, stage: Stage, org_id: ObjectId) -> None:
        self._org_id = org_id
        self._feeder = LineProcess("bench.feeder", stage.environment(0))
        self.cpu = 0.0

    def publish(self, rate: float, seconds: float) -> int:
        self._feeder.send({"org_id": str(self._org_id), "rate": rate, "seconds": seconds})
        answer = self._feeder.receive()
        self.cpu = answer["cpu"] / seconds
        return int(answer["events"])

    def close(self) -> None:
        self._feeder.close()


class PostingPublisher:
    """POST /publish on one kept connection, without waiting for the answers; as many at a time as the other commits."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(self, rate: float, seconds: float) -> int:
        begun, sent = time.monotonic(), 0
        while (now := time.monotonic()) < begun + seconds:
            due = int((now - begun) * rate) + 1 - sent
            if due > 0:
                body = json.dumps({"title": f"@{time.time():.6f}@"}).encode()
                self._socket.sendall(post("/publish", body) * due)
                sent += due
                self._forget_answers()
            time.sleep(max(TICK, begun + sent / rate - time.monotonic()))
        return sent

    def close(self) -> None:
        self._socket.close()

    def _forget_answers(self) -> None:
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while self._socket.recv(1 << 16):
                pass
        self._socket.settimeout(30)
