"""Asks a server: once, to see what it answers, or under load through the generator."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.load.frames import answer_length, body_of, status_of
from bench.processes import Child, cpu_of
from bench.stage import ROOT

# A generator that is busier than this may be what is measured.
BUSY = 0.85


class WrongAnswer(Exception):
    """A server answered with an error, or with other data than the product."""


def once(port: int, request: bytes) -> Any:
    """The JSON of one answer. Raises WrongAnswer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as opened:
        opened.sendall(request)
        data = b""
        while (length := answer_length(data)) is None or len(data) < length:
            piece = opened.recv(1 << 16)
            if not piece:
                break
            data += piece
    if status_of(data) != 200:
        raise WrongAnswer(data.decode(errors="replace")[:2000])
    answer = json.loads(body_of(data))
    if answer.get("errors"):
        raise WrongAnswer(json.dumps(answer["errors"])[:2000])
    return answer


def run_load(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int,
    mark: str,
    is_once: bool = False,
    pause: float = 0.0,
    is_strict: bool = True,
) -> dict[str, Any]:
    """The generator's figures. Raises WrongAnswer when a single answer was wrong, unless it is not `is_strict`."""
    plan = {
        "port": port,
        "requests": [request.decode("latin-1") for request in requests],
        "connections": connections,
        "seconds": seconds,
        "is_once": is_once,
        "pause": pause,
        "expects": mark,
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench.load.http"],
        input=json.dumps(plan).encode(),
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    if done.returncode:
        raise WrongAnswer(done.stderr.decode(errors="replace")[-2000:])
    figures: dict[str, Any] = json.loads(done.stdout)
    if figures["bad"] and is_strict:
        raise WrongAnswer(f"{figures['bad']} of {figures['requests']} answers: {figures['first_bad']}")
    return figures


def measured(child: Child, mongod_pid: int, requests: Sequence[bytes], **options: Any) -> dict[str, Any]:
    """The generator's figures, and how much of a processor the server and MongoDB took meanwhile."""
    assert child.port is not None
    before = child.cpu(), cpu_of(mongod_pid)
    figures = run_load(child.port, requests, **options)
    after = child.cpu(), cpu_of(mongod_pid)
    names = ("server_cpu", "mongod_cpu")
    for name, begun, ended in zip(names, before, after, strict=True):
        figures[name] = (ended - begun) / figures["seconds"] if figures["seconds"] else 0.0
    return figures


def ceiling(seconds: float, connections: int, port: int) -> dict[str, Any]:
    """How fast the generator is against a server that does nothing."""
    command = [sys.executable, "-m", "bench.load.responder", str(port)]
    responder = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _await(port)
        request = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        return run_load(port, [request], seconds=seconds, connections=connections, mark="")
    finally:
        responder.terminate()
        responder.wait()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
