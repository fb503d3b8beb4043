"""The data directory of the embedded servers: its folders, its locks, its password and its record of ports."""

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

# A log grown beyond this is put aside at the next start, so that at most twice this stays on disk.
LOG_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """Where a server was last started. `pid` is None once it has been stopped in good order."""

    port: int
    pid: int | None
    started_at: datetime


class FileLock:
    """A lock that the kernel drops with its last holder, so that a killed process leaves none behind.

    A child that is handed `descriptor` holds the lock together with us, until it has ended too.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor: int | None = None

    def acquire(self, *, shared: bool = False, within: timedelta = timedelta(0)) -> bool:
        """Whether the lock is ours; asks again until `within` has passed."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + within.total_seconds()
        while not _lock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return False
            time.sleep(0.05)
        self.descriptor = descriptor
        _held.add(descriptor)
        return True

    def release(self) -> None:
        """Lets go of our share. Closes and never unlocks: unlocking would take the lock from the children as well."""
        if self.descriptor is not None:
            _held.discard(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = None

    def is_held(self) -> bool:
        """Whether some process, this one included, holds the lock. Creates nothing."""
        if not self._path.exists():
            return False
        probe = FileLock(self._path)
        if probe.acquire(shared=True):
            probe.release()
            return False
        return True

    def write(self, text: str) -> None:
        """Leaves a note for those who find the lock held."""
        if self.descriptor is not None:
            os.truncate(self.descriptor, 0)
            os.pwrite(self.descriptor, text.encode(), 0)

    def note(self) -> str:
        """What the holder has left."""
        return self._path.read_text() if self._path.exists() else ""


_held: set[int] = set()


def _forget_locks() -> None:
    """A forked child (a process pool) must not keep the lock of a parent that is gone."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_forget_locks)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class DataDirectory:
    """The files under one data directory. Everything in it can be read by its owner alone.

    Three locks: `owner` is held by the process that runs the servers, `servers` also by the servers themselves (so that
    nobody starts a second one on the same files), `users` by those who use servers that another process runs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.logs = self.root / "logs"
        self.secret_file = self.root / "servers.key"
        self.valkey_file = self.root / "valkey.conf"
        self._record_file = self.root / "servers.json"
        self.owner = FileLock(self.root / "owner.lock")
        self.servers = FileLock(self.root / "servers.lock")
        self.users = FileLock(self.root / "users.lock")

    def folder(self, server: str) -> Path:
        """Where a server keeps its data."""
        return self.root / server

    def prepare(self, servers: Iterable[str]) -> None:
        """Makes what is missing. A root that was there keeps its mode: it may be somebody's working directory."""
        if not self.root.exists():
            self.root.mkdir(mode=0o700, parents=True)
        for folder in (self.logs, *map(self.folder, servers)):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        if not self.secret_file.exists():
            write_private(self.secret_file, secrets.token_hex(32))
        self.secret_file.chmod(0o600)

    def secret(self) -> str:
        """The password of both servers, 64 hexadecimal digits, made once."""
        return self.secret_file.read_text().strip()

    def log_file(self, name: str) -> Path:
        """The log of a server, begun anew when it has grown too large."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def records(self) -> dict[str, ServerRecord]:
        """What was last started, by server name; empty when nothing was or the file is unreadable."""
        try:
            stored = json.loads(self._record_file.read_text())
            return {name: _parse_record(fields) for name, fields in stored.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # only a hint for the next port: a start works without it

    def write_records(self, records: dict[str, ServerRecord]) -> None:
        """Replaces the record in one step."""
        stored = {
            name: asdict(record) | {"started_at": record.started_at.isoformat()} for name, record in records.items()
        }
        write_private(self._record_file, json.dumps(stored, indent=2) + "\n")


def _parse_record(fields: dict[str, object]) -> ServerRecord:
    port, pid = fields["port"], fields["pid"]
    if not isinstance(port, int) or not isinstance(pid, int | None):
        raise TypeError("a port and a process id are numbers")
    return ServerRecord(port, pid, datetime.fromisoformat(str(fields["started_at"])))


def write_private(path: Path, text: str) -> None:
    """Writes a file for its owner alone, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
