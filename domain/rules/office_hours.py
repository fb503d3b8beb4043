"""Working hours as rules let a tenant choose them: times of a clock in a time zone."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from domain.remediation.remedy import NoPlan
from domain.rules.rule import Parameter

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
ZONE = Parameter(
    name="time_zone",
    default="UTC",
    meaning="The time zone of that, as the IANA database names it, such as Europe/Berlin.",
    pattern=r"[A-Za-z0-9_+/-]+",
)


def clock(name: str, default: str, meaning: str) -> Parameter:
    """A parameter that is a time of a clock, as HH:MM."""
    return Parameter(name=name, default=default, meaning=meaning, pattern=CLOCK)


def minute_of(text: str) -> int:
    """The minute of the day of a time written as HH:MM."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def zone_of(parameters: Mapping[str, Any]) -> str:
    """The time zone that was chosen. Raises NoPlan when there is no such zone."""
    zone = str(parameters[ZONE.name])
    if zone not in available_timezones():
        raise NoPlan(f"There is no time zone {zone}: set time_zone of the rule like Europe/Berlin.")
    return zone
