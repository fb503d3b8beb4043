"""Hours that come back every week, as rules, maintenance windows and channels have them."""

import strawberry
from pydantic import BaseModel, Field

from domain.alerting.hours import WEEK, ClockTime, Weekday, WeeklyHours, ZoneName
from schema.values import register_enum

register_enum(Weekday, "A day of the week.", {day: f"{day.value.capitalize()}." for day in Weekday})
strawberry.pydantic.type(WeeklyHours, description="Hours that come back every week.")


@strawberry.pydantic.input(description="Hours that come back every week.")
class WeeklyHoursInput(BaseModel):
    zone: ZoneName = Field(default="UTC", description="Time zone of the IANA database, e.g. Europe/Berlin.")
    days: list[Weekday] = Field(
        default=list(WEEK), min_length=1, max_length=7, description="On which days of the week they begin."
    )
    begins: ClockTime = Field(description="When they begin, as HH:MM.")
    ends: ClockTime = Field(description="When they end, as HH:MM; on the next day, when that is not later.")

    def fact(self) -> WeeklyHours:
        return WeeklyHours(zone=self.zone, days=tuple(self.days), begins=self.begins, ends=self.ends)
