"""The embedded MongoDB and Redis: real servers, started, found, killed and started again."""

import json
import os
import shutil
import signal
import socket
import socketserver
import stat
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError

from app.embedded import checks
from app.embedded.binary import MONGOD, find_program
from app.embedded.checks import check_mongodb, check_redis
from app.embedded.directory import DataDirectory
from app.embedded.errors import AlreadyRunning, CannotStart
from app.embedded.server import HOST, free_port
from app.embedded.servers import EmbeddedServers, ServerUrls, running_or_started

PATIENCE_SECONDS = 90
Mongo = MongoClient[dict[str, Any]]

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


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers for the tests that leave them as they are. The blank in the path is on purpose."""
    with EmbeddedServers(tmp_path_factory.mktemp("embedded servers")) as servers:
        yield servers


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    wait_for(lambda: alive_in(tmp_path) == [])  # no test may leave a server behind


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


def alive_in(folder: Path, *names: str) -> list[str]:
    """Command lines of living processes that were started on this folder, guards included."""
    listing = subprocess.run(["ps", "-ww", "-eo", "stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [row.split(maxsplit=1) for row in listing.splitlines() if f"{folder}/" in row]
    return [args for state, args in rows if not state.startswith("Z") and all(name in args for name in names)]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def mongo_client(urls: ServerUrls) -> Mongo:
    return MongoClient(urls.mongodb_url, serverSelectionTimeoutMS=2000)


def redis_client(urls: ServerUrls) -> Redis:
    assert urls.redis_url is not None
    return Redis.from_url(urls.redis_url, decode_responses=True)


def leave_note(urls: ServerUrls, text: str) -> None:
    with mongo_client(urls) as mongo, redis_client(urls) as redis:
        mongo.notes.notes.insert_one({"text": text})
        redis.rpush("notes", text)


def notes(urls: ServerUrls) -> tuple[list[str], list[str]]:
    """What both servers still know."""
    with mongo_client(urls) as mongo, redis_client(urls) as redis:
        stored = [note["text"] for note in mongo.notes.notes.find().sort("_id")]
        remembered: Any = redis.lrange("notes", 0, -1)
        return stored, remembered


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@contextmanager
def other_program_on(port: int) -> Iterator[None]:
    """Something that accepts connections and hangs up."""

    class HangUp(socketserver.TCPServer):
        allow_reuse_address = True

    with HangUp((HOST, port), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def port_of(url: str | None) -> int:
    assert url is not None
    return int(url.rsplit(":", 1)[1].split("/")[0])


# --- what is started


def test_mongodb_is_a_replica_set_of_one_that_takes_transactions(running: EmbeddedServers) -> None:
    with mongo_client(running.urls) as mongo:
        config = mongo.admin.command("replSetGetConfig")["config"]
        with mongo.start_session() as session, session.start_transaction():
            mongo.shop.orders.insert_one({"_id": 1}, session=session)
            session.abort_transaction()
        stored = mongo.shop.orders.count_documents({})

    assert [member["host"] for member in config["members"]] == [f"{HOST}:{port_of(running.urls.mongodb_url)}"]
    assert config["writeConcernMajorityJournalDefault"] is True
    assert stored == 0


def test_servers_listen_on_loopback_alone(running: EmbeddedServers) -> None:
    with mongo_client(running.urls) as mongo, redis_client(running.urls) as redis:
        mongo_binds = mongo.admin.command("getCmdLineOpts")["parsed"]["net"]["bindIp"]
        redis_binds: Any = redis.config_get("bind")

    assert mongo_binds == "127.0.0.1"
    assert redis_binds == {"bind": "127.0.0.1"}


def test_redis_keeps_an_append_only_file_and_evicts_nothing(running: EmbeddedServers) -> None:
    with redis_client(running.urls) as redis:
        settings: Any = redis.config_get("appendonly", "appendfsync", "maxmemory-policy")

    assert settings == {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}


def test_neither_server_answers_without_the_password(running: EmbeddedServers) -> None:
    urls = running.urls

    with (
        Mongo(HOST, port_of(urls.mongodb_url), directConnection=True) as mongo,
        Redis(port=port_of(urls.redis_url)) as redis,
    ):
        with pytest.raises(OperationFailure, match="authentication"):
            mongo.notes.notes.find_one()
        with pytest.raises(AuthenticationError):
            redis.get("notes")


def test_password_is_on_no_command_line_and_in_no_repr(running: EmbeddedServers) -> None:
    assert running.mongodb is not None
    secret = running.mongodb.directory.secret()

    lines = alive_in(running.mongodb.directory.root)

    assert len(lines) == 4  # two servers, two guards
    assert not any(secret in line for line in lines)
    assert secret not in repr(running.urls)


def test_no_compressor_is_offered(running: EmbeddedServers) -> None:
    with mongo_client(running.urls) as mongo:
        hello = mongo.admin.command("hello", compression=["zlib", "snappy", "zstd"])

    assert "compression" not in hello


def test_message_compressed_with_zlib_is_not_opened(running: EmbeddedServers) -> None:
    """CVE-2025-14847 is reached by a compressed message alone, whatever was negotiated before."""
    body = struct.pack("<ib", 0, 0) + bson.encode({"hello": 1, "$db": "admin"})  # OP_MSG: flags, one body section
    packed = struct.pack("<iib", 2013, len(body), 2) + zlib.compress(body)  # the real opcode, its size, 2 = zlib
    message = struct.pack("<iiii", 16 + len(packed), 1, 0, 2012) + packed

    with socket.create_connection((HOST, port_of(running.urls.mongodb_url)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(message)
        answer = connection.recv(16)

    assert answer == b""  # closed


def test_nobody_else_may_read_the_files_of_the_servers(running: EmbeddedServers) -> None:
    assert running.mongodb is not None
    root = running.mongodb.directory.root

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in root.iterdir()}

    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert {"mongodb", "redis", "logs", "servers.json", "servers.key", "valkey.conf"} <= set(modes)


# --- found again


def test_running_servers_are_found_by_their_directory(running: EmbeddedServers) -> None:
    assert running.mongodb is not None

    found = EmbeddedServers.find(running.mongodb.directory.root)

    assert found == running.urls


def test_nothing_is_found_where_nothing_runs(tmp_path: Path) -> None:
    assert EmbeddedServers.find(tmp_path / "never used") is None
    assert list(tmp_path.iterdir()) == []


def test_servers_of_another_directory_are_not_taken_for_ours(running: EmbeddedServers, tmp_path: Path) -> None:
    """A copied data directory brings the ports and the password of the original along."""
    assert running.mongodb is not None
    original, copy = running.mongodb.directory.root, DataDirectory(tmp_path)
    for name in ("servers.json", "servers.key"):
        shutil.copy(original / name, tmp_path / name)
    assert copy.owner.acquire()

    found = EmbeddedServers.find(tmp_path)

    copy.owner.release()
    assert found is None


def test_second_start_on_the_same_directory_is_refused(running: EmbeddedServers) -> None:
    assert running.mongodb is not None
    root = running.mongodb.directory.root

    with pytest.raises(AlreadyRunning) as refusal:
        EmbeddedServers(root).start()

    assert str(root) in str(refusal.value)
    assert f"process {os.getpid()}" in str(refusal.value)
    assert EmbeddedServers.find(root) == running.urls


def test_running_servers_are_borrowed_and_left_running(running: EmbeddedServers) -> None:
    assert running.mongodb is not None
    root = running.mongodb.directory.root

    with running_or_started(root) as both, running_or_started(root, redis=False) as one:
        assert both == running.urls
        assert one == ServerUrls(running.urls.mongodb_url, None)

    assert EmbeddedServers.find(root) == running.urls


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


def test_borrower_is_told_when_the_owner_uses_another_mongodb(data_dir: Path) -> None:
    with (
        EmbeddedServers(data_dir, mongodb=False) as servers,
        pytest.raises(CannotStart, match="MONGODB_URL"),
        running_or_started(data_dir),
    ):
        pass

    assert servers.urls.mongodb_url is None


# --- started again


def test_data_and_ports_are_kept_over_a_restart(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        before = servers.urls
        leave_note(before, "first")

    with EmbeddedServers(data_dir) as servers:
        after = servers.urls
        kept = notes(after)

    assert after == before
    assert kept == (["first"], ["first"])


def test_port_that_was_taken_meanwhile_is_replaced_and_the_data_kept(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        before = servers.urls
        leave_note(before, "first")

    with (
        other_program_on(port_of(before.mongodb_url)),
        other_program_on(port_of(before.redis_url)),
        EmbeddedServers(data_dir) as servers,
    ):
        after = servers.urls
        leave_note(after, "second")
        kept = notes(after)
        found = EmbeddedServers.find(data_dir)

    assert port_of(after.mongodb_url) != port_of(before.mongodb_url)
    assert port_of(after.redis_url) != port_of(before.redis_url)
    assert kept == (["first", "second"], ["first", "second"])
    assert found == after


def test_directory_can_be_moved_between_runs(data_dir: Path, tmp_path: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        leave_note(servers.urls, "first")

    data_dir.rename(tmp_path / "moved")
    with EmbeddedServers(tmp_path / "moved") as servers:
        kept = notes(servers.urls)

    assert kept == (["first"], ["first"])


def test_server_that_ended_is_revived_at_the_same_address(data_dir: Path) -> None:
    with EmbeddedServers(data_dir) as servers:
        before = servers.urls
        leave_note(before, "first")
        assert servers.mongodb is not None
        assert servers.redis is not None
        assert servers.revive() == []

        servers.mongodb.kill()
        servers.redis.kill()
        revived = servers.revive()

        assert revived == ["MongoDB", "Redis"]
        assert servers.urls == before
        assert notes(before) == (["first"], ["first"])
        assert EmbeddedServers.find(data_dir) == before


def test_lost_password_file_is_named(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, redis=False):
        pass
    (data_dir / "servers.key").unlink()

    with pytest.raises(CannotStart) as refusal:
        EmbeddedServers(data_dir, redis=False).start()

    assert str(data_dir / "servers.key") in str(refusal.value)


def test_server_that_cannot_start_says_its_last_words_and_leaves_nothing_running(data_dir: Path) -> None:
    servers = EmbeddedServers(data_dir, mongod_args=["--noSuchOption"])

    with pytest.raises(CannotStart) as refusal:
        servers.start()

    assert "noSuchOption" in str(refusal.value)
    assert alive_in(data_dir) == []
    assert EmbeddedServers.find(data_dir) is None


# --- no orphans


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


# --- the checks at start-up


@pytest.fixture(scope="module")
def bare_mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., int]]:
    """Starts a mongod that we have not set up, with these options, and tells its port."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> int:
        folder, port = tmp_path_factory.mktemp("bare"), free_port()
        command = [str(find_program(MONGOD)), "--port", str(port), "--bind_ip", HOST, "--dbpath", str(folder)]
        command += ["--logpath", str(folder / "log"), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", *options]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        wait_for(lambda: is_listening(port))
        return port

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_embedded_servers_pass_their_own_checks(running: EmbeddedServers) -> None:
    assert running.urls.mongodb_url is not None
    assert running.urls.redis_url is not None

    facts = await check_mongodb(running.urls.mongodb_url)
    redis_version = await check_redis(running.urls.redis_url)

    assert facts.topology == "replica set rs0"
    assert int(facts.version.split(".")[0]) >= 6
    assert int(redis_version.split(".")[0]) >= 7


async def test_servers_that_are_too_old_are_refused(running: EmbeddedServers, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.urls.mongodb_url is not None
    assert running.urls.redis_url is not None
    monkeypatch.setattr(checks, "OLDEST_MONGODB", (99, 0))
    monkeypatch.setattr(checks, "OLDEST_REDIS", (99, 1))

    with pytest.raises(CannotStart, match="too old: CloudWatcher needs 99.0"):
        await check_mongodb(running.urls.mongodb_url)
    with pytest.raises(CannotStart, match="too old: CloudWatcher needs 99.1"):
        await check_redis(running.urls.redis_url)


@pytest.mark.parametrize("options", ["", "?replicaSet=rs0"])
async def test_standalone_mongodb_is_refused_with_the_commands_that_mend_it(standalone: int, options: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        await check_mongodb(f"mongodb://{HOST}:{standalone}/{options}")

    assert "standalone" in str(refusal.value)
    assert "`mongod --replSet rs0`" in str(refusal.value)
    assert f"`mongosh --host {HOST} --port {standalone} --eval 'rs.initiate()'`" in str(refusal.value)


@pytest.fixture(scope="module")
def standalone(bare_mongod: Callable[..., int]) -> int:
    return bare_mongod()


async def test_replica_set_that_was_never_initiated_is_refused_with_the_command(
    bare_mongod: Callable[..., int],
) -> None:
    port = bare_mongod("--replSet", "rs0")

    with pytest.raises(CannotStart) as refusal:
        await check_mongodb(f"mongodb://{HOST}:{port}/")

    assert f"run `mongosh --host {HOST} --port {port} --eval 'rs.initiate()'`" in str(refusal.value)
    assert "standalone" not in str(refusal.value)


async def test_mongodb_that_does_not_answer_is_named_without_its_password() -> None:
    port = free_port()

    with pytest.raises(CannotStart) as refusal:
        await check_mongodb(f"mongodb://user:hunter2@{HOST}:{port}/?replicaSet=rs0")

    assert f"{HOST}:{port}" in str(refusal.value)
    assert "MONGODB_URL" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


async def test_wrong_mongodb_password_is_told_apart(running: EmbeddedServers) -> None:
    assert running.urls.mongodb_url is not None
    url = f"mongodb://cloudwatcher:hunter2@{running.urls.mongodb_url.split('@')[1]}"

    with pytest.raises(CannotStart, match="user name, password") as refusal:
        await check_mongodb(url)

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("url", ["localhost:27017", "mongodb://user:pass/word@host", "mongodb://", ""])
async def test_malformed_mongodb_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(CannotStart, match="MONGODB_URL is not the address") as refusal:
        await check_mongodb(url)

    assert "pass/word" not in str(refusal.value)
    assert refusal.value.__suppress_context__


async def test_redis_that_may_evict_keys_is_refused(data_dir: Path) -> None:
    with EmbeddedServers(data_dir, mongodb=False, valkey_args=["--maxmemory-policy", "allkeys-lru"]) as servers:
        assert servers.urls.redis_url is not None

        with pytest.raises(CannotStart, match="maxmemory-policy noeviction"):
            await check_redis(servers.urls.redis_url)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://127.0.0.1", "REDIS_URL is not the address"),
        ("redis://127.0.0.1:1/0", "start it or correct REDIS_URL"),
    ],
)
async def test_redis_that_cannot_be_reached_is_refused(url: str, advice: str) -> None:
    with pytest.raises(CannotStart, match=advice):
        await check_redis(url)


async def test_wrong_redis_password_is_told_apart(running: EmbeddedServers) -> None:
    assert running.urls.redis_url is not None
    url = f"redis://:hunter2@{running.urls.redis_url.split('@')[1]}"

    with pytest.raises(CannotStart, match="password in REDIS_URL"):
        await check_redis(url)
