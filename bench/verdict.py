"""`python -m bench verdict`: how soon after a change in a connected account its new verdict is known.

A real web and a real worker process; moto stands in for AWS, in this process. The password policy of the account is
made too short and long enough in turn. For each change the event that CloudTrail writes of it is posted as Amazon SNS
posts it, and `controlStatusChanged` is awaited on an open WebSocket. Counted from just before the change on.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
from beanie import PydanticObjectId
from websockets.asyncio.client import ClientConnection, connect

import documents
from bench.holdings import Tenant, make_tenant
from bench.intake import beside
from bench.machine import described, load_average
from bench.measure import percentile, table
from bench.peers.catalogue import OURS
from bench.processes import Child
from bench.results import save
from bench.sns import called, certificates, signed
from bench.stage import ROOT, Stage, staged
from documents.account import sealed
from documents.base import utc_now
from documents.sync_run import ENDED, SyncRun
from domain.facts.intake import IntakeWay
from domain.facts.provider import Provider
from jobs.queue import request_sync
from tests.factories.aws_governance import fill_governance
from tests.fakes.aws import ACCOUNT, REGION, Moto, credentials

CONTROL = "CW-IAM-04"
CHANGE = "... on ControlStatusChanged { change { controlId after account { id } } }"
FEED = f"subscription {{ controlStatusChanged {{ {CHANGE} }} }}"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:bench"
# The aim, and what has not come by when it counts as lost.
AIM, LATEST = 60.0, 400.0
# The first sync and the first verdict of all controls, on a busy machine.
READY_WITHIN = 180.0
SHORT, LONG = 8, 14
WHOLE, BEGUN, READ, TOLD = "change to verdict", "until a sync begins", "reading", "judging and telling"


@dataclass(slots=True)
class Verdicts:
    """What was told of the control, in order: when, by the clock of the wall, and what it says since."""

    told: list[tuple[float, str]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, status: str) -> None:
        self.told.append((time.time(), status))
        self.news.set()

    async def after(self, count: int, status: str, within: float) -> float | None:
        """When it was told that it says this, leaving the first so many out; None when it was not."""
        try:
            async with asyncio.timeout(within):
                while not (found := [at for at, one in self.told[count:] if one == status]):
                    self.news.clear()
                    await self.news.wait()
                return found[0]
        except TimeoutError:
            return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench verdict", description=__doc__)
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--pause", type=float, default=10.0, help="at most so many seconds between two changes")
    parser.add_argument("--regions", type=int, default=1, help="how many regions the account is read in")
    asked, busy = parser.parse_args(), load_average()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        stage = stack.enter_context(staged(Path(name)))
        moto = stack.enter_context(Moto().served())
        moto.reset()
        fill_governance(moto)
        more = {"CLOUDWATCHER_KEY_AUTHORITIES": json.dumps({"aws_sns": stack.enter_context(certificates())})}
        web = stack.enter_context(OURS.start(stage, more))
        worker = Child(
            [sys.executable, "-m", "app.worker"],
            env=stage.environment(0, **more),
            log=stage.folder / "worker.log",
            folder=ROOT,
        )
        stack.enter_context(worker)
        found = asyncio.run(_measured(stage, moto, web.port or 0, asked))
        save("verdict", {"machine": described(stage), "load": busy, **vars(asked), "figures": found})
    print(f"{asked.changes} changes, load {busy:.1f} before\n{report(found)}", flush=True)


def report(found: Mapping[str, Sequence[float]]) -> str:
    """A table in seconds, and whether the aim is met."""
    rows = [
        [name, *(f"{percentile(sorted(took), share):.1f}" for share in (0.5, 0.95, 1.0))]
        if took
        else [name, "", "", ""]
        for name, took in found.items()
        if name != "lost"
    ]
    whole, lost = sorted(found[WHOLE]), len(found["lost"])
    is_met = bool(whole) and not lost and percentile(whole, 0.95) <= AIM
    return (
        f"{table(['s', 'p50', 'p95', 'max'], rows)}\nlost {lost}; p95 within {AIM:.0f} s: {'yes' if is_met else 'no'}"
    )


@dataclass(frozen=True, slots=True)
class House:
    """The tenant, its account in moto, and where its events are sent."""

    tenant: Tenant
    account: documents.Account
    path: str


async def _measured(stage: Stage, moto: Moto, port: int, asked: argparse.Namespace) -> dict[str, list[float]]:
    async with stage.backend() as backend:
        house = await _house(backend, moto, asked.regions)
        verdicts, address = Verdicts(), f"http://127.0.0.1:{port}"
        async with (
            httpx2.AsyncClient(base_url=address, timeout=30, verify=False) as http,
            _listening(port, house.tenant.token, verdicts.take),
        ):
            await backend.writer.commit(lambda tx: request_sync(tx, house.account))
            if await verdicts.after(0, "PASS", READY_WITHIN) is None:
                raise SystemExit(f"{CONTROL} was never judged; it was told: {verdicts.told}")
            print(f"{CONTROL} passes; changing it from now on", flush=True)
            return await _changes(moto, house, http, verdicts, asked)


async def _changes(
    moto: Moto, house: House, http: httpx2.AsyncClient, verdicts: Verdicts, asked: argparse.Namespace
) -> dict[str, list[float]]:
    """One after the other; none begins before the verdict on the one before is known."""
    iam, chance = moto.client("iam"), random.Random(1)
    found: dict[str, list[float]] = {WHOLE: [], BEGUN: [], READ: [], TOLD: [], "lost": []}
    for number in range(asked.changes):
        await asyncio.sleep(chance.uniform(0, asked.pause))
        wanted, length = ("FAIL", SHORT) if number % 2 == 0 else ("PASS", LONG)
        before, began = len(verdicts.told), time.time()
        await asyncio.to_thread(
            iam.update_account_password_policy, MinimumPasswordLength=length, PasswordReusePrevention=24
        )
        body = signed(called(ACCOUNT, "UpdateAccountPasswordPolicy", "iam"), TOPIC)
        answer = await http.post(house.path, content=body, headers={"content-type": "text/plain; charset=UTF-8"})
        assert answer.status_code == 202, answer.text
        told = await verdicts.after(before, wanted, LATEST)
        if told is None:
            found["lost"].append(float(number))
            continue
        await _note(found, house, began, told)
        print(f"{number + 1}: {wanted} after {told - began:.1f} s", flush=True)
    return found


async def _note(found: Mapping[str, list[float]], house: House, began: float, told: float) -> None:
    """What of the time went where, by the sync that was the last to end before the verdict was known."""
    ended = {"account_id": house.account.id, "state": {"$in": [state.value for state in ENDED]}}
    raw = await SyncRun.rows().find_one(ended, sort=[("ended_at", -1)])
    assert raw is not None
    started, over = raw["started_at"].timestamp(), raw["ended_at"].timestamp()
    for name, took in ((WHOLE, told - began), (BEGUN, started - began), (READ, over - started), (TOLD, told - over)):
        found[name].append(took)


async def _house(backend: Any, moto: Moto, regions: int) -> House:
    tenant = await make_tenant(backend, "Bench")
    org_id = PydanticObjectId(tenant.org_id)
    names = (REGION, *[name for name in await asyncio.to_thread(_regions, moto) if name != REGION])[:regions]
    opening = credentials(moto.url, regions=names)
    cipher = await backend.vault.seal(str(org_id), orjson.dumps(opening.revealed()).decode())
    account = documents.Account(
        org_id=org_id,
        provider=Provider.AWS,
        native_id=ACCOUNT,
        name="production",
        state=documents.AccountState.CONNECTED,
        credentials=sealed(cipher),
        sync_every=timedelta(days=1),
        next_sync_at=utc_now() + timedelta(days=1),
    )
    await account.insert()
    endpoint = documents.IntakeEndpoint(
        org_id=org_id, account_id=account.id, way=IntakeWay.AWS_SNS, settings={"topic_arns": [TOPIC]}
    )
    await endpoint.insert()
    return House(tenant, account, endpoint.way.address("", endpoint.id) or "")


def _regions(moto: Moto) -> list[str]:
    return [one["RegionName"] for one in moto.client("ec2").describe_regions()["Regions"]]


@asynccontextmanager
async def _listening(port: int, token: str, take: Callable[[str], None]) -> AsyncIterator[None]:
    url = f"ws://127.0.0.1:{port}/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"]) as opened:  # type: ignore[list-item]  # any text is one
        await opened.send(json.dumps({"type": "connection_init", "payload": {"accessToken": token}}))
        await opened.recv()
        await opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": FEED}}))
        async with beside(_listen(opened, take)):
            yield


async def _listen(opened: ClientConnection, take: Callable[[str], None]) -> None:
    async for frame in opened:
        message: dict[str, Any] = json.loads(frame)
        if message["type"] == "ping":
            await opened.send('{"type":"pong"}')
        elif message["type"] == "next":
            change = message["payload"]["data"]["controlStatusChanged"].get("change") or {}
            if change.get("controlId") == CONTROL and change["account"] is not None:
                take(change["after"])
        elif message["type"] == "error":
            raise SystemExit(f"The feed was refused: {message['payload']}")


if __name__ == "__main__":
    main()
