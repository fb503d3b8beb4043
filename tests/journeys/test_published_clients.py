"""Clients that others publish, as partners use them: the examples of the guide, run from the page itself.

Each is cut off twice, before and after its first message, while something happens, and must tell of everything once.
"""

import asyncio
import os
import re
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app.embedded.server import free_port
from app.web import Web, serving
from app.wiring import Backend
from auth.token import TokenIssuer
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from tests.factories.machine import make_machine
from tests.factories.tenant import Tenant, make_session, make_tenant, token_for
from tests.fakes.node import NoPeer, installed, node

GUIDE = Path(__file__).parents[2] / "docs/guides/partner-integrations.md"
SCRIPTS = Path(__file__).parents[1] / "fakes/clients"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PACKAGES = (
    "graphql@16.11.0",
    "graphql-ws@6.4.2",
    "graphql-sse@2.6.1",
    "@apollo/client@4.3.8",
    "@urql/core@6.0.3",
    "rxjs@7.8.2",
    "ws@8.23.0",
)
CLIENTS = ("follow.py", "with-graphql-ws.mjs", "with-apollo.mjs", "with-urql.mjs", "with-urql-sse.mjs")
DEADLINE = 90


def examples() -> dict[str, str]:
    """The files of the guide, by the names in their first lines."""
    found = {}
    for _, text in BLOCK.findall(GUIDE.read_text()):
        if named := re.match(r"(?://|#) (\S+\.(?:py|mjs))\n", text):
            found[named.group(1)] = text
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files of the guide are, beside the packages it names."""
    for name, text in examples().items():
        (tmp_path / name).write_text(text)
    for script in SCRIPTS.glob("*.mjs"):
        (tmp_path / script.name).write_text(script.read_text())
    return tmp_path


def command(folder: Path, name: str) -> list[str]:
    """How the file is run. Skips where there is no Node."""
    if name.endswith(".py"):
        return [sys.executable, str(folder / name)]
    try:
        packages = installed(*PACKAGES) / "node_modules"
        program = node()
    except NoPeer as missing:
        pytest.skip(str(missing))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(packages)
    return [program, str(folder / name)]


@asynccontextmanager
async def running(*command: str, address: str, key: str, **more: str) -> AsyncIterator[Process]:
    """The program, with the address and the key in its environment."""
    env = {**os.environ, "CLOUDWATCHER_URL": address, "CLOUDWATCHER_KEY": key, **more}
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line_of(process: Process) -> str:
    """The next line it prints; fails with what it complains of when there is none."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = await process.stdout.readline()
    assert line, (await process.stderr.read()).decode()
    return line.decode().strip()


async def raised(backend: Backend, tenant: Tenant, title: str) -> None:
    cause = Cause(fingerprint=title, source=AlertSource.FINDING, severity=Severity.HIGH, title=title, message="m")

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    await backend.writer.commit(change)


@asynccontextmanager
async def server(backend: Backend, port: int) -> AsyncIterator[Web]:
    """A web process that asks nobody to wait before they come back."""
    web = Web(backend)
    web.connections._reconnect_within = timedelta(0)
    async with serving(web, port=port):
        yield web


async def followed(web: Web) -> None:
    """Wait until somebody follows something, and knows from where."""
    while not web.feed.followers:  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("name", CLIENTS)
async def test_an_example_goes_on_where_it_was_when_the_server_comes_back(
    backend: Backend, folder: Path, name: str
) -> None:
    tenant, port = await make_tenant(backend), free_port()
    machine = await make_machine(tenant, "alerts:read")
    told = []
    args = command(folder, name)

    async with asyncio.timeout(DEADLINE), AsyncExitStack() as stack:
        first = AsyncExitStack()
        web = await first.enter_async_context(server(backend, port))
        running_one = running(*args, address=f"http://127.0.0.1:{port}", key=machine.token)
        one = await stack.enter_async_context(running_one)
        await followed(web)
        await first.aclose()
        await raised(backend, tenant, "while nobody served")
        async with server(backend, port):
            told.append(await line_of(one))
            await raised(backend, tenant, "while connected")
            told.append(await line_of(one))
        await raised(backend, tenant, "while nobody served again")
        async with server(backend, port):
            told.append(await line_of(one))
            await raised(backend, tenant, "at last")
            told.append(await line_of(one))

    assert told == ["while nobody served", "while connected", "while nobody served again", "at last"]


@pytest.mark.parametrize("name", CLIENTS)
async def test_an_example_with_a_key_that_is_refused_ends_and_says_so(
    backend: Backend, folder: Path, name: str
) -> None:
    port = free_port()
    args = command(folder, name)

    # Another one each time: who tries one again and again is told to wait.
    running_one = running(*args, address=f"http://127.0.0.1:{port}", key=f"cwk_{secrets.token_hex(4)}")
    async with asyncio.timeout(DEADLINE), server(backend, port), running_one as one:
        _, complaint = await one.communicate()

    assert one.returncode == 1
    assert "key" in complaint.decode()


async def test_the_example_with_curl_is_told_what_happens(backend: Backend) -> None:
    (block,) = [text for language, text in BLOCK.findall(GUIDE.read_text()) if language == "bash"]
    tenant, port = await make_tenant(backend), free_port()
    machine = await make_machine(tenant, "alerts:read")

    async with asyncio.timeout(DEADLINE), server(backend, port) as web:
        command = ("bash", "-euc", f"exec {block}")
        async with running(*command, address=f"http://127.0.0.1:{port}", key=machine.token) as one:
            await followed(web)
            await raised(backend, tenant, "Open to the world")
            while not (line := await line_of(one)).startswith("data:"):
                pass

    assert '"type":"AlertRaised","subject":{"title":"Open to the world"}' in line


async def short_lived(backend: Backend, tenant: Tenant) -> str:
    """An access token that is valid for three seconds."""
    settings = backend.settings
    issuer = TokenIssuer(backend.keys.signing, issuer=settings.public_url, lifetime=timedelta(seconds=3))
    session = await make_session(tenant.user)
    return issuer.issue(str(tenant.user.id), utc_now(), session_id=str(session.id))[0]


async def test_a_token_that_expires_closes_the_socket_and_the_next_one_goes_on(backend: Backend, folder: Path) -> None:
    tenant, port = await make_tenant(backend), free_port()
    short, long = await short_lived(backend, tenant), await token_for(backend, tenant.user)
    args = [*command(folder, "expiring.mjs"), short, long]

    running_one = running(*args, address=f"http://127.0.0.1:{port}", key="")
    async with asyncio.timeout(DEADLINE), server(backend, port) as web, running_one as one:
        await followed(web)
        closed = await line_of(one)
        await raised(backend, tenant, "afterwards")
        told = await line_of(one)

    assert closed == "closed 4403 The access token has expired. Connect again with a new one."
    assert told == "afterwards"
