"""`python -m bench compare`: seeds one MongoDB, measures every server on it, writes figures and, if asked, the page."""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.asking import ceiling
from bench.bills import load_bills
from bench.compare import Comparison, Scene, running, seed, workloads_named
from bench.fanout import climbs
from bench.machine import described, load_average
from bench.peers.catalogue import COMPARED, FANNED_OUT, chosen, install_node_peers
from bench.processes import allow_many_files, free_port
from bench.results import print_summary, save, write_page
from bench.stage import Stage, staged

SUBSCRIPTIONS = "subscriptions"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is seeded and for how long it is measured."""

    alerts: int
    cost_rows: int
    rounds: int
    seconds: float
    sockets: Sequence[int]
    socket_rounds: int
    socket_seconds: float


FULL = Plan(200_000, 10_000_000, 5, 6.0, (1000, 5000), 3, 4.0)
QUICK = Plan(20_000, 49_000, 2, 1.0, (1000,), 1, 1.5)


def main() -> None:
    arguments = parse()
    plan: Plan = QUICK if arguments.quick else FULL
    only = _names(arguments.only)
    allow_many_files()
    if any(peer.command[0] == "node" for peer in chosen(COMPARED, _names(arguments.peers))):
        install_node_peers()
    with tempfile.TemporaryDirectory(prefix="bench-") as name, staged(Path(name)) as stage:
        results: dict[str, Any] = {
            "machine": described(stage),
            "load_before": load_average(),
            "is_quick": arguments.quick,
        }
        results["ceiling"] = ceiling(3.0, arguments.connections, free_port())
        print(f"  the load generator alone: {results['ceiling']['rate']:,.0f}/s", flush=True)
        scene = seed(stage, arguments.alerts or plan.alerts)
        results |= {"alerts": arguments.alerts or plan.alerts, "connections": arguments.connections}
        _compare(stage, scene, arguments, plan, results)
        if not only or SUBSCRIPTIONS in only:
            results["fanout"] = _fan_out(stage, scene, arguments, plan)
            save("compare", results)
    print_summary(results)
    if arguments.write:
        write_page(results)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="under five minutes: fewer rows, two rounds, 1,000 sockets only")
    add("--only", default="", help="of small, list, nested, dashboard, mutation, subscriptions; commas between")
    add("--peers", default="", help="of plain, mercurius, yoga, apollo, bare, raw; the product is always measured")
    add("--rounds", type=int, help="rounds over HTTP")
    add("--seconds", type=float, help="length of one measurement over HTTP")
    add("--connections", type=int, default=8, help="over HTTP, where the workload does not say otherwise")
    add("--alerts", type=int, help="how many are seeded")
    add("--cost-rows", type=int, help="how many are loaded for the dashboard")
    add("--sockets", default="", help="how many sockets, commas between; 1000,5000 unless told")
    add("--socket-rounds", type=int, help="rounds of fan-out")
    add("--write", action="store_true", help="write docs/benchmarks.md and its plots from this run")
    return parser.parse_args()


def _compare(stage: Stage, scene: Scene, arguments: argparse.Namespace, plan: Plan, results: dict[str, Any]) -> None:
    only = _names(arguments.only)
    workloads = [each for each in workloads_named(only) if each.name != SUBSCRIPTIONS]
    if not workloads:
        return
    if any(workload.name == "dashboard" for workload in workloads):
        results["cost_rows"] = load_bills(stage, scene.tenant, arguments.cost_rows or plan.cost_rows)
    peers = chosen(COMPARED, _names(arguments.peers))
    with running(stage, scene, peers) as children:
        seconds = arguments.seconds or plan.seconds
        comparison = Comparison(stage, scene, children, seconds=seconds, connections=arguments.connections)
        comparison.run(workloads, peers, arguments.rounds or plan.rounds)
        results |= {"seconds": seconds, "http": comparison.rounds}
    save("compare", results)


def _fan_out(stage: Stage, scene: Scene, arguments: argparse.Namespace, plan: Plan) -> dict[str, Any]:
    peers = chosen(FANNED_OUT, _names(arguments.peers))
    found: dict[str, Any] = {}
    for sockets in [int(text) for text in _names(arguments.sockets)] or plan.sockets:
        rounds = arguments.socket_rounds or plan.socket_rounds
        climbed = climbs(stage, scene, peers, sockets, rounds=rounds, seconds=plan.socket_seconds)
        found[str(sockets)] = {name: [climb.figures() for climb in each] for name, each in climbed.items()}
    return found


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]
