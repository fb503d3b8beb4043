"""The arithmetic of a bucket and a breaker, for one process. `gate` does the same in Redis for all of them."""

from dataclasses import dataclass
from enum import StrEnum

from connectors.limits import Limit


class Verdict(StrEnum):
    """FULL: the token comes too late. RESTING: the breaker is open. PROBE: go, and be the one that tries."""

    GO = "go"
    PROBE = "probe"
    FULL = "full"
    RESTING = "resting"


class Turn(StrEnum):
    """What an answer did to a breaker."""

    NONE = "none"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """`seconds` to wait before the call is sent, or before it is worth asking again.

    `failures` in a row stand against the service; `age` is how long it has been resting, in seconds.
    """

    verdict: Verdict
    seconds: float
    failures: int = 0
    age: float = 0.0


@dataclass(slots=True)
class Bucket:
    """Kept as the moment at which it will be full again: one number says all about it.

    Each call moves that moment on by the time one token takes to come back, and waits for as long as the moment lies
    further away than the whole bucket takes to fill. So tokens are given in the order they were asked for, and nobody
    has to ask twice. Moments are seconds of a clock that only goes on.
    """

    full_at: float = 0.0

    def wait(self, now: float, limit: Limit) -> float:
        """Until the next token, in seconds."""
        return max(0.0, max(self.full_at, now) - limit.fills_within - now)

    def take(self, now: float, limit: Limit) -> None:
        """Take the next token, whether it is there or to come."""
        self.full_at = max(self.full_at, now) + limit.interval

    def drain(self, now: float, limit: Limit, seconds: float) -> None:
        """Empty it, so that its next token comes in `seconds`."""
        self.full_at = max(self.full_at, now + limit.fills_within + seconds)


@dataclass(slots=True)
class Breaker:
    """Closed while `opened_at` is None; `since` is when it first opened, `opened_at` when it last did."""

    failures: int = 0
    since: float | None = None
    opened_at: float | None = None
    probe_until: float = 0.0

    def next_try(self, now: float, limit: Limit) -> float:
        """Until it lets a call through, in seconds; 0 when it does now."""
        if self.opened_at is None:
            return 0.0
        return max(0.0, self.opened_at + limit.pause.total_seconds() - now, self.probe_until - now)

    def settle(self, now: float, limit: Limit, *, is_probe: bool, is_failure: bool) -> Turn:
        """Learn how a call ended. Of calls that began before it opened nothing is learned."""
        is_open = self.opened_at is not None
        if is_open and not is_probe:
            return Turn.NONE
        if not is_failure:
            self.failures, self.since, self.opened_at, self.probe_until = 0, None, None, 0.0
            return Turn.CLOSED if is_open else Turn.NONE
        self.failures += 1
        if not is_open and self.failures < limit.failures:
            return Turn.NONE
        self.since = now if self.since is None else self.since
        self.opened_at, self.probe_until = now, 0.0
        return Turn.OPENED


def enter(bucket: Bucket, breaker: Breaker, now: float, limit: Limit, longest_wait: float) -> Entry:
    """Take a token, when the breaker allows it and it comes soon enough."""
    age = 0.0 if breaker.since is None else now - breaker.since
    if rest := breaker.next_try(now, limit):
        return Entry(Verdict.RESTING, rest, breaker.failures, age)
    wait = bucket.wait(now, limit)
    if wait > longest_wait:
        return Entry(Verdict.FULL, wait, breaker.failures, age)
    bucket.take(now, limit)
    if breaker.opened_at is None:
        return Entry(Verdict.GO, wait, breaker.failures, age)
    # Whoever tries may be cancelled without a word: then the next one tries, once this one would have had to end.
    breaker.probe_until = now + wait + limit.timeout.total_seconds()
    return Entry(Verdict.PROBE, wait, breaker.failures, age)
