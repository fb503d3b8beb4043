"""A tiny program that runs one command and ends it when the process that asked for it is gone, even by kill -9.

It runs as a file of its own, without site-packages, so it must import nothing but the standard library.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import FrameType
from typing import NoReturn

# How often the guard looks whether its parent still lives. Watching the parent's id instead of a pipe keeps the
# guard right when the parent has forked: a fork would hold the pipe open after the parent is gone.
TICK_SECONDS = 0.25
COMMAND_NOT_RUN = 127
_PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)


def guarded(command: Sequence[str], *, stop_within: timedelta) -> list[str]:
    """The command line that runs `command` under a guard of the calling process.

    Start it in a new session, so that a terminal's Ctrl-C reaches only the caller. SIGTERM to the guard is passed on;
    a second SIGTERM, or `stop_within` running out, kills the command and everything in its process group.
    The guard exits with the command's code, or 128 + n when signal n ended it.
    """
    own = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
    return [*own, str(os.getpid()), str(stop_within.total_seconds()), *command]


class Guard:
    def __init__(self, parent: int, stop_within: float, command: Sequence[str]) -> None:
        self._parent = parent
        self._stop_within = stop_within
        self._command = command
        self._child = 0
        self._kill_at: float | None = None

    def run(self) -> int:
        """Runs the command to its end and returns its exit code."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        die_with_guard = death_signal_setter(os.getpid())
        self._child = os.fork()
        if self._child == 0:
            self._become_command(die_with_guard)
        _set_group(self._child)
        self._watch()
        _, status = os.waitpid(self._child, 0)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._kill()  # what the command left behind in its group
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _watch(self) -> None:
        signal.signal(signal.SIGALRM, self._on_tick)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _become_command(self, die_with_guard: Callable[[], None]) -> NoReturn:
        try:
            _set_group(0)
            die_with_guard()
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, and exec would pass that on
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.execvp(self._command[0], tuple(self._command))  # noqa: S606 - there is no shell on purpose
        except OSError as error:
            os.write(2, f"cannot run {self._command[0]}: {error.strerror}\n".encode())
        finally:
            os._exit(COMMAND_NOT_RUN)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._kill_at is None:
            self._ask_to_stop()
        else:
            self._kill()

    def _on_tick(self, _number: int, _frame: FrameType | None) -> None:
        if self._kill_at is None:
            if os.getppid() != self._parent:
                self._ask_to_stop()
        elif time.monotonic() >= self._kill_at:
            self._kill()

    def _ask_to_stop(self) -> None:
        self._kill_at = time.monotonic() + self._stop_within
        os.kill(self._child, signal.SIGTERM)  # the leader alone: it stops its own helpers in its own order

    def _kill(self) -> None:
        try:
            os.killpg(self._child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            return


def death_signal_setter(guard: int) -> Callable[[], None]:
    """For the forked child of process `guard`: on Linux, the kernel kills it when the guard itself is killed.

    The guard has one thread, which makes PR_SET_PDEATHSIG safe: the kernel ties it to the forking thread.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def die_with_guard() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != guard:
            os._exit(COMMAND_NOT_RUN)

    return die_with_guard


def _set_group(process: int) -> None:
    """Done by guard and child alike, so that the group exists before either needs it."""
    try:
        os.setpgid(process, process)
    except (ProcessLookupError, PermissionError):  # the child has already run its command, or ended
        return


def main(arguments: Sequence[str]) -> int:
    parent, stop_within, *command = arguments
    return Guard(int(parent), float(stop_within), command).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
