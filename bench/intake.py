"""`python -m bench intake`: how soon an open subscriber is told of what a provider sends, beside one who keeps asking.

A real web and a real worker process. Alarms of CloudWatch come at a steady pace, in messages signed as Amazon SNS signs
them with a key of our own, whose certificate stands where SNS's would be fetched. From sending each request on are
counted: until it is acknowledged, until its alert comes over an open WebSocket, and until a client that asks for the
newest alerts every few seconds has it. All three in the same run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from beanie import PydanticObjectId
from websockets.asyncio.client import ClientConnection, connect

import documents
from bench.holdings import Tenant, make_tenant
from bench.machine import described, load_average
from bench.measure import percentile, shown, table
from bench.peers.catalogue import OURS
from bench.processes import Child
from bench.results import save
from bench.sns import ACCOUNT, TOPIC, alarms, certificates
from bench.stage import ROOT, Stage, staged
from documents.base import utc_now
from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider

FEED = "subscription { alertRaised { ... on AlertRaised { alert { title } } } }"
NEWEST = (
    "query($after: Cursor) { alerts(first: 100, after: $after) { nodes { title } pageInfo { endCursor hasNextPage } } }"
)
WARM_UP = 10
# What has not come by then is counted as lost.
LATEST = 60.0
SHARES = (0.5, 0.95, 0.99)
ACKNOWLEDGED, SUBSCRIBED, ASKED = "acknowledged", "subscriber", "asking"


@dataclass(slots=True)
class Times:
    """When each was sent, by its title, and when it was first known of, by how."""

    sent: dict[str, float] = field(default_factory=dict)
    known: dict[str, dict[str, float]] = field(default_factory=lambda: {ACKNOWLEDGED: {}, SUBSCRIBED: {}, ASKED: {}})

    def know(self, how: str, title: str) -> bool:
        """Whether that is news."""
        is_news = title not in self.known[how]
        self.known[how].setdefault(title, time.perf_counter())
        return is_news

    def figures(self, how: str, titles: Sequence[str]) -> dict[str, float]:
        """Milliseconds from sending on by share, and how many never came."""
        known = self.known[how]
        took = sorted((known[title] - self.sent[title]) * 1000 for title in titles if title in known)
        return {f"p{share * 100:.0f}": percentile(took, share) for share in SHARES} | {"lost": len(titles) - len(took)}

    def has(self, how: str, titles: Sequence[str]) -> bool:
        return all(title in self.known[how] for title in titles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--rate", type=float, default=10.0, help="events a second")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two questions of the one who asks")
    arguments = parser.parse_args()
    busy = load_average()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage, ExitStack() as stack:
        tenant, path = asyncio.run(_endpoint(stage))
        authority = stack.enter_context(certificates())
        more = {"CLOUDWATCHER_KEY_AUTHORITIES": json.dumps({"aws_sns": authority})}
        web = stack.enter_context(OURS.start(stage, more))
        command = [sys.executable, "-m", "app.worker"]
        worker = Child(command, env=stage.environment(0, **more), log=stage.folder / "worker.log", folder=ROOT)
        stack.enter_context(worker)
        run = Run(web.port or 0, tenant.token, path, arguments.rate, arguments.every)
        figures = asyncio.run(run.measured(arguments.events))
        save("intake", {"machine": described(stage), "load": busy, **vars(arguments), "figures": figures})
    print(
        f"{arguments.events} events, {arguments.rate:g} a second, load {busy:.1f} before\n{report(figures)}", flush=True
    )


def report(figures: Mapping[str, Mapping[str, float]]) -> str:
    """A table in milliseconds, and how many times as long the one who asks waits."""
    shares = [name for name in figures[SUBSCRIBED] if name != "lost"]
    rows = [[how, *(shown(of[name]) for name in shares), f"{of['lost']:.0f}"] for how, of in figures.items()]
    ours, asked = figures[SUBSCRIBED], figures[ASKED]
    times = [shown(asked[name] / ours[name]) if ours[name] else "" for name in shares]
    return table(["ms from sending on", *shares, "lost"], [*rows, ["asking ÷ subscriber", *times, ""]])


async def _endpoint(stage: Stage) -> tuple[Tenant, str]:
    """A tenant whose account sends alarms to this path."""
    async with stage.backend() as backend:
        tenant = await make_tenant(backend, "Bench")
        org_id = PydanticObjectId(tenant.org_id)
        account = documents.Account(
            org_id=org_id,
            provider=Provider.AWS,
            native_id=ACCOUNT,
            name="production",
            state=documents.AccountState.CONNECTED,
            next_sync_at=utc_now() + timedelta(days=365),
        )
        await account.insert()
        assert account.id is not None
        endpoint = documents.IntakeEndpoint(
            org_id=org_id, account_id=account.id, way=IntakeWay.AWS_SNS, settings={"topic_arns": [TOPIC]}
        )
        await endpoint.insert()
        assert endpoint.id is not None
        return tenant, endpoint.way.address("", endpoint.id) or ""


@dataclass(slots=True)
class Run:
    """Sends, listens and asks, all from one loop: its clock is the only one."""

    port: int
    token: str
    path: str
    rate: float
    every: float
    times: Times = field(default_factory=Times)

    async def measured(self, events: int) -> dict[str, dict[str, float]]:
        made = alarms(WARM_UP + events)
        titles = list(made)[WARM_UP:]
        address = f"http://127.0.0.1:{self.port}"
        async with (
            httpx2.AsyncClient(base_url=address, timeout=30, verify=False) as http,
            self._listening(),
            beside(self._ask(http)),
        ):
            await self._send(http, list(made.items())[:WARM_UP])
            await self._all_known(list(made)[:WARM_UP])
            await self._send(http, list(made.items())[WARM_UP:])
            await self._all_known(titles)
        return {how: self.times.figures(how, titles) for how in (ACKNOWLEDGED, SUBSCRIBED, ASKED)}

    async def _send(self, http: httpx2.AsyncClient, made: Sequence[tuple[str, bytes]]) -> None:
        """Each when it is due, whether or not those before it are acknowledged."""
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, (title, body) in enumerate(made):
                await asyncio.sleep(max(0.0, begun + number / self.rate - time.perf_counter()))
                group.create_task(self._post(http, title, body))

    async def _post(self, http: httpx2.AsyncClient, title: str, body: bytes) -> None:
        self.times.sent[title] = time.perf_counter()
        answer = await http.post(self.path, content=body, headers={"content-type": "text/plain; charset=UTF-8"})
        assert answer.status_code == 202, answer.text
        self.times.know(ACKNOWLEDGED, title)

    async def _all_known(self, titles: Sequence[str]) -> None:
        until = time.perf_counter() + LATEST
        while not all(self.times.has(how, titles) for how in (SUBSCRIBED, ASKED)):
            if time.perf_counter() > until:
                return
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        url = f"ws://127.0.0.1:{self.port}/graphql"
        async with connect(url, subprotocols=["graphql-transport-ws"]) as opened:  # type: ignore[list-item]  # any text is one
            await opened.send(json.dumps({"type": "connection_init", "payload": {"accessToken": self.token}}))
            await opened.recv()
            await opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FEED}}))
            async with beside(self._listen(opened)):
                yield

    async def _listen(self, opened: ClientConnection) -> None:
        async for frame in opened:
            message: dict[str, Any] = json.loads(frame)
            if message["type"] == "ping":
                await opened.send('{"type":"pong"}')
            elif message["type"] == "next":
                self.times.know(SUBSCRIBED, message["payload"]["data"]["alertRaised"]["alert"]["title"])

    async def _ask(self, http: httpx2.AsyncClient) -> None:
        """The newest alerts every few seconds, back to the first that is known."""
        while True:
            after, is_more = None, True
            while is_more:
                variables = {"query": NEWEST, "variables": {"after": after}}
                headers = {"authorization": f"Bearer {self.token}"}
                answer = (await http.post("/graphql", json=variables, headers=headers)).json()["data"]["alerts"]
                is_news = [self.times.know(ASKED, node["title"]) for node in answer["nodes"]]
                after, is_more = answer["pageInfo"]["endCursor"], all(is_news) and answer["pageInfo"]["hasNextPage"]
            await asyncio.sleep(self.every)


@asynccontextmanager
async def beside(work: Any) -> AsyncIterator[None]:
    """Runs in the background for as long; what went wrong there is raised at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        if not task.done():
            task.cancel()
        for outcome in await asyncio.gather(task, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


if __name__ == "__main__":
    main()
