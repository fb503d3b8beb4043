"""A place that bills are fetched from, month by month, as files that can be loaded. Nothing here is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from domain.errors import ProviderError


@dataclass(frozen=True, slots=True)
class Offer:
    """A month that can be fetched; `month` is its first day. `mark` changes when there is something new in it, None
    where the place cannot tell. `waits_for` says what is missing of a month that is not whole yet: it is not fetched.
    """

    month: date
    mark: str | None = None
    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The files of one month, all of it; none when there is nothing in it. `objects` names each as the place does,
    with its etag or another mark, for people; `size` is in bytes as they were delivered.
    """

    files: Sequence[Path]
    objects: Mapping[str, str] = field(default_factory=dict)
    size: int = 0


class Feed(Protocol):
    """An open way to one place. Every call passes the guard; both raise ProviderError when it is refused or fails."""

    async def offers(self, known: Mapping[date, str], today: date) -> Sequence[Offer]:
        """The months that may hold something new, oldest first. `known` are the marks of those that were fetched."""
        ...

    async def fetch(self, offer: Offer, folder: Path) -> Fetched:
        """Write the month's files into the folder, which is empty. Raises Vanished when it changes meanwhile."""
        ...


class Vanished(ProviderError):
    """What was listed is not there any more, or is another one: the place is being written to. Look again later."""

    is_retryable = True
    advice = "It is being written just now; the next look finds it whole."


class TooLarge(ProviderError):
    """More than this installation takes of one month."""

    advice = "Raise CLOUDWATCHER_COST_FETCH_MAX_BYTES, or have the export written in smaller files by month."


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def months_back(today: date, count: int) -> list[date]:
    """The month of today and those before it, `count` together, oldest first."""
    this = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(this - count + 1, this + 1)]


def month_after(month: date) -> date:
    """The first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def asked_months(known: Mapping[date, str], today: date, first: int) -> list[date]:
    """What is asked of an interface that cannot tell what is new: at first `first` months, then the last two again and
    what was not fetched before.
    """
    recent = months_back(today, 2)
    return [
        month for month in months_back(today, max(first, 2 if known else 1)) if month in recent or month not in known
    ]
