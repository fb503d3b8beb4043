"""Several web processes on one port: connections are spread over them, and each delivers."""

import asyncio
import re
import socket as sockets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from app.cli.up import web_children
from app.settings import environment_for_children
from app.wiring import Backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from documents.transaction import Transaction
from domain.facts.severity import Severity
from tests.factories.graph import messages, socket, subscribe
from tests.factories.tenant import make_tenant

DEADLINE = 120
ROOT = Path(__file__).parents[2]
CLIENTS = 40
FEED = "subscription { alertRaised { ... on AlertRaised { alert { title } } } }"


@pytest.fixture
async def address(backend: Backend) -> AsyncIterator[str]:
    """Two processes, started as `cloudwatcher up` starts them."""
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = backend.settings.model_copy(update={"port": port, "web_processes": 2})
    env = {**environment_for_children(settings), "CLOUDWATCHER_MONGODB_DATABASE": settings.mongodb_database}
    started = []
    for child in web_children(settings.web_processes, env):
        started.append(await asyncio.create_subprocess_exec(*child.command, env=child.env, cwd=ROOT))
        await asyncio.sleep(0.1)  # they are told apart by when they started
    yield f"http://127.0.0.1:{port}"
    for process in started:
        process.terminate()
    for process in started:
        await process.wait()


async def metrics_page(address: str) -> str:
    """By a connection of its own, which goes to one of the processes."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    page = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    return page


async def connections_by_process(address: str) -> dict[str, int]:
    """Start time of each process that answers, to its open WebSockets."""
    found: dict[str, int] = {}
    for _ in range(40):
        page = await metrics_page(address)
        started = re.search(r"^process_start_time_seconds (\S+)", page, re.MULTILINE)
        held = re.search(r'^cloudwatcher_graphql_connections\{transport="websocket"\} (\S+)', page, re.MULTILINE)
        assert started is not None
        found[started[1]] = int(float(held[1])) if held else 0
    return found


async def until_both_answer(address: str) -> None:
    while True:
        with suppress(OSError):
            if len(await connections_by_process(address)) == 2:
                return
        await asyncio.sleep(0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over the sockets of one port")
async def test_two_processes_share_the_connections_and_both_deliver(backend: Backend, address: str) -> None:
    tenant = await make_tenant(backend)
    cause = Cause(fingerprint="1", source=AlertSource.FINDING, severity=Severity.HIGH, title="1", message="m")

    async def change(tx: Transaction) -> None:
        await raise_alert(tx, tenant.organization.id, cause, utc_now())

    async with AsyncExitStack() as stack, asyncio.timeout(DEADLINE):
        await until_both_answer(address)
        opened = [await stack.enter_async_context(socket(address, tenant.token)) for _ in range(CLIENTS)]
        for one in opened:
            await subscribe(one, FEED)
        held = await connections_by_process(address)
        await asyncio.sleep(1)
        await backend.writer.commit(change)
        heard = [(await anext(messages(one)))["payload"]["data"]["alertRaised"]["alert"]["title"] for one in opened]

    assert heard == ["1"] * CLIENTS
    assert sum(held.values()) == CLIENTS
    # Each of 40 goes to either with even odds: all to one would be a chance of two in 2^40.
    assert min(held.values()) > 0


def test_up_starts_as_many_web_processes_as_are_wanted() -> None:
    one, three = web_children(1, {}), web_children(3, {})

    assert [child.name for child in one] == ["web"]
    assert [child.name for child in three] == ["web", "web-2", "web-3"]
    assert {tuple(child.command) for child in three} == {tuple(one[0].command)}
