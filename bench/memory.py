"""`python -m bench memory`: memory of web and worker under mixed load, and what alerts cost the web process.

Bounded: it ends after --minutes. Samples are taken every ten seconds and kept in build/bench.
"""

import argparse
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.asking import run_load
from bench.compare import Scene, seed
from bench.machine import described
from bench.measure import slope
from bench.peers.catalogue import OURS
from bench.processes import Child, allow_many_files
from bench.publishing import CommittingPublisher, LineProcess
from bench.results import save
from bench.stage import ROOT, Stage, staged
from bench.workloads import FEED, WORKLOADS, requests

EVERY = 10.0
# The feed without any query, to know what alerts cost.
ALONE = 60.0
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rate", type=float, default=5.0, help="alerts a second")
    parser.add_argument("--alerts", type=int, default=100_000)
    arguments = parser.parse_args()
    allow_many_files()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage, ExitStack() as stack:
        scene = seed(stage, arguments.alerts)
        web = stack.enter_context(OURS.start(stage, {}))
        worker = stack.enter_context(_worker(stage))
        listeners = LineProcess("bench.load.sockets", stage.environment(0), _plan(web, scene, arguments.sockets))
        stack.callback(listeners.close)
        publisher = CommittingPublisher(stage, scene.tenant.org_id)
        stack.callback(publisher.close)
        run = Run(web, worker, scene, listeners, publisher, arguments.rate)
        cpu = web.cpu()
        run.last(ALONE, is_asking=False)
        cpu = web.cpu() - cpu
        results: dict[str, Any] = {
            "machine": described(stage),
            "minutes": arguments.minutes,
            "sockets": arguments.sockets,
            "every_seconds": EVERY,
            "cpu_per_1000_delivered": 1000 * cpu / max(1, run.delivered),
            "cpu_per_1000_announced": 1000 * cpu / max(1, run.announced),
        }
        print(f"  {results['cpu_per_1000_delivered']:.3f} s of a processor per 1,000 alerts delivered", flush=True)
        run.last(arguments.minutes * 60, is_asking=True)
        results["processes"] = {name: trend(points) for name, points in run.samples.items()}
        results["samples"] = run.samples
        save("memory", results)
        for process, figures in results["processes"].items():
            print(f"  {process:7} {figures['last'] / MIB:.0f} MiB, {figures['slope_mib_an_hour']:+.1f} MiB an hour")


def trend(points: list[tuple[float, float]]) -> dict[str, float]:
    """Of (seconds, bytes): first, last, most, and the slope of the second half, which warming up does not bend."""
    later = points[len(points) // 2 :]
    sizes = [size for _, size in points]
    return {
        "first": sizes[0],
        "last": sizes[-1],
        "most": max(sizes),
        "slope_mib_an_hour": slope(later) * 3600 / MIB,
    }


@dataclass(slots=True)
class Run:
    """Feeds alerts, asks or does not ask, and samples memory. `samples` are (seconds, bytes) by process."""

    web: Child
    worker: Child
    scene: Scene
    listeners: LineProcess
    publisher: CommittingPublisher
    rate: float
    delivered: int = 0
    announced: int = 0
    begun: float = field(default_factory=time.monotonic)
    samples: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {"web": [], "worker": []})

    def last(self, seconds: float, *, is_asking: bool) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self._period(is_asking=is_asking)
            at = time.monotonic() - self.begun
            for name, child in (("web", self.web), ("worker", self.worker)):
                self.samples[name].append((at, float(child.memory()[1])))
            shown = "  ".join(f"{name} {points[-1][1] / MIB:.1f} MiB" for name, points in self.samples.items())
            print(f"  {at:7.0f} s  {shown}  {self.delivered:,} frames", flush=True)

    def _period(self, *, is_asking: bool) -> None:
        self.listeners.send({"seconds": EVERY})
        self.listeners.receive()
        asking = threading.Thread(target=_ask, args=(self.web, self.scene, EVERY * 0.8))
        if is_asking:
            asking.start()
        self.announced += self.publisher.publish(self.rate, EVERY * 0.9)
        if is_asking:
            asking.join()
        counted = self.listeners.receive()
        self.delivered += counted["frames"] + counted["late"]


def _ask(web: Child, scene: Scene, seconds: float) -> None:
    """Every query that only reads, in turn, on two connections."""
    asked = [requests(work, OURS, scene.tenant.token, [])[0] for work in WORKLOADS if not work.is_change]
    run_load(web.port or 0, asked, seconds=seconds, connections=2, mark='"data":')


def _worker(stage: Stage) -> Child:
    command = [sys.executable, "-m", "app.worker"]
    return Child(command, env=stage.environment(0), log=stage.folder / "worker.log", folder=ROOT)


def _plan(web: Child, scene: Scene, sockets: int) -> dict[str, Any]:
    payload = {"accessToken": scene.tenant.token}
    return {"port": web.port, "payload": payload, "headers": "", "query": FEED, "sockets": sockets}
