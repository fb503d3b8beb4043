"""When a channel stays quiet, and how much it takes in a while."""

from typing import Annotated

import strawberry
from pydantic import BaseModel, Field

from domain.alerting import hours, quiet
from domain.alerting.hours import ClockTime, Weekday
from domain.facts.severity import Severity
from schema.node import said

Length = Annotated[int, Field(ge=1, le=1440)]


@strawberry.type(description="Hours that come back every week.")
class WeeklyHours:
    zone: str = said("Time zone of the IANA database, such as Europe/Berlin.")
    days: list[Weekday] = said("On which days they begin.")
    begins: str = said("When they begin, as HH:MM.")
    ends: str = said("When they end, as HH:MM; one that is not later is on the next day.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        return isinstance(value, hours.WeeklyHours)


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


@strawberry.pydantic.input(description="Hours that come back every week.")
class WeeklyHoursInput(BaseModel):
    zone: str = Field(default="UTC", max_length=64, description="Time zone of the IANA database.")
    days: list[Weekday] = Field(
        default=list(hours.WEEK),
        min_length=1,
        max_length=7,
        description="On which days they begin; every day if left out.",
    )
    begins: ClockTime = Field(description="When they begin, as HH:MM.")
    ends: ClockTime = Field(description="When they end, as HH:MM; one that is not later is on the next day.")


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
