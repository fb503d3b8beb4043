"""Times in which something is worked on: what it raises is shown, and people are not told until the end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from domain.alerting.hours import WeeklyHours, end_of_hours
from domain.alerting.rule import AlertFacts


class Window(BaseModel):
    """Once, from `starts_at` to `ends_at`, or every week in `weekly` between the two, where they are given.

    It covers what is of one of the accounts, is one of the resources or has one of the tags (key=value); all, when it
    names nothing.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    account_ids: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekly: WeeklyHours | None = None


class Concerned(Protocol):
    """Something that may be of what is worked on. `resources` are all ids that its resource goes by."""

    @property
    def account_id(self) -> str | None: ...
    @property
    def resources(self) -> frozenset[str]: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


def covers(window: Window, one: Concerned) -> bool:
    """Whether it is about what is worked on, whenever that is."""
    if not (window.account_ids or window.resources or window.tags):
        return True
    return (
        one.account_id in window.account_ids
        or not one.resources.isdisjoint(window.resources)
        or any(one.tags.get(key) == value for key, _, value in (pair.partition("=") for pair in window.tags))
    )


def open_until(window: Window, at: datetime) -> datetime | None:
    """When the work that goes on at this instant is over; None when none goes on."""
    if window.starts_at is not None and at < window.starts_at:
        return None
    if window.ends_at is not None and at >= window.ends_at:
        return None
    end = window.ends_at if window.weekly is None else end_of_hours((window.weekly,), at)
    return end if end is None or window.ends_at is None else min(end, window.ends_at)


def was_open(window: Window, first: datetime, until: datetime) -> bool:
    """Whether the work went on at some time from `first` until before `until`."""
    first = first if window.starts_at is None else max(first, window.starts_at)
    until = until if window.ends_at is None else min(until, window.ends_at)
    return first < until and (window.weekly is None or window.weekly.meet(first, until))


def muting(windows: Iterable[Window], alert: AlertFacts) -> tuple[Window, datetime] | None:
    """Of the windows that keep the alert from people at `alert.at` the one that does so the longest, and its end."""
    covering = ((window, open_until(window, alert.at)) for window in windows if covers(window, alert))
    return max(((window, end) for window, end in covering if end is not None), key=lambda one: one[1], default=None)
