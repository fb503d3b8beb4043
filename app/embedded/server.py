"""One embedded server process under a guard: its port, its start and its end. What it serves is for the subclasses."""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.embedded.binary import Program, find_program
from app.embedded.directory import DataDirectory, ServerRecord
from app.embedded.errors import CannotStart
from app.processes.guard import guarded

HOST = "127.0.0.1"
# Recovering a large journal after a crash takes its time; a server that ended is noticed at once anyway.
START_WITHIN = timedelta(seconds=120)
# How long the guard waits before it kills. MongoDB takes a checkpoint when asked to stop; both survive the kill.
STOP_WITHIN = timedelta(seconds=30)
_POLL_SECONDS = 0.01
_PORT_ATTEMPTS = 3


class Ended(Exception):
    """The server ended while it was waited for."""


class EmbeddedServer(ABC):
    """A server with its files in a data directory. `name` is that of its folder, its log and its record."""

    name: str
    program: Program

    def __init__(self, directory: DataDirectory, arguments: Sequence[str] = ()) -> None:
        self.directory = directory
        self.folder = directory.folder(self.name)
        self._arguments = arguments
        self.port = 0
        self.started_at = datetime.now(UTC)
        self._guard: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that serves `folder` on `port`."""

    @abstractmethod
    def make_ready(self) -> None:
        """Returns when clients can write. Raises Ended, or CannotStart."""

    @abstractmethod
    def process_id(self) -> int | None:
        """The server's own process id, None when it cannot be told."""

    @abstractmethod
    def is_ours(self) -> bool:
        """Whether a server answers on `port` that serves our folder."""

    @abstractmethod
    def url(self) -> str:
        """The address clients use, with its password."""

    def spawn(self, port: int | None = None) -> None:
        """Starts the process, on `port` if that is free; does not wait for it. Raises CannotStart without a program."""
        executable = find_program(self.program)
        self.port = port if port is not None and is_free(port) else free_port()
        self.started_at = datetime.now(UTC)
        lock = self.directory.servers.descriptor
        with self._error_file().open("wb") as errors:
            self._guard = subprocess.Popen(  # noqa: S603 - our own program, and no shell
                guarded([str(executable), *self.command(), *self._arguments], stop_within=STOP_WITHIN),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            )

    def await_ready(self) -> None:
        """Waits for the spawned process. Another program may have taken the port meanwhile: then on another one."""
        for _ in range(_PORT_ATTEMPTS):
            try:
                return self.make_ready()
            except Ended:
                if is_free(self.port):
                    break
                self.spawn()
        raise CannotStart(self._why_it_ended())

    def revive(self) -> bool:
        """Starts the server again if it has ended by itself, on the same port, because clients know only that one."""
        if self._guard is None or self._guard.poll() is None:
            return False
        if not is_free(self.port):
            raise CannotStart(
                f"The embedded {self.program.label} ended and another program now listens on its port {self.port}; "
                "stop CloudWatcher and start it again."
            )
        self.spawn(self.port)
        self.await_ready()
        return True

    def ask_to_stop(self) -> None:
        """Tells the server to end in good order; does not wait."""
        if self._guard is not None:
            self._guard.terminate()

    def await_stop(self) -> None:
        """Returns when the server has ended. The guard kills one that takes too long."""
        if self._guard is not None:
            self._guard.wait()
            self._guard = None

    def kill(self) -> None:
        """Ends the server as a crash would, in the middle of whatever it does. `revive` starts it again."""
        process = self.process_id()
        if self._guard is not None and process is not None:
            os.kill(process, signal.SIGKILL)
            self._guard.wait()

    def restart(self) -> None:
        """Stops the server in good order and starts it again at the same address."""
        self.ask_to_stop()
        self.await_stop()
        self.spawn(self.port)
        self.await_ready()

    def wait_until(self, is_done: Callable[[], bool]) -> None:
        """Asks again and again. Raises Ended when the process has, CannotStart after START_WITHIN."""
        deadline = time.monotonic() + START_WITHIN.total_seconds()
        while True:
            if self._guard is not None and self._guard.poll() is not None:
                raise Ended
            if is_done():
                return
            if time.monotonic() >= deadline:
                raise CannotStart(
                    f"The embedded {self.program.label} did not get ready within {START_WITHIN.total_seconds():g} s; "
                    f"its log is {self.log_file()}."
                )
            time.sleep(_POLL_SECONDS)

    def is_listening(self) -> bool:
        """Whether anything accepts connections on the port."""
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def record(self, *, is_ready: bool) -> ServerRecord:
        """What the next start and other processes need to know. Without a process id, nobody will look for it."""
        return ServerRecord(self.port, self.process_id() if is_ready else None, self.started_at)

    def log_file(self) -> Path:
        return self.directory.logs / f"{self.name}.log"

    def _error_file(self) -> Path:
        """What the process says before it has opened its log, such as a missing library."""
        return self.directory.logs / f"{self.name}.err"

    def _why_it_ended(self) -> str:
        code = self._guard.poll() if self._guard else None
        if code == _ILLEGAL_INSTRUCTION:
            return (
                f"The embedded {self.program.label} needs a processor with AVX, which this machine lacks; "
                f"set {self.program.setting} to a server that already runs."
            )
        said = _complaint(self._error_file()) or _last_error(self.log_file())
        return (
            f"The embedded {self.program.label} ended while starting (code {code}). Its last words: {said or 'none'}. "
            f"Its log is {self.log_file()}; set {self.program.setting} to use another server instead."
        )


_ILLEGAL_INSTRUCTION = 128 + 4


def _complaint(path: Path) -> str:
    """What a program printed before it gave up. Lines of JSON are MongoDB's ordinary log."""
    return " ".join([line for line in _last_lines(path) if not line.startswith("{")][-4:])


def _last_error(path: Path) -> str:
    """The last line of a log that MongoDB marks as an error or as fatal, else simply the last."""
    lines = _last_lines(path)
    return next(
        (line for line in reversed(lines) if '"s":"E"' in line or '"s":"F"' in line), lines[-1] if lines else ""
    )


def _last_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 16384))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address right now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of the loopback address that nobody listens on, chosen by the system."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
