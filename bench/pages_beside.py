"""The sections of the page about growth, memory and the operations of the demo. Pure."""

from collections.abc import Mapping
from typing import Any

from bench.measure import shown, table

Figures = Mapping[str, Any]


def growth_section(found: Figures | None) -> str:
    """The median time of each query over more alerts and more tenants."""
    if not found:
        return ""
    rows = []
    for place in found["places"]:
        times = place["median_ms"]
        head = [f"{place['alerts']:,}", f"{place['tenants']:,}", place["viewer"]]
        rows.append([*head, *("–" if times[name] is None else shown(times[name]) for name in found["queries"])])
    told = (
        f"Milliseconds in the median, one request at a time, taken {found['machine']['taken_at']}. Alerts are spread "
        "evenly over the tenants; a company is one of them, a provider reaches them all. A dash is an answer that did "
        "not come in time or was refused."
    )
    return "\n\n".join(["## Growth", told, table(["alerts", "tenants", "viewer", *found["queries"]], rows)])


def memory_section(found: Figures | None) -> str:
    """Memory over time and processor time per alert."""
    if not found:
        return ""
    rows = [
        [
            name,
            *(shown(figures[part] / (1 << 20)) for part in ("first", "last", "most")),
            f"{figures['slope_mib_an_hour']:+.1f}",
        ]
        for name, figures in found["processes"].items()
    ]
    told = (
        f"{found['minutes']:g} minutes of queries, mutations and alerts to {found['sockets']:,} sockets, sampled every "
        f"{found['every_seconds']:g} s, taken {found['machine']['taken_at']}. The slope is that of a straight line "
        "through the second half."
    )
    costs = (
        "With nothing but the feed, before the queries began, the web process used "
        f"{found['cpu_per_1000_delivered']:.3f} s of a processor per 1,000 alerts delivered and "
        f"{found['cpu_per_1000_announced']:.2f} s per 1,000 announced."
    )
    head = ["process", "first MiB", "last MiB", "most MiB", "slope MiB/h"]
    return "\n\n".join(["## Memory over time", told, table(head, rows), costs])


def operations_section(found: Figures | None) -> str:
    """The 95th percentile of every operation of the demo."""
    if not found:
        return ""
    rows = [
        [
            name,
            shown(one["p95_mixed"]) if "p95_mixed" in one else "",
            *(shown(one[part]) for part in ("rate", "p50", "p95", "p99")),
        ]
        for name, one in found["operations"].items()
    ]
    told = (
        f"{found['clients']} clients on the data of the demo, taken {found['machine']['taken_at']}. In the mix each "
        f"asks for one operation after the other, {found['pause']:g} s after the answer before. In the other columns "
        "all ask for the same operation without a pause: those are the times of a full queue, clients / rate."
    )
    head = ["operation", "p95 ms in the mix", "requests/s at most", "p50 ms", "p95 ms", "p99 ms"]
    return "\n\n".join(["## Every operation of the demo", told, table(head, rows)])
