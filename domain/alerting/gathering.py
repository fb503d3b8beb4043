"""What a digest or a summary says of the alerts, and the plans that wait for people, that it stands for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.facts.severity import Severity

# More lines than this nobody reads, and channels cut them off; the rest is counted and linked to.
MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Gathered:
    """One alert of a digest or a summary; without a severity it is a plan that waits to be approved."""

    severity: Severity | None
    title: str
    link: str


def named(things: Sequence[Gathered]) -> str:
    """How many of what: "2 alerts and 1 plan"."""
    plans = sum(thing.severity is None for thing in things)
    counts = {"alert": len(things) - plans, "plan": plans}
    return " and ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)


def counted(things: Sequence[Gathered]) -> str:
    """How many of which severity, worst first: "2 CRITICAL, 5 LOW". Empty without alerts."""
    counts = Counter(thing.severity for thing in things)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def shown(things: Sequence[Gathered]) -> tuple[Sequence[Gathered], int]:
    """(those that get a line, plans behind alerts, worst first and otherwise as they came; how many do not)."""
    ranked = sorted(things, key=lambda thing: len(Severity) if thing.severity is None else thing.severity.rank)
    return ranked[:MOST_LINES], max(0, len(ranked) - MOST_LINES)
