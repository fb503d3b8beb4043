"""Where the two outputs of a connector go: resources, and the raw answers they were parsed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.facts.inventory import ServiceGap
from domain.facts.resource import Resource


class PartKey(NamedTuple):
    """A top listing in one region (None: the whole account): what is read, and read again, as one."""

    operation: str
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """One page of one call, secrets taken out. `arguments` are those the call was made with, `page` counts from 0."""

    part: PartKey
    operation: str
    region: str | None
    arguments: dict[str, Any]
    page: int
    answer: Any


class Sink(Protocol):
    """Takes what a survey reads, while it reads. Several parts are told of side by side."""

    def is_done(self, part: PartKey) -> bool:
        """Whether this part was read whole by an earlier, interrupted attempt of the same sync."""
        ...

    def since(self, part: PartKey) -> datetime | None:
        """When the last complete read of this part began."""
        ...

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        """A batch of at most some hundred."""
        ...

    async def evidence(self, raw: RawAnswer) -> None: ...

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        """The part has ended; without gaps everything of it was read and handed over."""
        ...

    async def progress(self, service: str, done: int, expected: int) -> None:
        """Parts done and parts in all."""
        ...
