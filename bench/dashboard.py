"""How long a dashboard takes over HTTP with many clients, on millions of rows: kept, and computed anew."""

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from beanie import PydanticObjectId

from app.embedded.server import free_port
from app.embedded.servers import EmbeddedServers
from app.wiring import Backend
from bench.import_costs import backend_of
from bench.seed import SeededTenant, seed_alerts, seed_costs, seed_tenants
from documents.transaction import Transaction
from domain.facts import topic

CLIENTS = 16
QUERY = """{ dashboard { asOf currency costsUntil costMonthToDate costLastMonth costSameDaysLastMonth costYesterday
costLast30Days openFindings criticalFindings monthlySaving openAlerts criticalAlerts accounts failingAccounts } }"""


class Client:
    """One connection that asks for the dashboard, kept open."""

    def __init__(self, address: str, token: str) -> None:
        self._place = urlsplit(address)
        body = orjson.dumps({"query": QUERY})
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        )
        self._request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._place.hostname, self._place.port)

    async def ask(self) -> float:
        """The milliseconds one dashboard takes. Fails when it is not one."""
        begun = time.perf_counter()
        self._writer.write(self._request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split()[0])
        body = await self._reader.readexactly(length)
        took = (time.perf_counter() - begun) * 1000
        assert b'"asOf"' in body, body
        return took


class Stage:
    """Prints how long requests took, and how much of the web process: on a busy machine that tells more."""

    def __init__(self, name: str, web: int) -> None:
        self._name, self._web = name, web
        self._begun, self._used = time.perf_counter(), self._processor()

    def ended(self, took: Sequence[float]) -> None:
        cuts, seconds = statistics.quantiles(took, n=100), time.perf_counter() - self._begun
        each = (self._processor() - self._used) * 1000 / len(took)
        print(
            f"{self._name}: {len(took):,} requests, p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, "
            f"p99 {cuts[98]:.1f} ms, {len(took) / seconds:,.0f} a second, {each:.2f} ms of processor each",
            flush=True,
        )

    def _processor(self) -> float:
        fields = Path(f"/proc/{self._web}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def announce(backend: Backend, org_id: str) -> None:
    """Something happened: no kept answer about this organization is found any more."""

    async def change(tx: Transaction) -> None:
        tx.announce(PydanticObjectId(org_id), topic.alerts(org_id), "Changed", {})

    await backend.writer.commit(change)


async def asked_for(clients: Sequence[Client], seconds: float, *, pause: float = 0) -> list[float]:
    """Every client asks, one request after the other, for so long."""
    until = time.perf_counter() + seconds

    async def ask(client: Client) -> list[float]:
        await client.open()  # servers close what has been idle for a while
        took = []
        while time.perf_counter() < until:
            took.append(await client.ask())
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        return took

    return [one for took in await asyncio.gather(*map(ask, clients)) for one in took]


async def asked_after_events(backend: Backend, org_id: str, clients: Sequence[Client], seconds: float) -> list[float]:
    """All clients ask once at the same time after each event."""
    until, took = time.perf_counter() + seconds, []
    await asyncio.gather(*(client.open() for client in clients))
    while time.perf_counter() < until:
        await announce(backend, org_id)
        took += await asyncio.gather(*(client.ask() for client in clients))
    return took


async def measure(backend: Backend, address: str, tenant: SeededTenant, seconds: float, web: int) -> None:
    clients = [Client(address, tenant.token) for _ in range(CLIENTS)]
    await asked_for(clients, 2)
    for some in (clients[:1], clients):
        stage = Stage(f"kept, clients: {len(some)}", web)
        stage.ended(await asked_for(some, seconds))
    for some in (clients[:1], clients):
        stage = Stage(f"computed anew, clients at once after each event: {len(some)}", web)
        stage.ended(await asked_after_events(backend, tenant.org_id, some, seconds))

    async def every_second() -> None:
        while True:
            await announce(backend, tenant.org_id)
            await asyncio.sleep(1)

    events = asyncio.create_task(every_second())
    for pause in (0, 0.1, 0.5):
        stage = Stage(f"an event every second, {CLIENTS} clients, pause of {pause} s", web)
        stage.ended(await asked_for(clients, seconds, pause=pause))
    events.cancel()


async def run(servers: EmbeddedServers, folder: Path, options: argparse.Namespace) -> None:
    async with backend_of(servers, folder) as backend:
        begun = time.perf_counter()
        (tenant,) = await seed_tenants(backend, 1)
        await seed_costs(backend, tenant.org_id, options.rows)
        print(f"seeded {options.rows:,} rows in {time.perf_counter() - begun:.0f} s", flush=True)
        begun = time.perf_counter()
        await seed_alerts(backend, [tenant.org_id], options.alerts)
        print(f"seeded {options.alerts:,} alerts in {time.perf_counter() - begun:.0f} s", flush=True)
        port = free_port()
        environment = {
            **os.environ,
            "MONGODB_URL": servers.urls.mongodb_url or "",
            "REDIS_URL": servers.urls.redis_url or "",
            "PORT": str(port),
            "CLOUDWATCHER_DATA_DIR": str(folder),
            "CLOUDWATCHER_COST_PER_MINUTE": "600000000",
            "CLOUDWATCHER_COST_PER_MINUTE_PER_ADDRESS": "600000000",
            "CLOUDWATCHER_LOG_LEVEL": "WARNING",
        }
        web = await asyncio.create_subprocess_exec(sys.executable, "-m", "app.web", env=environment)
        try:
            await asyncio.sleep(8)
            await measure(backend, f"http://127.0.0.1:{port}", tenant, options.seconds, web.pid)
        finally:
            web.terminate()
            await web.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--alerts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedServers(Path(name) / "servers") as servers:
        asyncio.run(run(servers, Path(name), options))


if __name__ == "__main__":
    main()
