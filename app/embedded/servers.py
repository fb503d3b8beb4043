"""The embedded servers as one thing: start, find again, borrow, stop.

They do not outlive the process that started them, but what they stored does.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.directory import DataDirectory
from app.embedded.errors import AlreadyRunning, CannotStart
from app.embedded.mongodb import EmbeddedMongoDB
from app.embedded.server import STOP_WITHIN, EmbeddedServer
from app.embedded.valkey import EmbeddedValkey

# The servers of a killed process have this long before their guard kills them; a little more, and the files are free.
_LEFT_OVER_WITHIN = STOP_WITHIN + timedelta(seconds=5)
# For a process that is just starting or stopping the servers of the same directory.
_TURN_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ServerUrls:
    """The addresses of the embedded servers, passwords included; None for a server that is not embedded."""

    mongodb_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)


class EmbeddedServers:
    """MongoDB and Redis as children of this process, with their data under `data_dir`.

    However this process ends (also by kill -9), each server is told to stop by its guard, and killed if it does not.
    Blocking; to be used before an event loop runs, or from a thread.
    """

    def __init__(
        self,
        data_dir: Path,
        mongodb: bool = True,
        redis: bool = True,
        *,
        mongod_args: Sequence[str] = (),
        valkey_args: Sequence[str] = (),
    ) -> None:
        """The extra arguments go to the servers as they are."""
        self._directory = DataDirectory(data_dir)
        self.mongodb = EmbeddedMongoDB(self._directory, mongod_args) if mongodb else None
        self.redis = EmbeddedValkey(self._directory, valkey_args) if redis else None
        self._servers: list[EmbeddedServer] = [server for server in (self.mongodb, self.redis) if server is not None]

    def start(self) -> ServerUrls:
        """Starts the servers and waits until they take writes. Without any it touches nothing.

        Raises AlreadyRunning when another process runs the servers of this directory, CannotStart when one fails.
        """
        if not self._servers:
            return self.urls
        self._directory.prepare(server.name for server in self._servers)
        self._take_directory()
        try:
            recorded = self._directory.records()
            for server in self._servers:
                server.spawn(recorded[server.name].port if server.name in recorded else None)
            self._write_records(are_ready=False)  # so that a start cut off here finds its ports again
            for server in self._servers:
                server.await_ready()
            self._write_records(are_ready=True)
        except BaseException:
            self.stop()
            raise
        return self.urls

    @property
    def urls(self) -> ServerUrls:
        """Where the servers are; only after `start`."""
        return ServerUrls(self.mongodb.url() if self.mongodb else None, self.redis.url() if self.redis else None)

    def revive(self) -> list[str]:
        """Starts again what has ended by itself, at the same address; the labels of those. Raises CannotStart."""
        revived = [server.program.label for server in self._servers if server.revive()]
        if revived:
            self._write_records(are_ready=True)
        return revived

    def stop(self) -> None:
        """Stops both in good order and waits. Safe to call twice, and after a start that failed."""
        for server in self._servers:
            server.ask_to_stop()
        for server in self._servers:
            server.await_stop()
        if self._directory.owner.descriptor is not None:
            self._write_records(are_ready=False)
        self._directory.servers.release()
        self._directory.owner.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Stops the running servers at the end of the block, when nobody borrows them any more."""
        try:
            try:
                yield
            finally:
                self._directory.users.acquire(within=timedelta.max)
        finally:
            self.stop()
            self._directory.users.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @staticmethod
    def find(data_dir: Path) -> ServerUrls | None:
        """The servers that some process runs for this directory, if they answer and are really ours."""
        directory = DataDirectory(data_dir)
        if not directory.owner.is_held():
            return None
        records = directory.records()
        found: dict[str, str] = {}
        for server in (EmbeddedMongoDB(directory), EmbeddedValkey(directory)):
            record = records.get(server.name)
            if record is None or record.pid is None:
                continue
            server.port = record.port
            if not server.is_ours():
                return None
            found[server.name] = server.url()
        return ServerUrls(found.get("mongodb"), found.get("redis")) if found else None

    def _take_directory(self) -> None:
        if not self._directory.owner.acquire():
            raise AlreadyRunning(
                f"CloudWatcher already runs on {self._directory.root} "
                f"(process {self._directory.owner.note() or 'unknown'}); stop it first, or choose another --data-dir."
            )
        self._directory.owner.write(str(os.getpid()))
        if not self._directory.servers.acquire(within=_LEFT_OVER_WITHIN):
            self._directory.owner.release()
            left = {name: record.pid for name, record in self._directory.records().items() if record.pid}
            raise CannotStart(
                f"Servers of an earlier run still use {self._directory.root} (process ids {left}); "
                "end them and try again."
            )

    def _write_records(self, *, are_ready: bool) -> None:
        others = {name: replace(record, pid=None) for name, record in self._directory.records().items()}
        ours = {server.name: server.record(is_ready=are_ready) for server in self._servers}
        self._directory.write_records(others | ours)


@contextmanager
def running_or_started(data_dir: Path, mongodb: bool = True, redis: bool = True) -> Iterator[ServerUrls]:
    """The servers of a process that already runs them, else our own for the duration.

    Our own stay until the last process that borrows them is done. Raises CannotStart.
    """
    deadline = time.monotonic() + _TURN_WITHIN.total_seconds()
    while True:
        with _borrowed(data_dir) as urls:
            if urls is not None:
                yield _only(urls, mongodb=mongodb, redis=redis)
                return
        try:
            servers = EmbeddedServers(data_dir, mongodb, redis)
            servers.start()
            break
        except AlreadyRunning:  # another process is starting or stopping them at this moment
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.1)
    with servers.lent():
        yield servers.urls


@contextmanager
def _borrowed(data_dir: Path) -> Iterator[ServerUrls | None]:
    """The servers of another process, None when there are none. One that has lent them keeps them until we are done."""
    directory = DataDirectory(data_dir)
    if not directory.root.exists() or not directory.users.acquire(shared=True):
        yield None
        return
    try:
        yield EmbeddedServers.find(data_dir)
    finally:
        directory.users.release()


def _only(urls: ServerUrls, *, mongodb: bool, redis: bool) -> ServerUrls:
    """Those asked for. Where the process that runs them was told to use another server, we must be told as well."""
    for is_wanted, url, setting in ((mongodb, urls.mongodb_url, "MONGODB_URL"), (redis, urls.redis_url, "REDIS_URL")):
        if is_wanted and url is None:
            raise CannotStart(f"The CloudWatcher that already runs here was given {setting}; set the same one here.")
    return ServerUrls(urls.mongodb_url if mongodb else None, urls.redis_url if redis else None)
