"""The stand-in AWS account as a process of its own: a moto server, the account in it, and the trickle of changes.

Run as `python -m app.demo.moto_account --port 5001 --data-dir .data/demo`.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from app.demo import moto_missing, root_user
from app.demo.aws_account import DemoAccount
from app.demo.aws_trickle import CYCLE, Trickle

HOST = "127.0.0.1"
STATE_FILE = "aws_account.json"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class DemoState:
    """What a restart needs: when the account began, how many steps were made, and when those of this cycle were."""

    started_at: datetime
    steps: int = 0
    cycle_times: list[datetime] = field(default_factory=list)

    def add(self, at: datetime) -> None:
        if self.steps % CYCLE == 0:
            self.cycle_times = []
        self.steps += 1
        self.cycle_times.append(at)

    def replayed(self) -> Iterator[tuple[int, datetime]]:
        """The steps to make again, by number: those since the account was last as built."""
        first = self.steps - len(self.cycle_times)
        yield from enumerate(self.cycle_times, start=first)


def load_state(path: Path, now: datetime) -> DemoState:
    """The stored state; a new one when there is none or it cannot be read (the account then begins anew)."""
    try:
        stored = json.loads(path.read_text())
        times = [datetime.fromisoformat(time) for time in stored["cycle_times"]]
        return DemoState(datetime.fromisoformat(stored["started_at"]), int(stored["steps"]), times)
    except (OSError, ValueError, KeyError, TypeError):
        return DemoState(started_at=now)


def save_state(path: Path, state: DemoState) -> None:
    """In one piece: a crash leaves the old state or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = [time.isoformat() for time in state.cycle_times]
    content = {"started_at": state.started_at.isoformat(), "steps": state.steps, "cycle_times": times}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(content))
    fresh.replace(path)


class MotoAccount:
    """The account, and the address others see it at. A step is never seen half done."""

    def __init__(self, data_dir: Path, now: datetime) -> None:
        self._path = data_dir / STATE_FILE
        self._state = load_state(self._path, now)
        self._gate = Lock()
        self._app: Application = DomainDispatcherApplication(create_backend_app)

    @contextmanager
    def served(self, port: int) -> Iterator[tuple[str, Callable[[datetime], str]]]:
        """The account's address once it is whole, and a function that makes the next step and says what it was."""
        root_user.add_root_to_reports()
        with _serve(self._app, 0) as inside:
            account = DemoAccount(inside, self._state.started_at)
            account.build()
            trickle = Trickle(account)
            for number, at in self._state.replayed():
                trickle.apply(number, at)
            save_state(self._path, self._state)
            with _serve(self._gated, port) as outside:
                yield outside, lambda now: self._step(trickle, now)

    def _step(self, trickle: Trickle, now: datetime) -> str:
        with self._gate:
            done = trickle.apply(self._state.steps, now)
        self._state.add(now)
        save_state(self._path, self._state)
        return done

    def _gated(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        empty = moto_missing.answer(environ)
        if empty is not None:
            start_response("200 OK", list(empty[1].items()))
            return [empty[0]]
        with self._gate:
            return self._app(environ, start_response)


@contextmanager
def _serve(app: Application, port: int) -> Iterator[str]:
    server: BaseWSGIServer = make_server(HOST, port, app, threaded=True, request_handler=MotoRequestHandler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main(arguments: list[str] | None = None) -> None:
    """Serves until SIGTERM or SIGINT, or until the starting process is gone with --with-parent."""
    options = _parser().parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    parent = os.getppid() if options.with_parent else None
    with MotoAccount(options.data_dir, _now()).served(options.port) as (address, step):
        _say(f"stand-in AWS account at {address}")
        while _wait(stop, options.interval, parent):
            _say(step(_now()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.demo.moto_account", description=__doc__)
    parser.add_argument("--port", type=int, default=5001, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data-dir", type=Path, required=True, help="where the number of changes is kept")
    parser.add_argument("--interval", type=float, default=20.0, help="seconds between two changes")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser


def _wait(stop: Event, seconds: float, parent: int | None) -> bool:
    """Waits for the next step; False when it is time to end."""
    left = seconds
    while left > 0 and not stop.wait(min(left, 1.0)):
        if parent is not None and os.getppid() != parent:
            return False
        left -= 1.0
    return not stop.is_set()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
