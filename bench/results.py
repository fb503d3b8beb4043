"""What a run found, kept as JSON in build/bench, shown as tables, and written as the page and its plots."""

import json
from collections.abc import Mapping
from typing import Any

from bench.measure import Spread, ratios, shown, table
from bench.page import page, plots
from bench.peers.catalogue import COMPARED, FANNED_OUT
from bench.stage import BUILD, ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "benchmarks"
MEASURED = ("compare", "growth", "memory", "operations")


def save(name: str, results: Mapping[str, Any]) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / f"{name}.json").write_text(json.dumps(results, indent=1))


def load(name: str) -> dict[str, Any] | None:
    """The figures of the last run of a measurement, None when there was none."""
    path = BUILD / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def write_page(results: Mapping[str, Any]) -> None:
    """The page from a comparison and from what the other measurements left last."""
    PLOTS.mkdir(parents=True, exist_ok=True)
    drawn = plots(results)
    for name, drawing in drawn.items():
        (PLOTS / f"{name}.svg").write_text(drawing)
    others = {name: load(name) for name in MEASURED if name != "compare"}
    PAGE.write_text(page(results, others, list(drawn)))
    print(f"wrote {PAGE.relative_to(ROOT)} and {len(drawn)} plots")


def rewrite_page() -> None:
    """The page again, from what was measured last."""
    results = load("compare")
    if results is None:
        raise SystemExit("Nothing was measured yet: run `make bench`.")
    write_page(results)


def print_summary(results: Mapping[str, Any]) -> None:
    titles = {peer.name: peer.title for peer in (*COMPARED, *FANNED_OUT)}
    for workload, by_peer in results.get("http", {}).items():
        medians = {name: Spread.of([one["rate"] for one in rounds]).median for name, rounds in by_peer.items()}
        print(f"\n{workload}, requests a second\n{_summary(medians, titles)}")
    for sockets, by_peer in results.get("fanout", {}).items():
        medians = {name: Spread.of([one["frames"] for one in rounds]).median for name, rounds in by_peer.items()}
        print(f"\n{sockets} sockets, frames a second\n{_summary(medians, titles)}")


def _summary(medians: Mapping[str, float], titles: Mapping[str, str]) -> str:
    times = ratios(medians, "ours")
    rows = [
        [titles[name], shown(rate), f"{times[name]:.2f} ×" if name in times else ""] for name, rate in medians.items()
    ]
    return table(["server", "median", "ours is"], rows)
