"""The embedded MongoDB and Redis in one process: what is started, how it is found, and what a restart keeps."""

import os
import shutil
import socket
import socketserver
import stat
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.errors import OperationFailure
from redis import Redis
from redis.exceptions import AuthenticationError

from app.embedded.directory import DataDirectory
from app.embedded.errors import AlreadyRunning, CannotStart
from app.embedded.server import HOST
from app.embedded.servers import EmbeddedServers, ServerUrls, running_or_started
from tests.integration.embedded import (
    PATIENCE_SECONDS,
    Mongo,
    alive_in,
    leave_note,
    mongo_client,
    notes,
    port_of,
    redis_client,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers for the tests that leave them as they are. The blank in the path is on purpose."""
    with EmbeddedServers(tmp_path_factory.mktemp("embedded servers")) as servers:
        yield servers


@contextmanager
def other_program_on(port: int) -> Iterator[None]:
    """Something that accepts connections and hangs up."""

    class HangUp(socketserver.TCPServer):
        allow_reuse_address = True

    with HangUp((HOST, port), socketserver.BaseRequestHandler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield
        server.shutdown()


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


def test_borrower_is_told_when_the_owner_uses_another_mongodb(data_dir: Path) -> None:
    with (
        EmbeddedServers(data_dir, mongodb=False) as servers,
        pytest.raises(CannotStart, match="MONGODB_URL"),
        running_or_started(data_dir),
    ):
        pass

    assert servers.urls.mongodb_url is None


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


def test_nothing_is_touched_when_neither_server_is_embedded(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data", mongodb=False, redis=False) as servers:
        urls = servers.urls

    assert urls == ServerUrls(None, None)
    assert list(tmp_path.iterdir()) == []
