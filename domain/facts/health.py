"""How an integration does: what was counted at the guard, what rests, and what a person can do."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


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
    """What stands between us and a service that does not answer."""

    model_config = ConfigDict(frozen=True)

    service: str = Field(description="The service, as its vendor prints it.")
    state: BreakerState = Field(description="Whether calls go through.")
    since: datetime = Field(description="When it first opened; of a closed one, when it closed.")
    next_try_at: datetime | None = Field(
        default=None, description="When a call is let through again; null while it is closed."
    )


class HealthProblem(BaseModel):
    """One thing that is wrong, for a person."""

    model_config = ConfigDict(frozen=True)

    kind: ProblemKind = Field(description="What kind of trouble it is.")
    service: str = Field(description="The service it is about, as its vendor prints it.")
    message: str = Field(description="What is wrong, in a sentence.")
    advice: str = Field(description="What to do about it.")


class ServiceHealth(BaseModel):
    """One service over the window."""

    model_config = ConfigDict(frozen=True)

    service: str = Field(description="The service, as its vendor prints it.")
    score: int = Field(description="From 0, nothing works, to 100, everything does.")
    calls: int = Field(description="Calls in the last hour it was asked in, each try counted.")
    throttled: int = Field(description="Of these, how often it asked for fewer calls.")
    unavailable: int = Field(description="Of these, how often it gave no answer.")
    refused: int = Field(description="Of these, how often it refused.")
    malformed: int = Field(description="Of these, how often the answer could not be read.")
    mean_seconds: float = Field(description="How long a call took on average.")
