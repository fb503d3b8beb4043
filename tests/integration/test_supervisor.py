"""Child processes under the supervisor: kept running, stopped in order, and never left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.processes.guard import COMMAND_NOT_RUN, guarded
from app.processes.supervisor import FORCED, GAVE_UP

PATIENCE_SECONDS = 60

SUPERVISE = """
import json, os, sys
from datetime import timedelta
from app.processes.supervisor import Backoff, Child, Supervisor

class Servers:
    calls = 0
    def revive(self):
        self.calls += 1
        return ["MongoDB"] if self.calls == 1 else []

children = [
    Child(name, [sys.executable, "-c", code], env=dict(os.environ), stop_within=timedelta(seconds=2))
    for name, code in json.loads(sys.argv[1]).items()
]
soon = Backoff(first=timedelta(seconds=0.1), give_up_after=3)
sys.exit(Supervisor(children, servers=Servers(), backoff=soon).run())
"""

# Children carry the mark in their command line, so that a test finds every one of them, whoever their parent is now.
SERVE = """
import signal, sys, time
def drain(*_):
    print("drained", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
signal.signal(signal.SIGINT, lambda *_: print("interrupted", flush=True))
print("serving", flush=True)
while True:
    time.sleep(0.1)  # {mark}
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serving", flush=True)
while True:
    time.sleep(0.1)  # {mark}
"""
WITH_HELPER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)  # {mark}"])
print("serving", flush=True)
time.sleep(600)  # {mark}
"""


class Terminal:
    """A supervisor in a session of its own, as `up` has in a terminal."""

    def __init__(self, mark: str, **children: str) -> None:
        self.mark = mark
        codes = {name: textwrap.dedent(code).replace("{mark}", mark) for name, code in children.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISE, json.dumps(codes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []

    def read_until(self, wanted: str) -> str:
        """The first line that matches, and all before it kept in `lines`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if re.search(wanted, line):
                return line
        raise AssertionError(f"{wanted!r} was not printed: {self.lines}")

    def read_until_all_serve(self, *names: str) -> None:
        """Whichever of them is first."""
        while not all(any(line.startswith(name) for line in self.lines) for name in names):
            self.read_until("serving")

    def ended(self) -> int:
        """The exit code; the rest of the output is kept."""
        output, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.lines += output.splitlines()
        return self.process.returncode

    def living(self) -> list[str]:
        """Command lines of what is alive of this terminal's children and their guards, whoever their parent is now."""
        listing = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,stat=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = [row.split(maxsplit=2) for row in listing.splitlines() if self.mark in row]
        return [args for pid, state, args in rows if not state.startswith("Z") and int(pid) != self.process.pid]


Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Open]:
    opened: list[Terminal] = []

    def open_one(**children: str) -> Terminal:
        opened.append(Terminal(f"mark-{os.getpid()}-{tmp_path.name}", **children))
        return opened[-1]

    yield open_one
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
        terminal.process.communicate(timeout=PATIENCE_SECONDS)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_each_line_carries_the_name_of_its_process(open_terminal: Open) -> None:
    terminal = open_terminal(web=SERVE, worker=SERVE)

    terminal.read_until_all_serve("web", "worker")
    terminal.process.terminate()
    terminal.ended()

    assert "web    │ serving" in terminal.lines
    assert "worker │ serving" in terminal.lines
    assert "web    │ drained" in terminal.lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_children_drain_when_asked_to_stop(open_terminal: Open, number: signal.Signals) -> None:
    terminal = open_terminal(web=SERVE)
    terminal.read_until("serving")
    assert len(terminal.living()) == 2

    terminal.process.send_signal(number)

    assert terminal.ended() == 0
    assert "web │ drained" in terminal.lines
    assert terminal.living() == []


def test_ctrl_c_in_the_terminal_does_not_reach_the_children(open_terminal: Open) -> None:
    terminal = open_terminal(web=SERVE)
    terminal.read_until("serving")

    os.killpg(terminal.process.pid, signal.SIGINT)

    assert terminal.ended() == 0
    assert "web │ drained" in terminal.lines
    assert "web │ interrupted" not in terminal.lines


def test_child_that_does_not_stop_is_killed_when_its_time_is_over(open_terminal: Open) -> None:
    terminal = open_terminal(web=STUBBORN)
    terminal.read_until("serving")
    assert len(terminal.living()) == 2

    terminal.process.terminate()

    assert terminal.ended() == 0
    assert terminal.living() == []


def test_second_signal_stops_at_once(open_terminal: Open) -> None:
    terminal = open_terminal(web=STUBBORN)
    terminal.read_until("serving")

    terminal.process.send_signal(signal.SIGINT)
    terminal.read_until("stopping")
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.ended() == FORCED
    assert terminal.living() == []


def test_child_that_ends_is_started_again_and_that_is_said(open_terminal: Open) -> None:
    terminal = open_terminal(web="print('serving', flush=True); raise SystemExit(7)", worker=SERVE)

    said = terminal.read_until("web ended")

    assert "with code 7" in said
    assert "starting it again in 0.1 s" in said
    terminal.read_until("web +│ serving")


def test_child_that_will_not_stay_stops_everything(open_terminal: Open) -> None:
    terminal = open_terminal(web="raise SystemExit('the port is taken')", worker=SERVE)

    code = terminal.ended()

    assert code == GAVE_UP
    assert terminal.lines.count("web    │ the port is taken") == 3
    assert any("web ended 3 times in a row (with code 1)" in line for line in terminal.lines)
    assert terminal.living() == []


def test_killed_child_is_named_with_its_signal(open_terminal: Open) -> None:
    terminal = open_terminal(web="import os; os.kill(os.getpid(), 9)")

    assert "by SIGKILL" in terminal.read_until("starting it again")


def test_nothing_outlives_a_supervisor_that_was_killed(open_terminal: Open) -> None:
    terminal = open_terminal(web=SERVE, worker=STUBBORN, helped=WITH_HELPER)
    terminal.read_until_all_serve("web", "worker", "helped")
    assert len(terminal.living()) >= 4

    terminal.process.kill()

    wait_for(lambda: terminal.living() == [])


def test_servers_are_looked_after_while_children_run(open_terminal: Open) -> None:
    terminal = open_terminal(web=SERVE)

    said = terminal.read_until("MongoDB")

    assert "MongoDB had ended and was started again" in said


def test_reader_that_goes_away_stops_everything(open_terminal: Open) -> None:
    terminal = open_terminal(web="import time\nwhile True:\n    print('tick', flush=True); time.sleep(0.05)  # {mark}")
    terminal.read_until("tick")
    assert terminal.process.stdout is not None

    terminal.process.stdout.close()

    assert terminal.process.wait(PATIENCE_SECONDS) == 0
    assert terminal.living() == []


def run_guarded(*command: str) -> subprocess.CompletedProcess[str]:
    line = guarded(command, stop_within=timedelta(seconds=5))
    return subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def test_guard_ends_with_the_code_of_its_command() -> None:
    assert run_guarded(sys.executable, "-c", "raise SystemExit(3)").returncode == 3
    assert run_guarded(sys.executable, "-c", "import os; os.kill(os.getpid(), 15)").returncode == 128 + 15


def test_guard_says_why_a_command_cannot_run() -> None:
    ended = run_guarded("/nowhere/mongod")

    assert ended.returncode == COMMAND_NOT_RUN
    assert ended.stderr == "cannot run /nowhere/mongod: No such file or directory\n"


def test_guard_of_a_parent_that_is_already_gone_runs_nothing_for_long() -> None:
    line = guarded([sys.executable, "-c", "import time; time.sleep(600)"], stop_within=timedelta(seconds=5))
    nobody = [str(os.getppid()) if part == str(os.getpid()) else part for part in line]  # not who starts it below

    ended = subprocess.run(nobody, timeout=PATIENCE_SECONDS, check=False)

    assert ended.returncode == 128 + signal.SIGTERM


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent was killed")
def test_command_dies_with_a_guard_that_was_killed() -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    guard = subprocess.Popen(
        guarded([sys.executable, "-c", code], stop_within=timedelta(seconds=5)), stdout=subprocess.PIPE, text=True
    )
    assert guard.stdout is not None
    command = int(guard.stdout.readline())

    guard.kill()
    guard.communicate(timeout=PATIENCE_SECONDS)

    wait_for(lambda: not is_alive(command))


def is_alive(process: int) -> bool:
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip()) and not listing.stdout.startswith("Z")
