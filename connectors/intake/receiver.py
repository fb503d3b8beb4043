"""One request or pulled message, and what a way of intake makes of it. Nothing here is stored or answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from pydantic import SecretStr

from connectors.intake.keys import KEYS, Keys
from domain.facts.intake import IntakeWay


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came: header names in lower case, the body unread. `url` is the public address it was sent to."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TakenMessage:
    """One genuine event to be stored. `id` is the provider's own: what comes twice is stored once.

    `kind` tells the parser of the provider what `body` is ("eventbridge", "alarm", "push"); `body` is JSON.
    `sent_at` is when the provider says it was sent.
    """

    id: str
    kind: str
    body: Any = field(repr=False)
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What to answer, and what to store before answering. `is_confirmed`: the provider has proven that it is there.

    `body` is JSON, or text where `is_text`; None is an empty answer.
    """

    messages: tuple[TakenMessage, ...] = ()
    status: int = 202
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_confirmed: bool = False


class Refusal(Exception):
    """It is not genuine, too old, or not for this endpoint. `status` is what the provider is answered.

    `reason` is for our log and the endpoint's counters, never for who sent it; it names no secret.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a way knows of the endpoint that was called.

    `settings` is of the way's own model; `secret` is shared with the provider, None for ways that have another proof.
    `accounts` are the native ids (accounts, subscriptions, projects) of the organization: events of any other are
    refused as those of a stranger.
    """

    id: str
    way: IntakeWay
    settings: Any
    secret: SecretStr | None
    accounts: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What receivers are given of the process. `keys` fetches and keeps keys and certificates by address.

    `allow_private` is for stand-ins inside; `authorities` replaces where a vendor's keys are fetched from, by name:
    aws_sns (certificates and confirmations), entra, google; the value is what their addresses begin with.
    """

    now: datetime
    allow_private: bool
    authorities: Mapping[str, str] = field(default_factory=dict)
    keys: Keys = field(default=KEYS, repr=False)


class Receive(Protocol):
    async def __call__(self, incoming: Incoming, endpoint: Endpoint, around: Surroundings) -> Taken:
        """Raises Refusal for what must not be let in, and Unavailable when keys cannot be fetched just now."""
        ...


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """One pushed way; its settings are of domain/facts/intake_settings. `most_bytes` bounds a request.

    `has_secret`: whether endpoint and provider share a secret; it is made by us where `makes_secret`, else by them.
    """

    way: IntakeWay
    receive: Receive
    most_bytes: int = 1024 * 1024
    has_secret: bool = True
    makes_secret: bool = True
