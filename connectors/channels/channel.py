"""What a notification channel is: its settings, and how one message goes out. One module per kind in `kinds/`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from connectors.channels.mail import Post
from connectors.guard import Guard
from connectors.limits import Limit
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import ChannelSettings
from domain.facts.notice import Notice


@dataclass(frozen=True, slots=True)
class Message:
    """One notice on its way. `key` is the same whenever it is tried again: the idempotency key. `at` is now.

    `text` is what the organization's template made of the notice, None where it has none. `reference` is what the
    channel answered to the first message about the same subject (a thread, an incident), None for the first one.
    `sequence` rises by one per message of a channel of kind WEBHOOK. `org_id` is the tenant's.
    """

    key: str
    notice: Notice
    at: datetime
    text: str | None = None
    reference: str | None = None
    sequence: int | None = None
    org_id: str = ""


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

    `within`: how long one call may take.
    """

    kind: ChannelKind
    name: str
    settings: type[ChannelSettings]
    send: Sender
    per_minute: int
    within: timedelta = timedelta(seconds=20)

    @property
    def limit(self) -> Limit:
        """How the guard of one channel is set. Deliveries are tried again by their job, not by the guard."""
        return Limit(
            rate=self.per_minute / 60,
            burst=max(1, self.per_minute // 60),
            concurrency=4,
            timeout=self.within,
            attempts=1,
            failures=5,
            published=((self.per_minute, 60),),
        )
