"""The way into one account, as the engine and the registry see it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.guard import Guard, Translate
from connectors.reading.listing import Answer, Arguments, Listing, Operation, Place
from domain.facts.provider import Provider


@dataclass(frozen=True, slots=True)
class Identity:
    """`native_id` is the provider's own id of the account, `principal` whom CloudWatcher acts as there."""

    native_id: str
    name: str
    principal: str


class Source(Protocol):
    """An open way in. Every call passes the guard and raises ProviderError when it is refused or fails."""

    @property
    def endpoint(self) -> str:
        """What messages call the other side."""
        ...

    async def identity(self) -> Identity:
        """The cheapest call that proves the credentials."""
        ...

    async def regions(self) -> tuple[str, ...]:
        """Where regional listings are read."""
        ...

    def pages(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The raw answers, one for each page; none when the provider says the thing is not set."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """An account that is reached through another one. `credentials` are of the vendor's class and lead into it."""

    native_id: str
    name: str
    credentials: BaseModel


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What a vendor's `open` is handed. `guard` makes the one guard of this account for the vendor's own errors.

    `allow_private_endpoint`: whether calls may go to private addresses.
    """

    guard: Callable[[Translate], Guard]
    allow_private_endpoint: bool
    now: Callable[[], datetime]


def no_action(name: str) -> Operation:
    """Of a vendor where nothing is changed. Raises KeyError."""
    raise KeyError(name)


def actions(*known: Operation) -> Callable[[str], Operation]:
    """The actions of a vendor by name. Raises ValueError when two have the same."""
    by_name = {one.name: one for one in known}
    if len(by_name) < len(known):
        raise ValueError("two actions have the same name")
    return by_name.__getitem__


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A vendor. `open` takes credentials of the given class, and raises Invalid for an endpoint that may not be used.

    `identity_operation` is the call behind `Source.identity`, for lists of permissions. `members` lists the accounts
    that these credentials open besides the one they belong to; None where a vendor knows no such thing. `missing` tells
    which of some permissions the credentials lack to change the resource with a native id; it gives None when the
    vendor does not tell this time, and is None where it never does.
    """

    provider: Provider
    credentials: type[BaseModel]
    listings: tuple[Listing, ...]
    identity_operation: Operation
    open: Callable[[Any, Reach], AbstractAsyncContextManager[Source]]
    members: Callable[[Source, Any], Awaitable[tuple[Member, ...]]] | None = None
    action: Callable[[str], Operation] = no_action
    missing: Callable[[Source, Sequence[str], str], Awaitable[frozenset[str] | None]] | None = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Every call, each once, in the order of the listings."""
        every = (self.identity_operation, *(one for listing in self.listings for one in listing.operations))
        return tuple({one.name: one for one in every}.values())
