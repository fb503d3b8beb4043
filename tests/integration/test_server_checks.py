"""Which servers CloudWatcher agrees to work with, and how it says no."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.embedded import checks
from app.embedded.binary import MONGOD, find_program
from app.embedded.checks import check_mongodb, check_redis
from app.embedded.errors import CannotStart
from app.embedded.server import HOST, free_port
from app.embedded.servers import EmbeddedServers, ServerUrls
from tests.integration.embedded import wait_for


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


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


async def test_embedded_servers_pass_their_own_checks(servers: ServerUrls) -> None:
    assert servers.mongodb_url is not None
    assert servers.redis_url is not None

    facts = await check_mongodb(servers.mongodb_url)
    redis_version = await check_redis(servers.redis_url)

    assert facts.topology == "replica set rs0"
    assert int(facts.version.split(".")[0]) >= 6
    assert int(redis_version.split(".")[0]) >= 7


async def test_servers_that_are_too_old_are_refused(servers: ServerUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    assert servers.mongodb_url is not None
    assert servers.redis_url is not None
    monkeypatch.setattr(checks, "OLDEST_MONGODB", (99, 0))
    monkeypatch.setattr(checks, "OLDEST_REDIS", (99, 1))

    with pytest.raises(CannotStart, match=r"too old: CloudWatcher needs 99\.0"):
        await check_mongodb(servers.mongodb_url)
    with pytest.raises(CannotStart, match=r"too old: CloudWatcher needs 99\.1"):
        await check_redis(servers.redis_url)


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


async def test_wrong_mongodb_password_is_told_apart(servers: ServerUrls) -> None:
    assert servers.mongodb_url is not None
    url = f"mongodb://cloudwatcher:hunter2@{servers.mongodb_url.split('@')[1]}"

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


async def test_wrong_redis_password_is_told_apart(servers: ServerUrls) -> None:
    assert servers.redis_url is not None
    url = f"redis://:hunter2@{servers.redis_url.split('@')[1]}"

    with pytest.raises(CannotStart, match="password in REDIS_URL"):
        await check_redis(url)
