"""A rule of who is told: which alerts it is about, and why one is not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.alerting.hours import ClockTime, WeeklyHours, ZoneName
from domain.alerting.quiet import is_at_least
from domain.facts.alert import AlertCategory, AlertSource
from domain.facts.severity import Severity

MOST_MINUTES = 1440
TagPair = Annotated[str, Field(pattern=r"^[^=]{1,128}=.{0,256}$")]


class Afterwards(StrEnum):
    """Whether the rules after this one are looked at, too."""

    STOP = "STOP"
    CONTINUE = "CONTINUE"


class Timing(StrEnum):
    IMMEDIATE = "IMMEDIATE"
    HOURLY = "HOURLY"
    DAILY = "DAILY"


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What routing looks at. `at` is when it was raised; `resources` are all ids that the resource goes by."""

    severity: Severity
    source: AlertSource
    category: AlertCategory
    at: datetime
    account_id: str | None = None
    resources: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)


class EscalationStep(BaseModel):
    """Tell these channels when nobody has acknowledged `after_minutes` after the alert, and `repeat_times` again."""

    model_config = ConfigDict(frozen=True)

    after_minutes: int = Field(ge=1, le=MOST_MINUTES)
    channel_ids: tuple[str, ...] = Field(min_length=1, max_length=20)
    repeat_times: int = Field(default=0, ge=0, le=20)
    repeat_minutes: int = Field(default=15, ge=1, le=MOST_MINUTES)


class Rule(BaseModel):
    """What is empty or None matches everything; every condition must hold, and of a list one value is enough.

    `tags` are key=value: of several values of a key one must be there, and every key. `hours`: in any of these.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    is_enabled: bool = True
    severities: tuple[Severity, ...] = ()
    at_least: Severity | None = None
    sources: tuple[AlertSource, ...] = ()
    categories: tuple[AlertCategory, ...] = ()
    account_ids: tuple[str, ...] = ()
    tags: tuple[TagPair, ...] = ()
    hours: tuple[WeeklyHours, ...] = ()
    channel_ids: tuple[str, ...] = ()
    afterwards: Afterwards = Afterwards.STOP
    delay_minutes: int = Field(default=0, ge=0, le=MOST_MINUTES)
    timing: Timing = Timing.IMMEDIATE
    digest_at: ClockTime = "08:00"
    zone: ZoneName = "UTC"
    escalations: tuple[EscalationStep, ...] = ()


def mismatch(rule: Rule, alert: AlertFacts) -> str | None:
    """Why the rule is not about this alert, in words; None when it is."""
    return next(_mismatches(rule, alert), None)


def _mismatches(rule: Rule, alert: AlertFacts) -> Iterator[str]:
    if not rule.is_enabled:
        yield "The rule is switched off."
    if rule.severities and alert.severity not in rule.severities:
        yield f"{alert.severity} is none of {_listed(rule.severities)}."
    if rule.at_least is not None and not is_at_least(alert.severity, rule.at_least):
        yield f"{alert.severity} is less than {rule.at_least}."
    if rule.sources and alert.source not in rule.sources:
        yield f"{alert.source} is none of {_listed(rule.sources)}."
    if rule.categories and alert.category not in rule.categories:
        yield f"{alert.category} is none of {_listed(rule.categories)}."
    if rule.account_ids and alert.account_id not in rule.account_ids:
        yield "It is of none of the accounts."
    if missing := missing_tags(rule.tags, alert.tags):
        yield f"It lacks the tag {missing}."
    if rule.hours and not any(one.span_at(alert.at) for one in rule.hours):
        yield "It was raised outside of the hours."


def missing_tags(wanted: Iterable[str], tags: Mapping[str, str]) -> str | None:
    """The wanted key=value, or several of one key, that are not there; None when every key has a wanted value."""
    values: dict[str, list[str]] = defaultdict(list)
    for pair in wanted:
        key, _, value = pair.partition("=")
        values[key].append(value)
    missing = (f"{key}={' or '.join(ones)}" for key, ones in values.items() if tags.get(key) not in ones)
    return next(missing, None)


def _listed(values: Iterable[StrEnum]) -> str:
    return ", ".join(value.value for value in values)
