"""When a channel stays quiet, and how much it takes in a while."""

from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

from domain.alerting import quiet
from domain.alerting.hours import WeeklyHours
from domain.facts.severity import Severity
from schema.hours import WeeklyHoursInput
from schema.node import said

Length = Annotated[int, Field(ge=1, le=1440)]


@strawberry.type(description="At most so many messages in so many minutes; what is above is folded into a summary.")
class NoiseLimit:
    messages: int = said("How many messages.")
    minutes: int = said("In how many minutes.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, quiet.NoiseLimit)


@strawberry.type(description="When a channel stays quiet, what is told all the same, and how much it takes in a while.")
class QuietHours:
    hours: list[WeeklyHours] = said("When it stays quiet.")
    breaks_through: Severity | None = said("What is as bad as this is told at once also then; null for nothing.")
    limit: NoiseLimit | None = said("How much it takes in a while; null for the usual 20 in 10 minutes.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, quiet.QuietHours)


@strawberry.pydantic.input(description="At most so many messages in so many minutes.")
class NoiseLimitInput(BaseModel):
    messages: int = Field(ge=1, le=1000, description="How many messages.")
    minutes: Length = Field(description="In how many minutes.")


@strawberry.pydantic.input(description="When a channel stays quiet. Without hours and limit it is as if it had none.")
class QuietHoursInput(BaseModel):
    hours: list[WeeklyHoursInput] = Field(default_factory=list, max_length=14, description="When it stays quiet.")
    breaks_through: Severity | None = Field(
        default=Severity.CRITICAL, description="What is as bad as this is told at once also then; null for nothing."
    )
    limit: NoiseLimitInput | None = Field(default=None, description="How much it takes in a while.")
