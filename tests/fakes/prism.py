"""Prism, which we did not write: answers from a vendor's own description, and refuses requests that break it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.fakes.node import free_port, installed, node

PACKAGE = "@stoplight/prism-cli@5.14.2"
READY_WITHIN = 60


def refused_requests(log: Path) -> list[str]:
    """What it found wrong with requests. It complains of answers too, as vendors' examples are not all good."""
    return [line.strip() for line in log.read_text().splitlines() if "Violation: request" in line]


@contextmanager
def prism(description: Path, log: Path) -> Iterator[str]:
    """The address of a Prism that speaks for this OpenAPI file. `log` gets what it prints. Raises NoPeer."""
    program = installed(PACKAGE) / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    port = free_port()
    command = [node(), str(program), "mock", "-h", "127.0.0.1", "-p", str(port), str(description)]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            _wait(process, f"http://127.0.0.1:{port}/", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            httpx2.get(url)
            return
        except httpx2.HTTPError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
