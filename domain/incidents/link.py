"""What joins two signals, and what people have said about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.facts.incident import DecisionKind
from domain.incidents.signal import Signal


@dataclass(frozen=True, slots=True)
class Link:
    """`a` happened before `b`; both are ids of signals. `at` is when the later one happened."""

    a: str
    b: str
    rule: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Of the signals `a` and `b`, and of whatever belongs to either."""

    kind: DecisionKind
    a: str
    b: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRule:
    """`joins` gives the reason why the earlier and the later signal belong together, in plain words, or None.

    Only signals that share one of their `keys` are ever compared. `window` is the longest time between two that
    happened, `because` why it is that long. A coincidence is a weak reason: it is held to the bounds of `correlate`.
    """

    id: str
    window: timedelta
    because: str
    keys: Callable[[Signal], Iterable[str]]
    joins: Callable[[Signal, Signal], str | None]
    is_coincidence: bool = False


def length(span: timedelta) -> str:
    """A length of time for people: 40 s, 12 min, 3 h or 2 d, cut to the whole."""
    seconds = int(abs(span).total_seconds())
    for unit, size, until in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 48 * 3600)):
        if seconds < until:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86400} d"
