"""How the calls of DigitalOcean are written down.

Scopes are those of docs.digitalocean.com/reference/api/scopes. The limits of 5000 calls an hour and 250 a minute
count all calls of a token together, so all are one family; Spaces has its own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from connectors.reading.listing import Answer, Arguments, Item, Operation, Place
from connectors.rest.values import without

API, SPACES = "api", "spaces"
PAGE_SIZE = 200
# What the rules on idle and oversized things look at.
WINDOW = timedelta(days=14)


def get(
    path: str,
    scope: str,
    *,
    plan: str | None = None,
    absent: frozenset[str] = frozenset(),
    off: frozenset[str] = frozenset(),
    hide: Callable[[Answer], Answer] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Operation:
    """A GET with a token of this scope."""
    return Operation(
        name=f"GET {path}",
        service=API,
        permissions=(scope,),
        plan=plan,
        absent=absent,
        off=off,
        hidden=hide,
        options=options or {},
    )


def dropping(*keys: str) -> Callable[[Answer], Answer]:
    """Takes what holds secrets out of an answer, at any depth."""
    return lambda answer: without(answer, keys)


def full_pages(_: Place) -> Arguments:
    """The arguments of a list."""
    return {"per_page": PAGE_SIZE}


def by_id(name: str, key: str = "id") -> Callable[[Any, Place], Arguments]:
    """The item's id as this argument, for a call about the item."""
    return lambda item, _: {name: item[key]}


def pages_by_id(name: str, key: str = "id") -> Callable[[Any, Place], Arguments]:
    """The same for a list about the item."""
    return lambda item, _: {name: item[key], "per_page": PAGE_SIZE}


def listed(key: str) -> Callable[[Answer], list[Item]]:
    """The list under this key, which DigitalOcean always sends; null is an empty one. Raises KeyError without it."""

    def items(answer: Answer) -> list[Item]:
        found = answer[key]
        if not isinstance(found, list | None):
            raise TypeError(f"a list under {key}")
        return found or []

    return items


def joined(key: str) -> Callable[[Sequence[Answer]], list[Item]]:
    """The same of all pages, one after another."""
    items = listed(key)
    return lambda pages: [item for page in pages for item in items(page)]


def window(now: datetime) -> dict[str, str]:
    """The last two weeks of whole UTC days, so that a measure changes once a day and not with each sync."""
    end = datetime.combine(now.date(), time(), tzinfo=now.tzinfo)
    return {"start": str(int((end - WINDOW).timestamp())), "end": str(int(end.timestamp()))}
