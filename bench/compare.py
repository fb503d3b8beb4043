"""The comparison over HTTP: every server on every workload, interleaved, in several rounds."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from bson import ObjectId

from bench.asking import WrongAnswer, measured, once
from bench.holdings import Tenant, add_alerts, add_things, make_tenant, settle
from bench.peers.catalogue import OURS, Peer
from bench.processes import Child
from bench.stage import ROOT, Stage
from bench.workloads import SMALL, WORKLOADS, Workload, alike, ask, requests

ACCOUNTS, FINDINGS = 20, 1000
# As many changes as the fastest server makes in one measurement.
CHANGES = 20_000
WARM_UP = 1.5
# A cursor and a message as long as the product's, for the servers that are told of events by HTTP.
MESSAGE = "Rule 3 of the group admits 0.0.0.0/0 to port 22. Name the networks that need it."
CURSOR = "x" * 88


@dataclass(frozen=True, slots=True)
class Scene:
    """What was seeded. `old` are the oldest alerts, which changes are made to: no list that is measured shows them."""

    tenant: Tenant
    old: Sequence[ObjectId]


def seed(stage: Stage, alerts: int) -> Scene:
    return asyncio.run(_seed(stage, alerts))


async def _seed(stage: Stage, alerts: int) -> Scene:
    async with stage.backend() as backend:
        tenant = await make_tenant(backend, "Bench")
        things = await add_things(tenant.org_id, accounts=ACCOUNTS, findings=FINDINGS)
        await add_alerts(tenant.org_id, things, alerts)
        await settle(backend)
        collection = backend.database["alerts"]
        oldest = collection.find({"org_id": tenant.org_id}, {"_id": 1}, sort=[("raised_at", 1)], limit=CHANGES)
        return Scene(tenant, [row["_id"] async for row in oldest])


@contextmanager
def running(stage: Stage, scene: Scene, peers: Sequence[Peer]) -> Iterator[dict[str, Child]]:
    """The servers of the peers by name, the product first: the others are told what it answers to the small query."""
    with ExitStack() as stack:
        children: dict[str, Child] = {}
        more = {
            "BENCH_ORGANIZATION": str(scene.tenant.org_id),
            "BENCH_SCHEMA": str(ROOT / "schema" / "schema.graphql"),
            "BENCH_CURSOR": CURSOR,
            "BENCH_MESSAGE": MESSAGE,
        }
        for peer in (OURS, *(each for each in peers if each is not OURS)):
            child = stack.enter_context(peer.start(stage, more))
            children[peer.name] = child
            if peer is OURS:
                small = once(child.port or 0, ask(SMALL, scene.tenant.token))["data"]
                more |= {"BENCH_SMALL": json.dumps(small), "BENCH_VERSION": str(small.get("version", ""))}
        yield children


class Comparison:
    """Figures by workload, server and round."""

    def __init__(
        self, stage: Stage, scene: Scene, children: dict[str, Child], *, seconds: float, connections: int
    ) -> None:
        self._stage = stage
        self._scene = scene
        self._children = children
        self._seconds = seconds
        self._connections = connections
        self.rounds: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def check(self, workload: Workload, peers: Sequence[Peer]) -> None:
        """Every server must answer what the product answers. Raises WrongAnswer."""
        wanted = self._answer(workload, OURS)
        for peer in peers:
            found = self._answer(workload, peer)
            if found != wanted:
                raise WrongAnswer(f"{peer.name} on {workload.name}: {found!s:.1500} instead of {wanted!s:.1500}")

    def run(self, workloads: Sequence[Workload], peers: Sequence[Peer], rounds: int) -> None:
        for workload in workloads:
            self.check(workload, peers)
            for peer in peers:
                self._measure(workload, peer, min(WARM_UP, self._seconds))
        for number in range(rounds):
            for workload in workloads:
                for peer in peers:
                    figures = self._measure(workload, peer, self._seconds)
                    self.rounds.setdefault(workload.name, {}).setdefault(peer.name, []).append(figures)
                    print(f"  round {number + 1}  {workload.name:10} {peer.name:10} {line(figures)}", flush=True)

    def _measure(self, workload: Workload, peer: Peer, seconds: float) -> dict[str, Any]:
        if workload.is_change:
            self._reopen()
        asked = requests(workload, peer, self._scene.tenant.token, self._scene.old)
        connections = workload.connections or self._connections
        return measured(
            self._children[peer.name],
            self._stage.mongod_pid,
            asked,
            seconds=seconds,
            connections=connections,
            mark=workload.mark,
            is_once=workload.is_change,
        )

    def _answer(self, workload: Workload, peer: Peer) -> Any:
        if workload.is_change:
            self._reopen()
        first = requests(workload, peer, self._scene.tenant.token, self._scene.old)[0]
        return alike(once(self._children[peer.name].port or 0, first)["data"])

    def _reopen(self) -> None:
        """Undo the changes of earlier measurements."""
        fresh = {"state": "OPEN", "acknowledged_at": None, "version": 1}
        with self._stage.mongodb() as client:
            alerts = client[self._stage.database]["alerts"]
            alerts.update_many({"org_id": self._scene.tenant.org_id, "state": "ACKNOWLEDGED"}, {"$set": fresh})


def line(figures: dict[str, Any]) -> str:
    return (
        f"{figures['rate']:>9,.1f}/s  p50 {figures['p50']:.1f} ms  p99 {figures['p99']:.1f} ms  "
        f"processor: server {figures['server_cpu']:.0%}, mongod {figures['mongod_cpu']:.0%}, "
        f"load {figures['generator_cpu']:.0%}"
    )


def workloads_named(names: Sequence[str]) -> list[Workload]:
    return [workload for workload in WORKLOADS if not names or workload.name in names]
