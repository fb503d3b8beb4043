"""What a notification channel is: its settings, and how one message goes out. One module per kind in `kinds/`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.channels.mail import Post
from connectors.guard import Guard
from domain.facts.channel import ChannelKind
from domain.facts.notice import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """One notice on its way. `key` is the same whenever it is tried again: the idempotency key.

    `text` is what the organization's template made of the notice, None where it has none. `reference` is what the
    channel answered to the first message about the same subject (a thread, an incident), None for the first one.
    `sequence` rises by one per message of a channel of kind WEBHOOK.
    """

    key: str
    notice: Notice
    text: str | None = None
    reference: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What the channel answered: a reference to thread or incident, and its words, shown in the delivery log."""

    reference: str | None = None
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """What senders are given of the process. `guard` is the channel's own: its breaker and its rate."""

    guard: Guard
    post: Post
    allow_private: bool
    public_url: str


class Sender(Protocol):
    async def __call__(self, message: Message, settings: Any, outlet: Outlet) -> Sent:
        """Returns once the channel has taken the message.

        Raises Throttled (with retry_after) or Unavailable when it may take it later, CredentialsRejected, Rejected or
        Invalid when it never will as it stands.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One kind. `settings` is a frozen pydantic model whose secrets are SecretStr; `per_minute` is the vendor's limit.

    `shown` tells the settings without secrets, in one line ("#alerts", "hooks.slack.com").
    """

    kind: ChannelKind
    name: str
    settings: type[BaseModel]
    send: Sender
    shown: Callable[[Any], str]
    per_minute: int
    check: Callable[[Any], Awaitable[None]] | None = None
