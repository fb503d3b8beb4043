"""How calls ended, counted in memory by service and five minutes, for the health of the account."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from connectors.guarding.telemetry import Outcome
from domain.facts.health import BreakerState, CircuitBreaker, Tally

SLICE = timedelta(minutes=5)
_COUNTED = {
    Outcome.THROTTLED: "throttled",
    Outcome.UNAVAILABLE: "unavailable",
    Outcome.REFUSED: "refused",
    Outcome.MALFORMED: "malformed",
}


@dataclass(frozen=True, slots=True)
class GuardReport:
    """All that one reading of an account has seen so far.

    It replaces an earlier report of the same `id`. `breakers` are those that stood in the way of this reading, with the
    state they were last seen in.
    """

    id: str
    tallies: tuple[Tally, ...]
    breakers: tuple[CircuitBreaker, ...]


@dataclass(slots=True)
class _Count:
    calls: int = 0
    seconds: float = 0.0
    ended: dict[str, int] = field(default_factory=dict)


OnBreaker = Callable[[CircuitBreaker], None]


class Samples:
    """Of one reading of an account. `on_breaker` hears at once of a breaker that changes; it must not wait."""

    def __init__(self, now: Callable[[], datetime], on_breaker: OnBreaker | None = None) -> None:
        self._id = uuid4().hex
        self._now, self._on_breaker = now, on_breaker
        self._counts: dict[tuple[str, datetime], _Count] = {}
        self._breakers: dict[str, CircuitBreaker] = {}

    def add(self, service: str, outcome: Outcome, seconds: float) -> None:
        """Count a try that ended."""
        count = self._counts.setdefault((service, slice_of(self._now())), _Count())
        count.calls += 1
        count.seconds += seconds
        if name := _COUNTED.get(outcome):
            count.ended[name] = count.ended.get(name, 0) + 1

    def breaker(self, service: str, state: BreakerState, *, age: float = 0.0, next_try: float | None = None) -> None:
        """A breaker was seen in this state, `age` seconds after it first opened; `next_try` in so many seconds."""
        known, now, was_open = self._breakers.get(service), self._now(), self._is_open(service)
        is_open = state is not BreakerState.CLOSED
        since = known.since if known and was_open and is_open else now - timedelta(seconds=age)
        next_try_at = None if next_try is None else now + timedelta(seconds=next_try)
        seen = CircuitBreaker(service=service, state=state, since=since, next_try_at=next_try_at)
        self._breakers[service] = seen
        if self._on_breaker and was_open is not is_open:
            self._on_breaker(seen)

    def was_to_be_tried(self, service: str) -> bool:
        """Whether the breaker was last seen open, and its pause is over since."""
        known = self._breakers.get(service)
        if known is None or not self._is_open(service):
            return False
        return known.next_try_at is None or known.next_try_at <= self._now()

    def _is_open(self, service: str) -> bool:
        known = self._breakers.get(service)
        return known is not None and known.state is not BreakerState.CLOSED

    def report(self) -> GuardReport:
        """What was seen so far."""
        tallies = tuple(
            Tally(service=service, at=at, calls=count.calls, seconds=round(count.seconds, 3), **count.ended)
            for (service, at), count in sorted(self._counts.items())
        )
        return GuardReport(self._id, tallies, tuple(self._breakers[name] for name in sorted(self._breakers)))


def slice_of(at: datetime) -> datetime:
    """The start of the five minutes, counted from midnight UTC, that this moment is in."""
    passed = at.astimezone(UTC) - datetime.min.replace(tzinfo=UTC)
    return at.astimezone(UTC) - passed % SLICE
