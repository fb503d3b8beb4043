"""What a policy is made of: its times, its tags, its caps, and the print by which a change of it is known."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from domain.alerting.hours import WEEK, ClockTime, Weekday, ZoneName, next_time
from domain.audit.canonical import canonical
from domain.rules.rule import NOTHING, Rule, Setting

# A key of a tag has up to 128 characters and a value 256 with AWS, up to 512 and 256 with Azure.
TagText = Annotated[str, Field(min_length=1, max_length=512)]


class RemediationSchedule(BaseModel):
    """At `at` (HH:MM) on these days of the zone's calendar.

    A time that clocks are put forward over is as much later that day; of one that comes twice, the first counts.
    """

    model_config = ConfigDict(frozen=True)

    zone: ZoneName = Field(default="UTC", description="Time zone of the IANA database, e.g. Europe/Berlin.")
    days: tuple[Weekday, ...] = Field(default=WEEK, min_length=1, max_length=7, description="On which days.")
    at: ClockTime = Field(description="At what time, as HH:MM.")

    def next_after(self, moment: datetime) -> datetime:
        """The first of its times later than `moment`, in UTC."""
        found = next_time(self.at, self.zone, moment)
        while WEEK[found.astimezone(ZoneInfo(self.zone)).weekday()] not in self.days:
            found = next_time(self.at, self.zone, found)
        return found


class RemediationTag(BaseModel):
    """A tag with this key and one of these values; with any value where none is given. Case does not count."""

    model_config = ConfigDict(frozen=True)

    key: TagText = Field(description="The key of the tag.")
    values: tuple[TagText, ...] = Field(default=(), max_length=50, description="Values that match; empty: any.")

    def matches(self, tags: Mapping[str, str]) -> bool:
        """Whether one of the tags is it."""
        allowed = {value.lower() for value in self.values}
        return any(
            key.lower() == self.key.lower() and (not allowed or value.strip().lower() in allowed)
            for key, value in tags.items()
        )


def takes(tags: Mapping[str, str], wanted: Iterable[RemediationTag], left_out: Iterable[RemediationTag]) -> bool:
    """Whether a resource with these tags is taken: all of `wanted` match, and none of `left_out`."""
    return all(one.matches(tags) for one in wanted) and not any(one.matches(tags) for one in left_out)


def print_of(policy_version: int, rule: Rule, chosen: Mapping[str, Setting] = NOTHING) -> str:
    """SHA-256, in hex, of all that makes a rule do something else under a policy: what was shown for another print
    must be shown again.
    """
    remedy = None if rule.remedy is None else rule.remedy.version
    parameters = {name: list(value) if isinstance(value, tuple) else value for name, value in _every(rule, chosen)}
    bound = {"policy": policy_version, "rule": rule.id, "remedy": remedy, "parameters": parameters}
    return hashlib.sha256(canonical(bound)).hexdigest()


def _every(rule: Rule, chosen: Mapping[str, Setting]) -> Iterable[tuple[str, Setting]]:
    return rule.settings(chosen).items()


def lower(cap: int, own: int | None) -> int:
    """The cap of an organization, or a policy's own where that is lower."""
    return cap if own is None else min(cap, own)
