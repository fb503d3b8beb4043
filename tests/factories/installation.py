"""An installation as an operator runs it: `cloudwatcher up` with processes of its own, reached from outside alone."""

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from app.settings import Settings, environment_for_children
from tests.factories.graph import messages, socket, subscribe
from tests.fakes.mail_server import MailServer, code_in

ROOT = Path(__file__).parents[2]
PATIENCE = 60
FEED = "subscription { alertRaised { ... on AlertRaised { alert { title } } } }"


@dataclass(frozen=True)
class Installation:
    address: str
    folder: Path
    environment: Mapping[str, str]

    async def run(self, *arguments: str) -> tuple[int, str]:
        """(exit code, everything printed) of a command beside the running processes."""
        process = await self._start(*arguments)
        printed, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, printed.decode()

    async def _start(self, *arguments: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli.main", *arguments, "--data-dir", str(self.folder / "data")),
            env=self.environment,
            cwd=ROOT,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with asyncio.timeout(PATIENCE), httpx2.AsyncClient() as http:
            while "CloudWatcher answers at" not in self.log or not await _is_ready(http, self.address):
                assert process.returncode is None, self.log
                await asyncio.sleep(0.1)

    @asynccontextmanager
    async def up(self, port: int) -> AsyncIterator[None]:
        """Servers, web and worker, from when they answer until they have stopped."""
        with (self.folder / "log").open("wb") as log:
            process = await self._start("up", "--port", str(port), output=log.fileno())
        try:
            await self.until_ready(process)
            yield
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            async with asyncio.timeout(PATIENCE):
                await process.wait()


async def _is_ready(http: httpx2.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/readyz")).is_success
    except httpx2.HTTPError:
        return False


@asynccontextmanager
async def installation(folder: Path, port: int, **variables: str) -> AsyncIterator[Installation]:
    """One that is up, with nothing in it, and these variables in its environment."""
    env = environment_for_children(Settings())
    for name in ("MONGODB_URL", "REDIS_URL", "CLOUDWATCHER_PUBLIC_URL", "CLOUDWATCHER_DATA_DIR"):
        env.pop(name, None)
    environment = {**env, "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **variables}
    made = Installation(f"http://127.0.0.1:{port}", folder, environment)
    async with made.up(port):
        yield made


def authority_of(mail: MailServer, folder: Path) -> Path:
    """The file by which a process comes to trust the mail server, as an operator would put it there."""
    path = folder / "authorities.pem"
    found = mail.tls.get_ca_certs(binary_form=True)
    path.write_text("".join(ssl.DER_cert_to_PEM_cert(each) for each in found))
    return path


class Mailbox:
    """What somebody with this address reads."""

    def __init__(self, mail: MailServer) -> None:
        self._mail = mail
        self._read: dict[str, int] = {}

    async def code(self, address: str) -> str:
        """The code of the next letter that has one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                letters = self._mail.to(address)[self._read.get(address, 0) :]
                for letter in letters:
                    self._read[address] = self._read.get(address, 0) + 1
                    with suppress(ValueError):  # it has none
                        return code_in(letter)
                await asyncio.sleep(0.05)

    async def subjects(self, address: str, count: int) -> list[str]:
        """Those of all letters to this address, once there are so many."""
        async with asyncio.timeout(PATIENCE):
            while len(self._mail.to(address)) < count:  # noqa: ASYNC110 - another thread receives
                await asyncio.sleep(0.05)
        return [str(letter["Subject"]) for letter in self._mail.to(address)]


class Watcher:
    """A client with open alerts: what came, and when, and how it ended. Times are monotonic."""

    def __init__(self) -> None:
        self.came: list[tuple[float, str]] = []
        self.closed_at: float | None = None
        self.close_code: int | None = None
        self.opened = asyncio.Event()

    async def follow(self, address: str, token: str) -> None:
        async with socket(address, token) as live:
            await subscribe(live, FEED)
            self.opened.set()
            with suppress(ConnectionClosed):
                await self._read(live)
            self.closed_at, self.close_code = time.monotonic(), live.close_code

    async def _read(self, live: ClientConnection) -> None:
        async for message in messages(live):
            assert message["type"] == "next", message
            self.came.append((time.monotonic(), message["payload"]["data"]["alertRaised"]["alert"]["title"]))

    def has(self, name: str) -> bool:
        return any(name in title for _, title in self.came)

    async def until(self, name: str) -> None:
        """Wait for an alert with this in its title."""
        async with asyncio.timeout(PATIENCE):
            while not self.has(name):  # noqa: ASYNC110 - whatever comes next may be it
                await asyncio.sleep(0.01)

    async def until_closed(self) -> float:
        """When the server closed it."""
        async with asyncio.timeout(PATIENCE):
            while self.closed_at is None:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        return self.closed_at


@asynccontextmanager
async def watching(address: str, token: str) -> AsyncIterator[Watcher]:
    """A client that follows alerts from now on."""
    watcher = Watcher()
    task = asyncio.create_task(watcher.follow(address, token))
    try:
        async with asyncio.timeout(PATIENCE):
            await watcher.opened.wait()
        yield watcher
    finally:
        task.cancel()
        ended = await asyncio.gather(task, return_exceptions=True)
        for problem in ended:
            if isinstance(problem, Exception):
                raise problem
