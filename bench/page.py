"""The page about the figures: ratios first, then medians, then how they were taken. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.asking import BUSY
from bench.goals import goals_section
from bench.measure import Spread, ratios, shown, table
from bench.pages_beside import growth_section, memory_section, operations_section
from bench.peers.catalogue import COMPARED, FANNED_OUT
from bench.plot import bars, lines
from bench.workloads import WORKLOADS

Figures = Mapping[str, Any]
TITLES = {peer.name: peer.title for peer in (*COMPARED, *FANNED_OUT)}
WORK = {workload.name: workload.title for workload in WORKLOADS}


def page(results: Figures, others: Mapping[str, Figures | None], drawn: Sequence[str]) -> str:
    """The whole page as Markdown."""
    parts = [
        "# Benchmarks",
        _opening(results),
        "## Ratios",
        "How many times the throughput of each other server CloudWatcher reaches: medians of one run.",
        _http_ratios(results),
        _fanout_ratios(results),
        goals_section(results),
        "What the missed ones would take: [where the time goes](where-the-time-goes.md).",
        "## Over HTTP",
        *_http_tables(results),
        "## Subscriptions",
        *_fanout_tables(results),
        "## Plots",
        "\n".join(f"![{name.replace('-', ' ')}](benchmarks/{name}.svg)" for name in drawn),
        growth_section(others.get("growth")),
        memory_section(others.get("memory")),
        operations_section(others.get("operations")),
        "## How it was measured",
        _method(results),
        "## The machine",
        _machine(results["machine"]),
        _warnings(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def plots(results: Figures) -> dict[str, str]:
    """Drawings by file name."""
    drawn = {}
    for workload, by_peer in results.get("http", {}).items():
        medians = {TITLES[name]: rate for name, rate in medians_of(by_peer, "rate").items()}
        drawn[workload] = bars(f"{WORK.get(workload, workload)}: requests a second", medians, ours="CloudWatcher")
    for sockets, by_peer in results.get("fanout", {}).items():
        medians = {TITLES[name]: rate for name, rate in medians_of(by_peer, "frames").items()}
        title = f"{int(sockets):,} sockets"
        drawn[f"fanout-{sockets}"] = bars(f"{title}: frames a second kept up with", medians, ours="CloudWatcher")
        late = {TITLES[name]: _lateness(climbs) for name, climbs in by_peer.items()}
        drawn[f"latency-{sockets}"] = lines(
            f"{title}: how late frames are", late, x="frames a second asked for", y="p99 in milliseconds"
        )
    return drawn


def medians_of(by_peer: Mapping[str, Sequence[Figures]], figure: str) -> dict[str, float]:
    return {name: Spread.of([one[figure] for one in rounds]).median for name, rounds in by_peer.items()}


def _opening(results: Figures) -> str:
    machine = results["machine"]
    kind = " It was a short run: fewer rows, few rounds." if results["is_quick"] else ""
    return (
        f"Taken {machine['taken_at']} at commit {machine['commit']} on {machine['cores']} cores "
        f"({machine['processor']}), shared by the server under measurement, MongoDB and the load generator.{kind} "
        "`make bench` takes them again; `docs/benchmarks.md` and its plots are written by "
        "`make bench BENCH_ARGS=--write`, never by hand."
    )


def _http_ratios(results: Figures) -> str:
    rows = []
    for workload, by_peer in results.get("http", {}).items():
        times = ratios(medians_of(by_peer, "rate"), "ours")
        rows.append([WORK.get(workload, workload), *(_times(times.get(peer.name)) for peer in COMPARED[1:])])
    return table(["workload", *(peer.title for peer in COMPARED[1:])], rows) if rows else ""


def _fanout_ratios(results: Figures) -> str:
    rows = []
    for sockets, by_peer in results.get("fanout", {}).items():
        times = ratios(medians_of(by_peer, "frames"), "ours")
        rows.append([f"{int(sockets):,} sockets", *(_times(times.get(peer.name)) for peer in FANNED_OUT[1:])])
    return table(["frames a second", *(peer.title for peer in FANNED_OUT[1:])], rows) if rows else ""


def _http_tables(results: Figures) -> list[str]:
    parts = []
    for workload, by_peer in results.get("http", {}).items():
        rows = [
            [
                TITLES[name],
                str(Spread.of([one["rate"] for one in rounds])),
                *(shown(Spread.of([one[part] for one in rounds]).median) for part in ("p50", "p95", "p99")),
                *(_share(rounds, part) for part in ("server_cpu", "mongod_cpu", "generator_cpu")),
            ]
            for name, rounds in by_peer.items()
        ]
        head = ["server", "requests/s (least–most)", "p50 ms", "p95 ms", "p99 ms", "server", "mongod", "load"]
        clients = next((each.connections for each in WORKLOADS if each.name == workload), None)
        parts.append(f"**{WORK.get(workload, workload)}**, {clients or results['connections']} connections")
        parts.append(table(head, rows))
    return parts


def _fanout_tables(results: Figures) -> list[str]:
    parts = []
    for sockets, by_peer in results.get("fanout", {}).items():
        common = _common_pace(by_peer)
        rows = [
            [
                TITLES[name],
                _kept(climbs),
                *_late_at(climbs, common),
                shown(Spread.of([one["rss_per_socket"] for one in climbs]).median / 1024),
                shown(Spread.of([one["pss_per_socket"] for one in climbs]).median / 1024),
                shown(1000 * _cpu_per_thousand(climbs)),
            ]
            for name, climbs in by_peer.items()
        ]
        at = f"at {common:,.0f}/s" if common else ""
        head = ["server", "frames/s kept up with", f"p50 ms {at}", f"p99 ms {at}", "RSS KiB a socket"]
        head += ["PSS KiB a socket", "CPU ms per 1,000 frames"]
        parts.append(f"**{int(sockets):,} sockets**")
        parts.append(table(head, rows))
    return parts


def _common_pace(by_peer: Mapping[str, Sequence[Figures]]) -> float:
    """The fastest pace that was tried on every server and that all but plain Strawberry kept."""
    tried = [
        {round(step["due"]) for climb in climbs for step in climb["steps"] if step["due"] <= climb["frames"] * 1.05}
        for name, climbs in by_peer.items()
        if name != "plain" and any(climb["frames"] for climb in climbs)
    ]
    return max(set.intersection(*tried), default=0) if tried else 0


def _late_at(climbs: Sequence[Figures], pace: float) -> list[str]:
    found = [step for climb in climbs for step in climb["steps"] if abs(step["due"] - pace) <= 0.02 * pace]
    if not found:
        return ["", ""]
    return [shown(Spread.of([step[part] for step in found]).median) for part in ("p50", "p99")]


def _cpu_per_thousand(climbs: Sequence[Figures]) -> float:
    costs = [
        step["server_cpu"] / step["came"] * 1000
        for climb in climbs
        for step in climb["steps"]
        if step["came"] and step["came"] >= 0.99 * climb["frames"]
    ]
    return min(costs, default=0.0)


def _kept(climbs: Sequence[Figures]) -> str:
    spread = str(Spread.of([one["frames"] for one in climbs]))
    return spread if all(one["is_kept"] for one in climbs) else f"{spread}, late"


def _lateness(climbs: Sequence[Figures]) -> list[tuple[float, float]]:
    steps = sorted((step["due"], step["p99"]) for climb in climbs[:1] for step in climb["steps"])
    return [(due, late) for due, late in steps if due > 0 and late > 0]


def _method(results: Figures) -> str:
    limit = results.get("ceiling", {})
    return "\n".join(
        [
            "* One MongoDB (a replica set of one, journaled) and one Valkey are started and seeded by the run; every "
            "server is one process over the same database.",
            f"* Servers are measured in turn, workload by workload, round by round, {results.get('seconds', 0):g} s "
            "each after a warm-up; the figures are medians of the rounds, with the least and the most. Before any is "
            "timed, its answer must equal CloudWatcher's.",
            "* The load generator is a process of its own that looks at length, status and a mark of each answer. "
            f"Alone it makes {limit.get('rate', 0):,.0f} requests/s; its share of a processor is in the last column.",
            "* CloudWatcher is the real web process: token, permissions, limits, cost budget, signed cursors and error "
            "masking are on, logs are at WARNING. Plain Strawberry runs the same resolvers behind the same "
            "authentication, and nothing else of it.",
            "* The Node servers, the bare server and the raw sockets ask nobody who they are and check no limits, "
            "which favours them. They ask for the same fields of the same rows, in one organization they know "
            "beforehand. Mercurius compiles from the first call on, relations go through DataLoader, and NODE_ENV is "
            "production.",
            "* The dashboard is worked out anew by the others from the same daily totals and tallies; CloudWatcher may "
            "keep an answer until the event log moves, as it does for customers.",
            "* A mutation is made one at a time, because changes of one organization take turns; the others do the "
            "same update and the same entry in the event log in one transaction, and wake nobody.",
            "* Events reach CloudWatcher and plain Strawberry as alerts that another process commits to MongoDB and "
            "announces over Redis: that transaction is within their latency and their share of the processors. The "
            "others get each event ready, by POST, and publish it in their own memory.",
            "* Above 50 events a second several are sent at once, in one transaction or one piece of POSTs, every "
            "20 ms. CloudWatcher and the raw sockets write what arrives together in one piece; so frames a second are "
            "not writes a second.",
            "* A pace of frames is kept when 97% arrive in time and the 99th percentile is at most a "
            "millisecond per socket late. The "
            "pace doubles until it is not kept, then the last gap is halved twice; "
            "`late` means that not even the slowest was kept. Lateness counts from before the "
            "event is sent until the generator has read the frame, on a hundred of the sockets.",
        ]
    )


def _machine(machine: Figures) -> str:
    rows = [[name.replace("_", " "), str(value)] for name, value in machine.items() if name != "libraries"]
    rows += [[name, version] for name, version in machine["libraries"].items()]
    return table(["", "version or size"], rows)


def _warnings(results: Figures) -> str:
    said = []
    for workload, by_peer in results.get("http", {}).items():
        busy = [TITLES[name] for name, rounds in by_peer.items() if max(one["generator_cpu"] for one in rounds) > BUSY]
        if busy:
            said.append(f"* The load generator was above {BUSY:.0%} of a processor on {workload}: {', '.join(busy)}.")
    for sockets, by_peer in results.get("fanout", {}).items():
        busy = [TITLES[name] for name, climbs in by_peer.items() if _is_generator_busy(climbs)]
        if busy:
            said.append(f"* The load generator was above {BUSY:.0%} with {sockets} sockets: {', '.join(busy)}.")
    if results.get("load_before", 0) > 0.5:
        said.append(f"* The machine was not quiet: load average {results['load_before']:.1f} before the start.")
    return "\n".join(["## Warnings", "", *said]) if said else ""


def _is_generator_busy(climbs: Sequence[Figures]) -> bool:
    return any(step["generator_cpu"] > BUSY for climb in climbs for step in climb["steps"])


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ×"


def _share(rounds: Sequence[Figures], part: str) -> str:
    return f"{Spread.of([one[part] for one in rounds]).median:.0%}"
