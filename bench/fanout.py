"""Fan-out: many sockets on one server, events at a rising pace, until frames come late."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from functools import partial
from math import sqrt
from typing import Any

from bench.compare import Scene, running
from bench.peers.catalogue import OURS, Peer
from bench.processes import Child
from bench.publishing import CommittingPublisher, LineProcess, PostingPublisher, Publisher
from bench.stage import Stage
from bench.workloads import FEED

# Frames a second at first; the pace doubles until it is not kept, then the gap between the last two is halved.
FIRST_FRAMES = 1_000
SLOWEST = 0.5
DOUBLINGS = 11
HALVINGS = 2
# A pace is kept when nearly every frame came within the time, and soon after its sending: within a millisecond for each
# socket, because one event for 5,000 sockets is 5,000 frames, and never asking for less than a second.
KEPT = 0.97
LATEST_MS = 1_000
LATEST_MS_A_SOCKET = 1.0
GRACE_MS_A_SOCKET = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """One pace: frames that were due and that came a second, and how late they were in milliseconds. `delivered` are
    the frames a second until the last one had come, however late.
    """

    due: float
    came: float
    delivered: float
    p50: float
    p99: float
    closed: int
    latest: float
    server_cpu: float
    generator_cpu: float

    @property
    def is_kept(self) -> bool:
        return self.came >= KEPT * self.due and self.p99 <= self.latest and not self.closed


@dataclass(slots=True)
class Climb:
    """All paces of one server in one round, and its memory per socket in bytes."""

    steps: list[Step] = field(default_factory=list)
    rss_per_socket: float = 0.0
    pss_per_socket: float = 0.0

    @property
    def best(self) -> Step | None:
        return max((step for step in self.steps if step.is_kept), key=lambda step: step.came, default=None)

    @property
    def frames(self) -> float:
        """The most frames a second that were kept up with; where no pace was kept, the most that came late."""
        return self.best.came if self.best else max((step.delivered for step in self.steps), default=0.0)

    def figures(self) -> dict[str, Any]:
        memory = {"rss_per_socket": self.rss_per_socket, "pss_per_socket": self.pss_per_socket}
        return {
            "frames": self.frames,
            "is_kept": self.best is not None,
            **memory,
            "steps": [asdict(step) for step in self.steps],
        }


def climb(stage: Stage, scene: Scene, peer: Peer, sockets: int, seconds: float) -> Climb:
    """Opens the sockets on a fresh server and raises the pace until it is not kept any more."""
    # The product is asked beforehand what the others are told; where it is not the one measured, it is stopped again.
    with running(stage, scene, [peer]) as children, ExitStack() as stack:
        child = children[peer.name]
        if peer is not OURS:
            children[OURS.name].stop()
        before = child.memory()
        listeners = LineProcess("bench.load.sockets", stage.environment(0), _plan(child, scene, peer, sockets))
        stack.callback(listeners.close)
        after = child.memory()
        result = Climb()
        result.rss_per_socket, result.pss_per_socket = ((b - a) / sockets for a, b in zip(before, after, strict=True))
        publisher: Publisher = (
            CommittingPublisher(stage, scene.tenant.org_id) if peer.takes_events else PostingPublisher(child.port or 0)
        )
        stack.enter_context(closing(publisher))
        slowest = max(SLOWEST, FIRST_FRAMES / sockets)
        at = partial(_paced, child, listeners, publisher, sockets, seconds)
        at(slowest)
        ascend(result, at, slowest)
        return result


def ascend(result: Climb, at: Callable[[float], Step], slowest: float) -> None:
    def is_kept(rate: float) -> bool:
        step = at(rate)
        result.steps.append(step)
        print(f"    {shown(step)}", flush=True)
        return step.is_kept

    good, bad, rate = 0.0, 0.0, slowest
    for _ in range(DOUBLINGS):
        # One hiccup of a busy machine is not the end.
        if not is_kept(rate) and not is_kept(rate):
            bad = rate
            break
        good, rate = rate, rate * 2
    if not good:
        # What is delivered late can still be counted, once there is enough of it.
        _ = is_kept(rate * 2), is_kept(rate * 4)
    for _ in range(HALVINGS if good and bad else 0):
        middle = sqrt(good * bad)
        good, bad = (middle, bad) if is_kept(middle) else (good, middle)


def _paced(
    child: Child, listeners: LineProcess, publisher: Publisher, sockets: int, seconds: float, rate: float
) -> Step:
    sent: list[int] = []
    thread = threading.Thread(target=lambda: sent.append(publisher.publish(rate, seconds)))
    before = child.cpu()
    listeners.send({"seconds": seconds + sockets * GRACE_MS_A_SOCKET / 1000})
    listeners.receive()
    thread.start()
    thread.join()
    counted = listeners.receive()
    due = max(int(rate * seconds), sum(sent)) * sockets
    return Step(
        due=due / seconds,
        came=counted["frames"] / seconds,
        delivered=counted["delivered"],
        p50=counted["p50"],
        p99=counted["p99"],
        closed=counted["closed"],
        latest=max(LATEST_MS, sockets * LATEST_MS_A_SOCKET),
        server_cpu=(child.cpu() - before) / (counted["seconds"]),
        generator_cpu=counted["generator_cpu"],
    )


def _plan(child: Child, scene: Scene, peer: Peer, sockets: int) -> dict[str, Any]:
    token = scene.tenant.token if peer.is_signed_in else None
    return {
        "port": child.port,
        "payload": {} if token is None else {"accessToken": token},
        "headers": "" if token is None else f"Authorization: Bearer {token}\r\n",
        "query": FEED,
        "sockets": sockets,
    }


def shown(step: Step) -> str:
    verdict = "kept" if step.is_kept else "not kept"
    return (
        f"{step.due:>9,.0f} frames/s due, {step.came:>9,.0f} came, p50 {step.p50:7.1f} ms, p99 {step.p99:7.1f} ms, "
        f"server {step.server_cpu:.0%}, load {step.generator_cpu:.0%}: {verdict}"
    )


def climbs(
    stage: Stage, scene: Scene, peers: Sequence[Peer], sockets: int, *, rounds: int, seconds: float
) -> dict[str, list[Climb]]:
    """Every server in turn, in several rounds."""
    found: dict[str, list[Climb]] = {peer.name: [] for peer in peers}
    for number in range(rounds):
        for peer in peers:
            print(f"  round {number + 1}  {sockets:,} sockets on {peer.name}", flush=True)
            result = climb(stage, scene, peer, sockets, seconds)
            print(
                f"    kept {result.frames:,.0f} frames/s, {result.rss_per_socket / 1024:.1f} KiB a socket", flush=True
            )
            found[peer.name].append(result)
    return found
