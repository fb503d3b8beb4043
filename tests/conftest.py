"""What every test may ask for: real servers, an open backend, and tenants made to order."""

import asyncio
import gc
import shutil
import signal
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import hypothesis
import pytest
from pydantic import SecretStr

from app.embedded.servers import EmbeddedServers, ServerUrls
from app.logs import set_up_logs
from app.settings import Settings
from app.web import Web, serving
from app.wiring import Backend, open_backend
from app.worker import work
from documents.database import migrate
from tests.factories.backlog import forget_backlog, forget_everything
from tests.factories.graph import Graph

set_up_logs(json=False, level="INFO")
# A shell that starts the tests in the background has them ignore Ctrl-C, and so every process they start; nohup has
# them ignore that the terminal is gone.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# Machines are busy; how long one example takes says nothing.
hypothesis.settings.register_profile("patient", deadline=None)
# `make nightly`: twenty times as many examples.
hypothesis.settings.register_profile("nightly", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("patient")
MEMORY, ROOM = Path("/dev/shm"), 4 * 1024**3
OPENED = pytest.StashKey[Backend]()
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The tests themselves stay until the end: looking through them for garbage takes a second each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, the folder of real billing rows and recordings, beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def servers_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is room: what these servers keep ends with the run, so no disk need be waited for."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        with TemporaryDirectory(dir=MEMORY, prefix="cloudwatcher-tests-") as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def servers(servers_dir: Path) -> Iterator[ServerUrls]:
    """A real mongod and a real Valkey for the whole run."""
    with EmbeddedServers(servers_dir, mongod_args=("--setParameter", "enableTestCommands=1")) as embedded:
        yield embedded.urls


@pytest.fixture(scope="session")
def settings(servers: ServerUrls, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for the servers above; cheap password hashes, because hashing is not what most tests are about."""
    assert servers.mongodb_url is not None
    assert servers.redis_url is not None
    return Settings().model_copy(
        update={
            "data_dir": tmp_path_factory.mktemp("data"),
            "mongodb_url": SecretStr(servers.mongodb_url),
            "redis_url": SecretStr(servers.redis_url),
            "mongodb_database": "cloudwatcher_test",
            "bcrypt_rounds": 4,
            # Every test signs in from the same address.
            "cost_per_minute": 60_000_000,
            "free_attempts": 1_000_000,
            "cost_per_minute_signed_out": 60_000_000,
            "cost_per_minute_per_address": 60_000_000,
        }
    )


@pytest.fixture(scope="session")
async def backend(settings: Settings, pytestconfig: pytest.Config) -> AsyncIterator[Backend]:
    """Everything a process opens, on the session's event loop."""
    async with open_backend(settings) as opened:
        await migrate(opened.client, settings.mongodb_database)
        await opened.vault.migrate()
        pytestconfig.stash[OPENED] = opened
        yield opened


@pytest.fixture(scope="module", autouse=True)
async def begins_empty(pytestconfig: pytest.Config) -> None:
    """A file of tests does not find, nor wait for, what the files before it have left in the stores they share."""
    opened = pytestconfig.stash.get(OPENED, None)
    if opened is not None:
        await forget_everything(opened)


@pytest.fixture(scope="session")
async def address(backend: Backend) -> AsyncIterator[str]:
    """A web process serving on loopback; yields its address."""
    async with serving(Web(backend)) as url:
        yield url


@pytest.fixture
async def graph(address: str) -> AsyncIterator[Graph]:
    """A client of the graph over real HTTP."""
    async with Graph.connected(address) as client:
        yield client


@pytest.fixture
async def worker(backend: Backend) -> AsyncIterator[None]:
    """A worker on the queues for the length of a test."""
    await forget_backlog(backend)
    stop = asyncio.Event()
    task = asyncio.create_task(work(backend, stop))
    yield
    stop.set()
    await task
