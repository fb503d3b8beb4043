"""One message of a queue that we read, and what a reader of such a queue can do. Nothing here is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.intake.receiver import TakenMessage


@dataclass(frozen=True, slots=True)
class Pulled:
    """`receipt` is what the queue wants to be told once the message is stored. `receives` counts how often it came.

    `message` is None for one that must not come in, and `refusal` says why.
    """

    receipt: str = field(repr=False)
    receives: int
    message: TakenMessage | None
    refusal: str | None = None


class Queue(Protocol):
    """An open way to one queue. Both raise ProviderError when it cannot be read."""

    async def pull(self) -> Sequence[Pulled]:
        """The next messages; waits for some seconds for one to come, and gives none when none did."""
        ...

    async def done(self, receipts: Sequence[str]) -> None:
        """These are stored; they need not come again."""
        ...
