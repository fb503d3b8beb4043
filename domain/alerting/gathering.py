"""What a digest or a summary says of the alerts that it stands for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from domain.facts.severity import Severity

# More lines than this nobody reads, and channels cut them off; the rest is counted and linked to.
MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Gathered:
    """One alert of a digest or a summary."""

    severity: Severity
    title: str
    link: str


def counted(alerts: Sequence[Gathered]) -> str:
    """How many of which severity, worst first: "2 CRITICAL, 5 LOW"."""
    counts = Counter(alert.severity for alert in alerts)
    return ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])


def shown(alerts: Sequence[Gathered]) -> tuple[Sequence[Gathered], int]:
    """(those that get a line, worst first and otherwise as they came; how many do not)."""
    ranked = sorted(alerts, key=lambda alert: alert.severity.rank)
    return ranked[:MOST_LINES], max(0, len(ranked) - MOST_LINES)
