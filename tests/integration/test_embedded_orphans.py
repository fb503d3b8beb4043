"""Processes that start or borrow embedded servers: however they end, nothing is left behind or damaged."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.embedded.servers import EmbeddedServers, ServerUrls
from tests.integration.embedded import (
    PATIENCE_SECONDS,
    alive_in,
    leave_note,
    mongo_client,
    notes,
    redis_client,
    wait_for,
)

# A parent that starts the servers of the directory named by its argument, tells where they are, and waits.
PARENT = """
import json, sys, time
from pathlib import Path
from app.embedded.servers import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])) as servers:
    urls = servers.urls
    print(json.dumps([urls.mongodb_url, urls.redis_url]), flush=True)
    time.sleep(600)
"""
# A parent that still needs its servers after the Ctrl-C of its terminal.
LATE_PARENT = """
import json, sys, time
from pathlib import Path
from redis import Redis
from app.embedded.servers import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1]), mongodb=False) as servers:
    urls = servers.urls
    try:
        print(json.dumps([urls.mongodb_url, urls.redis_url]), flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        time.sleep(1)
        with Redis.from_url(urls.redis_url) as redis:
            redis.rpush("notes", "last")
"""
# A parent that borrows or starts them, and is done when its standard input closes.
BORROWER = """
import json, sys
from pathlib import Path
from app.embedded.servers import running_or_started
with running_or_started(Path(sys.argv[1]), mongodb=False) as urls:
    print(json.dumps([urls.mongodb_url, urls.redis_url]), flush=True)
    sys.stdin.read()
"""

Launch = Callable[[str, Path], subprocess.Popen[str]]


@pytest.fixture
def launch() -> Iterator[Launch]:
    launched: list[subprocess.Popen[str]] = []

    def launch_one(code: str, data_dir: Path) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", code, str(data_dir)]
        launched.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True))
        return launched[-1]

    yield launch_one
    for process in launched:
        with process:
            process.kill()


def told_by(process: subprocess.Popen[str]) -> ServerUrls:
    assert process.stdout is not None
    return ServerUrls(*json.loads(process.stdout.readline()))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_parent_leaves_no_orphan_and_no_damage(data_dir: Path, launch: Launch, number: signal.Signals) -> None:
    parent = launch(PARENT, data_dir)
    leave_note(told_by(parent), "first")
    assert len(alive_in(data_dir)) == 4

    parent.send_signal(number)
    parent.wait(timeout=PATIENCE_SECONDS)
    wait_for(lambda: alive_in(data_dir) == [])

    with EmbeddedServers(data_dir) as servers:
        assert notes(servers.urls) == (["first"], ["first"])


def test_ctrl_c_stops_the_servers_after_the_parent_is_done(data_dir: Path, launch: Launch) -> None:
    parent = launch(LATE_PARENT, data_dir)
    told_by(parent)

    os.killpg(parent.pid, signal.SIGINT)
    code = parent.wait(timeout=PATIENCE_SECONDS)

    assert code == 0
    assert alive_in(data_dir) == []
    with EmbeddedServers(data_dir, mongodb=False) as servers, redis_client(servers.urls) as redis:
        kept: Any = redis.lrange("notes", 0, -1)
    assert kept == ["last"]


def test_parent_killed_while_starting_leaves_no_orphan(data_dir: Path, launch: Launch) -> None:
    parent = launch(PARENT, data_dir)
    wait_for(lambda: alive_in(data_dir, "mongod") != [])

    parent.kill()
    parent.wait(timeout=PATIENCE_SECONDS)
    wait_for(lambda: alive_in(data_dir) == [])

    with EmbeddedServers(data_dir) as servers:
        leave_note(servers.urls, "first")
        assert notes(servers.urls) == (["first"], ["first"])


def test_start_right_after_a_kill_waits_for_the_old_servers_to_end(data_dir: Path, launch: Launch) -> None:
    parent = launch(PARENT, data_dir)
    leave_note(told_by(parent), "first")

    parent.kill()
    parent.wait(timeout=PATIENCE_SECONDS)

    with EmbeddedServers(data_dir) as servers:
        assert notes(servers.urls) == (["first"], ["first"])
        assert len(alive_in(data_dir)) == 4


def test_servers_stop_promptly_while_clients_are_connected(data_dir: Path) -> None:
    servers = EmbeddedServers(data_dir)
    urls = servers.start()
    with mongo_client(urls) as mongo, redis_client(urls) as redis:
        leave_note(urls, "first")
        session = mongo.start_session()
        session.start_transaction()
        mongo.notes.notes.insert_one({"text": "never committed"}, session=session)
        redis.ping()

        servers.stop()

        assert alive_in(data_dir) == []
    with EmbeddedServers(data_dir) as again:
        assert notes(again.urls) == (["first"], ["first"])


def test_lender_waits_for_the_last_borrower(data_dir: Path, launch: Launch) -> None:
    lender = launch(BORROWER, data_dir)
    lent = told_by(lender)
    borrower = launch(BORROWER, data_dir)
    borrowed = told_by(borrower)
    assert lender.stdin is not None

    lender.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        lender.wait(timeout=2)
    with redis_client(borrowed) as redis:
        still_there = redis.ping()
    borrower.communicate(timeout=PATIENCE_SECONDS)
    code = lender.wait(timeout=PATIENCE_SECONDS)

    assert borrowed == lent
    assert still_there
    assert code == 0
    assert alive_in(data_dir) == []
