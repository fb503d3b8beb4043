"""Time series of DigitalOcean's monitoring, condensed to what rules ask for.

The raw series are kept as evidence; a resource carries the summary only, since two weeks have thousands of points.
Source: docs.digitalocean.com, "Monitoring" of the API reference.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from connectors.reading.listing import Answer

# The counter of a processor that does nothing, in seconds.
IDLE = "idle"
DIGITS = 6
# Seconds.
DAY = 86400


def gauge(pages: Sequence[Answer]) -> dict[str, float]:
    """The summary of all values of an answer, in the unit of the measure, and on how many UTC days there were any."""
    return _with_days([(at, float(value)) for series in _series(pages) for at, value in series["values"]])


def busy(pages: Sequence[Answer]) -> dict[str, float]:
    """The same of the busy share of a droplet's processors in per cent, from its counters of seconds by mode.

    A step in which a counter falls is a restart and is left out.
    """
    counters: dict[int, dict[str, float]] = {}
    for series in _series(pages):
        for at, value in series["values"]:
            counters.setdefault(at, {})[series["metric"]["mode"]] = float(value)
    steps = pairwise(sorted(counters))
    shares = ((before, _share(counters[before], counters[after])) for before, after in steps)
    return _with_days([(at, share) for at, share in shares if share is not None])


def summary(values: Iterable[float]) -> dict[str, float]:
    """How many, the least, the mean, percentiles by nearest rank, and the most; `points` alone when there are none."""
    found = sorted(values)
    if not found:
        return {"points": 0}
    ranks = {f"p{share:02}": found[-(-share * len(found) // 100) - 1] for share in (1, 50, 95, 99)}
    measures = {"min": found[0], "mean": sum(found) / len(found), **ranks, "max": found[-1]}
    return {"points": len(found), **{name: round(value, DIGITS) for name, value in measures.items()}}


def _with_days(points: Sequence[tuple[float, float]]) -> dict[str, float]:
    days = len({int(at) // DAY for at, _ in points})
    return summary(value for _, value in points) | ({"days": days} if days else {})


def _share(before: dict[str, float], after: dict[str, float]) -> float | None:
    passed = {mode: after[mode] - before[mode] for mode in after if mode in before}
    total = sum(passed.values())
    if total <= 0 or min(passed.values()) < 0 or IDLE not in passed:
        return None
    return 100 * (1 - passed[IDLE] / total)


def _series(pages: Sequence[Answer]) -> list[Any]:
    return [series for page in pages for series in page["data"]["result"]]
