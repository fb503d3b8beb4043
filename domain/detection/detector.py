"""What a detector is: a pure check of one event, with everything a reader needs to trust or tune it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

NOTHING: Mapping[str, str] = MappingProxyType({})
# More of one subject are not remembered: detectors count to twenty, and an account has some hundred pairs of roles.
MOST_MARKS = 1000


@dataclass(frozen=True, slots=True)
class Trace:
    """What is to be remembered of an event: `marks` (texts that count once each) of one `subject`, mostly a person."""

    subject: str
    marks: frozenset[str]


def mark_of(text: str) -> str:
    """A short mark for a text of any length."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is remembered of a subject within the detector's window, the event's own trace left out.

    `before` are the marks of earlier events. `since` is when the subject was first heard of, None if never.
    """

    before: frozenset[str] = frozenset()
    since: datetime | None = None


NEVER_SEEN = Recollection()


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorContext:
    """`accounts` are the native ids of the organization's own accounts; `recalled` is what `trace` left before."""

    accounts: frozenset[str] = frozenset()
    recalled: Recollection = NEVER_SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """`message` says in one or two sentences what was seen. What is None is the detector's, or the event's own.

    `is_grouped`: one alert for all that the same principal does of this, instead of one for each resource.
    """

    message: str
    title: str | None = None
    severity: Severity | None = None
    category: AlertCategory | None = None
    resource: str | None = None
    is_grouped: bool = False
    tags: Mapping[str, str] = field(default_factory=lambda: NOTHING)


Check = Callable[[ProviderEvent, DetectorContext], Sighting | None]
Leave = Callable[[ProviderEvent], Trace | None]


@dataclass(frozen=True, slots=True)
class Example:
    """An event with its surroundings and whether the detector fires on it."""

    event: ProviderEvent
    is_firing: bool
    context: DetectorContext


class Detector(BaseModel):
    """One thing to look for in events. `id` names its file and never changes once published.

    `severity` is the worst it says. `source` is the documentation or catalogue of techniques behind it, `blind_spots`
    what it cannot see. `trace` is what it wants remembered of an event for `window`. One that `is_general` is asked
    only about events that no other detector has anything to say about.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    id: str = Field(pattern=r"^[a-z]+(-[a-z0-9]+)+$")
    title: str = Field(min_length=1, max_length=100)
    category: AlertCategory = AlertCategory.SECOPS
    severity: Severity
    providers: tuple[Provider, ...] = (Provider.AWS,)
    source: str = Field(min_length=1)
    blind_spots: str = Field(min_length=1)
    check: Check
    examples: tuple[Example, ...]
    trace: Leave | None = None
    window: timedelta = timedelta(0)
    is_general: bool = False

    @model_validator(mode="after")
    def _shows_both_sides(self) -> Self:
        if {example.is_firing for example in self.examples} != {True, False}:
            raise ValueError(f"{self.id} needs at least one example that fires and one that stays quiet")
        if (self.trace is None) != (self.window == timedelta(0)):
            raise ValueError(f"{self.id} needs a window for what it wants remembered, and only for that")
        return self
