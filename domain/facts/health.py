"""How an integration does: what was counted at the guard, what rests, and what a person can do."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class HealthState(StrEnum):
    """FAILING needs somebody; UNKNOWN: nothing was asked of late."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    FAILING = "FAILING"
    UNKNOWN = "UNKNOWN"


class BreakerState(StrEnum):
    """OPEN: no calls. HALF_OPEN: one call is let through to see whether the service answers again."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class ProblemKind(StrEnum):
    RESTING = "RESTING"
    UNANSWERED = "UNANSWERED"
    THROTTLED = "THROTTLED"
    MALFORMED = "MALFORMED"
    REFUSED = "REFUSED"
    PERMISSION = "PERMISSION"
    PLAN = "PLAN"
    INCOMPLETE = "INCOMPLETE"


class Tally(BaseModel):
    """Calls of one service in the five minutes from `at`, each try counted; `seconds` is their time in all.

    What stands in none of `throttled`, `unavailable`, `refused` and `malformed` was answered.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    at: datetime
    calls: int = 0
    throttled: int = 0
    unavailable: int = 0
    refused: int = 0
    malformed: int = 0
    seconds: float = 0.0


class CircuitBreaker(BaseModel):
    """`since`: when it first opened, or closed. `next_try_at`: when a call is let through; None while closed."""

    model_config = ConfigDict(frozen=True)

    service: str
    state: BreakerState
    since: datetime
    next_try_at: datetime | None = None


class HealthProblem(BaseModel):
    """`message` says what is wrong with `service`, `advice` what to do about it."""

    model_config = ConfigDict(frozen=True)

    kind: ProblemKind
    service: str
    message: str
    advice: str


class ServiceHealth(BaseModel):
    """One service over the window; `score` from 0 to 100, `mean_seconds` how long a call took on average."""

    model_config = ConfigDict(frozen=True)

    service: str
    score: int
    calls: int
    throttled: int
    unavailable: int
    refused: int
    malformed: int
    mean_seconds: float
