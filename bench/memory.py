"""`python -m bench memory`: memory of web and worker under mixed load, and what alerts cost the web process.

Bounded: it ends after --minutes. Samples are taken every ten seconds and kept in build/bench.
"""

import argparse
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.asking import run_load
from bench.compare import Scene, seed
from bench.machine import described
from bench.measure import slope
from bench.peers.catalogue import OURS
from bench.processes import Child
from bench.publishing import CommittingPublisher, LineProcess
from bench.results import save
from bench.stage import ROOT, Stage, staged
from bench.workloads import FEED, WORKLOADS, requests

EVERY = 10.0
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--rate", type=float, default=5.0, help="alerts a second")
    parser.add_argument("--alerts", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage, ExitStack() as stack:
        scene = seed(stage, arguments.alerts)
        web = stack.enter_context(OURS.start(stage, {}))
        worker = stack.enter_context(_worker(stage))
        listeners = LineProcess("bench.load.sockets", stage.environment(0), _plan(web, scene, arguments.sockets))
        stack.callback(listeners.close)
        publisher = CommittingPublisher(stage, scene.tenant.org_id)
        stack.callback(publisher.close)
        samples: dict[str, list[tuple[float, float]]] = {"web": [], "worker": []}
        delivered, announced, cpu = _run(web, worker, scene, listeners, publisher, arguments, samples)
        processes = {name: trend(points) for name, points in samples.items()}
        results: dict[str, Any] = {
            "machine": described(stage),
            "minutes": arguments.minutes,
            "sockets": arguments.sockets,
            "every_seconds": EVERY,
            "processes": processes,
            "samples": samples,
            "delivered": delivered,
            "cpu_per_1000_delivered": 1000 * cpu / max(1, delivered),
            "cpu_per_1000_announced": 1000 * cpu / max(1, announced),
        }
        save("memory", results)
        for process, figures in processes.items():
            print(f"  {process:7} {figures['last'] / MIB:.0f} MiB, {figures['slope_mib_an_hour']:+.1f} MiB an hour")
        print(f"  {results['cpu_per_1000_delivered']:.3f} s of a processor per 1,000 alerts delivered")


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


def _run(
    web: Child,
    worker: Child,
    scene: Scene,
    listeners: LineProcess,
    publisher: CommittingPublisher,
    arguments: argparse.Namespace,
    samples: dict[str, list[tuple[float, float]]],
) -> tuple[int, int, float]:
    """(frames delivered, alerts announced, processor seconds of the web process)."""
    begun, cpu = time.monotonic(), web.cpu()
    deadline = begun + arguments.minutes * 60
    delivered = announced = 0
    while time.monotonic() < deadline:
        listeners.send({"seconds": EVERY})
        listeners.receive()
        asking = threading.Thread(target=_ask, args=(web, scene, EVERY * 0.8))
        asking.start()
        announced += publisher.publish(arguments.rate, EVERY * 0.9)
        asking.join()
        counted = listeners.receive()
        delivered += counted["frames"] + counted["late"]
        at = time.monotonic() - begun
        for name, child in (("web", web), ("worker", worker)):
            samples[name].append((at, float(child.memory()[1])))
        shown = "  ".join(f"{name} {points[-1][1] / MIB:.1f} MiB" for name, points in samples.items())
        print(f"  {at:7.0f} s  {shown}  {delivered:,} frames", flush=True)
    return delivered, announced, web.cpu() - cpu


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
