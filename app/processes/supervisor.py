"""Keeps the processes of one terminal running, and stops them in order. Knows nothing of what they do."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from rich.console import Console

from app.processes.guard import guarded
from app.processes.output import Output, lines_of
from domain.errors import CloudWatcherError

FORCED = 130  # what a shell reports for a program ended by Ctrl-C
GAVE_UP = 1
OWN_NAME = "up"
# Above the guard's own deadline: it kills the child first, and only a stuck guard is killed from here.
_GUARD_GRACE = timedelta(seconds=5)
_SERVER_CHECK_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running. `env` is its whole environment; `stop_within` is its time to drain on SIGTERM."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(repr=False)  # holds addresses with passwords
    stop_within: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How a child that ended is started again. Doubling from `first` to `longest` spares a machine in trouble.

    A child that ran for `steady_after` counts as healthy. One that ended `give_up_after` times in a row before that
    (a port in use, a wrong setting) will not heal by itself, so everything stops instead of scrolling for ever.
    """

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(seconds=30)
    steady_after: timedelta = timedelta(seconds=20)
    give_up_after: int = 5

    def wait_after(self, failures: int) -> timedelta:
        """The pause before the next start, after that many quick ends in a row (at least one)."""
        return min(self.first * (1 << (failures - 1)), self.longest)


class Servers(Protocol):
    """What the children stand on, looked after while they run: `EmbeddedServers`."""

    def revive(self) -> list[str]: ...


class Supervisor:
    """Runs children until SIGINT, SIGTERM or SIGHUP, then stops them all at once, each within its own time.

    A second signal kills them. `servers` are revived when they end, and are left running for the caller to stop last.
    `beside` runs next to the children, for instance to tell when the first of them answers.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        servers: Servers | None = None,
        beside: Callable[[], Awaitable[None]] | None = None,
        backoff: Backoff | None = None,
        console: Console | None = None,
    ) -> None:
        self._children = children
        self._servers = servers
        self._beside = beside
        self._backoff = backoff or Backoff()
        self._output = Output([*(child.name for child in children), OWN_NAME], console)
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._exit_code = 0

    def run(self) -> int:
        """Blocks until all children have ended. 0 after a requested stop, 1 when a child would not stay, 130 forced."""
        return asyncio.run(self._run())

    def say(self, text: str) -> None:
        """A line of our own among those of the children."""
        self._output.line(OWN_NAME, text)

    def show(self, text: str) -> None:
        """Text of our own, with no name in front, for people to copy."""
        self._output.plain(text)

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP, and means it
                loop.add_signal_handler(number, self._on_signal)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        others = [asyncio.create_task(task()) for task in (self._keep_servers, self._run_beside)]
        for task in (*keepers, *others):
            task.add_done_callback(self._stop_on_bug)
        await self._stopping.wait()
        for other in others:
            other.cancel()
        self._signal_all()
        for result in await asyncio.gather(*keepers, *others, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        return self._exit_code

    def _stop_on_bug(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._stopping.set()

    def _signal_all(self) -> None:
        for process in self._running.values():
            _signal(process, signal.SIGTERM)

    def _on_signal(self) -> None:
        if not self._stopping.is_set():
            self.say("stopping; press Ctrl-C again to stop at once")
            self._stopping.set()
            return
        self._exit_code = FORCED
        self._signal_all()  # the second SIGTERM makes a guard kill

    def _give_up(self, text: str) -> None:
        self.say(text)
        self._exit_code = GAVE_UP
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            steady = time.monotonic() - started >= self._backoff.steady_after.total_seconds()
            failures = 1 if steady else failures + 1
            if failures >= self._backoff.give_up_after:
                self._give_up(f"{child.name} ended {failures} times in a row ({_reason(code)}); its lines say why")
                return
            wait = self._backoff.wait_after(failures)
            self.say(f"{child.name} ended ({_reason(code)}); starting it again in {wait.total_seconds():g} s")
            await self._pause(wait)

    async def _run_once(self, child: Child) -> int:
        process, reading_end = await _start(child)
        self._running[child.name] = process
        if self._stopping.is_set():  # asked for while it was being started
            _signal(process, signal.SIGTERM)
        relay = asyncio.create_task(self._relay(child.name, reading_end))
        try:
            return await self._ended(process, child.stop_within)
        finally:
            del self._running[child.name]
            # A process the child has let go may keep the pipe open; its last lines are not worth waiting for.
            await asyncio.wait({relay}, timeout=1)
            relay.cancel()

    async def _ended(self, process: asyncio.subprocess.Process, stop_within: timedelta) -> int:
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        done, _ = await asyncio.wait({ended}, timeout=(stop_within + _GUARD_GRACE).total_seconds())
        if not done:
            _signal(process, signal.SIGKILL)
        return await ended

    async def _relay(self, name: str, reading_end: int) -> None:
        async for line in lines_of(reading_end):
            self._output.line(name, line)
            if not self._output.is_open:
                self._stopping.set()

    async def _keep_servers(self) -> None:
        failures = 0
        while self._servers is not None:
            wait = self._backoff.wait_after(failures) if failures else _SERVER_CHECK_EVERY
            await asyncio.sleep(wait.total_seconds())
            try:
                for name in await asyncio.to_thread(self._servers.revive):
                    self.say(f"{name} had ended and was started again")
                failures = 0
            except CloudWatcherError as error:
                failures += 1
                self.say(str(error))

    async def _run_beside(self) -> None:
        if self._beside is None:
            return
        try:
            await self._beside()
        except CloudWatcherError as error:
            self._give_up(str(error))

    async def _pause(self, length: timedelta) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), length.total_seconds())


async def _start(child: Child) -> tuple[asyncio.subprocess.Process, int]:
    """The running child and the end of the pipe its lines arrive at.

    The pipe is ours because asyncio's own would make `wait()` wait for every writer, also one the child let go.
    """
    reading_end, writing_end = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *guarded(child.command, stop_within=child.stop_within),
            stdin=subprocess.DEVNULL,
            stdout=writing_end,
            stderr=writing_end,
            env={**child.env, "PYTHONUNBUFFERED": "1"},  # a pipe would otherwise hold lines back
            start_new_session=True,
        )
    except BaseException:
        os.close(reading_end)
        raise
    finally:
        os.close(writing_end)
    return process, reading_end


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def _reason(code: int) -> str:
    if code > 128:
        with suppress(ValueError):
            return f"by {signal.Signals(code - 128).name}"
    return f"with code {code}"
