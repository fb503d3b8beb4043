"""Child processes of a measurement: started, waited for, read from /proc, stopped. Linux only."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.server import free_port

TICKS = os.sysconf("SC_CLK_TCK")
START_WITHIN = 60.0
STOP_WITHIN = 20.0
__all__ = ["Child", "CouldNotStart", "allow_many_files", "cpu_of", "free_port", "memory_of"]


class CouldNotStart(Exception):
    """A child ended or did not listen in time; carries the end of what it said."""


def allow_many_files() -> None:
    """Let this process and its children hold as many sockets as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cpu_of(pid: int) -> float:
    """Processor seconds a process has used, its ended children aside."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_of(pid: int) -> tuple[int, int]:
    """(resident, proportional) bytes: pages shared with other processes count in full, or by their share."""
    found = {"Rss": 0, "Pss": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return found["Rss"], found["Pss"]


class Child:
    """A server of the comparison. What it says goes to `log`."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], log: Path, folder: Path, port: int | None = None
    ) -> None:
        self.port = port
        self._log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def await_port(self) -> None:
        """Returns when something listens. Raises CouldNotStart."""
        deadline = time.monotonic() + START_WITHIN
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace")[-3000:]
                self.stop()
                raise CouldNotStart(f"{self._process.args}: {said}")
            time.sleep(0.05)

    def cpu(self) -> float:
        return cpu_of(self.pid)

    def memory(self) -> tuple[int, int]:
        return memory_of(self.pid)

    def stop(self) -> None:
        """Tells it to end, kills it when it does not."""
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port or 0), timeout=1).close()
        except OSError:
            return False
        return True
