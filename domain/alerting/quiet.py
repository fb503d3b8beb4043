"""When a channel stays quiet, what is told all the same, and how much it takes in a while."""

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.alerting.hours import FOLLOWED_FOR, WeeklyHours, end_of_hours
from domain.facts.severity import Severity


class NoiseLimit(BaseModel):
    """At most `messages` in any `minutes`; what is above is folded into one summary."""

    model_config = ConfigDict(frozen=True)

    messages: int = Field(ge=1, le=1000)
    minutes: int = Field(ge=1, le=1440)


_SOME_TIME = datetime(2026, 1, 5, tzinfo=UTC)
# A person reads two messages a minute at most; a storm of more is one thing to know, not many.
USUAL_LIMIT = NoiseLimit(messages=20, minutes=10)


class QuietHours(BaseModel):
    """The document's `Channel.quiet`. What is as bad as `breaks_through`, or worse, is told at once also in `hours`.

    With None nothing breaks through. Without a `limit` the usual one holds.
    """

    model_config = ConfigDict(frozen=True)

    hours: tuple[WeeklyHours, ...] = Field(default=(), max_length=14)
    breaks_through: Severity | None = Severity.CRITICAL
    limit: NoiseLimit | None = None

    @model_validator(mode="after")
    def _ends(self) -> Self:
        end = end_of_hours(self.hours, _SOME_TIME)
        if end is not None and end - _SOME_TIME >= FOLLOWED_FOR:
            raise ValueError("These hours never end: switch the channel off instead.")
        return self


def is_at_least(severity: Severity, wanted: Severity) -> bool:
    """Whether `severity` is as bad as `wanted` or worse."""
    return severity.rank <= wanted.rank


def quiet_until(quiet: QuietHours | None, at: datetime, severity: Severity | None) -> datetime | None:
    """Until when the channel is not to be told; None when it may be told at once.

    `severity` None is something that never breaks through: a digest.
    """
    if quiet is None:
        return None
    if severity is not None and quiet.breaks_through is not None and is_at_least(severity, quiet.breaks_through):
        return None
    return end_of_hours(quiet.hours, at)


def limit_of(quiet: QuietHours | None) -> NoiseLimit:
    """How much the channel takes in a while."""
    return (quiet and quiet.limit) or USUAL_LIMIT
