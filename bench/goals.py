"""What the product has set itself, next to what a run found. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.measure import Spread, table

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """`found` gives the figure of a run, None when the run does not tell; it must be at least, or at most, `wanted`."""

    title: str
    wanted: float
    unit: str
    found: Callable[[Figures], float | None]
    is_most: bool = False

    def row(self, results: Figures) -> list[str] | None:
        figure = self.found(results)
        if figure is None:
            return None
        is_met = figure <= self.wanted if self.is_most else figure >= self.wanted
        bound = "at most" if self.is_most else "at least"
        return [
            self.title,
            f"{bound} {self.wanted:g}{self.unit}",
            f"{figure:.2f}{self.unit}",
            "yes" if is_met else "no",
        ]


def _median(rounds: Any, part: str) -> float | None:
    return Spread.of([one[part] for one in rounds]).median if rounds else None


def _rate_over(workload: str, other: str) -> Callable[[Figures], float | None]:
    def found(results: Figures) -> float | None:
        by_peer = results.get("http", {}).get(workload, {})
        ours, theirs = _median(by_peer.get("ours"), "rate"), _median(by_peer.get(other), "rate")
        return ours / theirs if ours and theirs else None

    return found


def _p95_of(workload: str) -> Callable[[Figures], float | None]:
    return lambda results: _median(results.get("http", {}).get(workload, {}).get("ours"), "p95")


def _frames_over(sockets: str, other: str) -> Callable[[Figures], float | None]:
    def found(results: Figures) -> float | None:
        by_peer = results.get("fanout", {}).get(sockets, {})
        ours, theirs = _median(by_peer.get("ours"), "frames"), _median(by_peer.get(other), "frames")
        return ours / theirs if ours and theirs else None

    return found


def _lateness_over(sockets: str, other: str) -> Callable[[Figures], float | None]:
    """The 99th percentile over the other's, at the fastest pace that was tried on both and that both kept."""

    def found(results: Figures) -> float | None:
        by_peer = results.get("fanout", {}).get(sockets, {})
        ours, theirs = _lateness(by_peer.get("ours", ())), _lateness(by_peer.get(other, ()))
        common = max(ours.keys() & theirs.keys(), default=None)
        return None if common is None else _middle(ours[common]) / _middle(theirs[common])

    return found


def _lateness(climbs: Any) -> dict[int, list[float]]:
    """The 99th percentiles of each pace that was kept."""
    found: dict[int, list[float]] = {}
    for climb in climbs:
        for step in climb["steps"]:
            if step["due"] <= climb["frames"] * 1.05:
                found.setdefault(round(step["due"]), []).append(step["p99"])
    return found


def _middle(values: list[float]) -> float:
    return Spread.of(values).median


GOALS = (
    Goal("100 × 10 list, against Mercurius with JIT", 1.5, " ×", _rate_over("list", "mercurius")),
    Goal("100 × 10 list, against the bare limit", 0.6, " ×", _rate_over("list", "bare")),
    Goal("small query, against Apollo Server", 1, " ×", _rate_over("small", "apollo")),
    Goal("small query, against GraphQL Yoga", 1, " ×", _rate_over("small", "yoga")),
    Goal("small query, against the bare limit", 0.4, " ×", _rate_over("small", "bare")),
    Goal("dashboard, p95 with 16 clients", 50, " ms", _p95_of("dashboard"), is_most=True),
    Goal("1,000 sockets, frames against Mercurius", 1.8, " ×", _frames_over("1000", "mercurius")),
    Goal("1,000 sockets, frames against plain Strawberry", 8, " ×", _frames_over("1000", "plain")),
    Goal("1,000 sockets, p99 over Mercurius's at one pace", 1, " ×", _lateness_over("1000", "mercurius"), is_most=True),
    Goal("5,000 sockets, frames against Mercurius", 1.8, " ×", _frames_over("5000", "mercurius")),
    Goal("5,000 sockets, frames against plain Strawberry", 8, " ×", _frames_over("5000", "plain")),
    Goal("5,000 sockets, p99 over Mercurius's at one pace", 1, " ×", _lateness_over("5000", "mercurius"), is_most=True),
)


def goals_section(results: Figures) -> str:
    """The goals the run can tell of, as a section of the page; empty when there are none."""
    rows = [row for goal in GOALS if (row := goal.row(results))]
    return "## Goals\n\n" + table(["goal", "wanted", "found", "met"], rows) if rows else ""
