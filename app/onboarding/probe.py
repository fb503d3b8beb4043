"""A sink that drops what is read and keeps which reads worked."""

from collections.abc import Sequence
from datetime import datetime

from connectors.reading.sink import PartKey, RawAnswer
from domain.facts.inventory import ServiceGap
from domain.facts.resource import Resource


class Probe:
    """`answered` are the reads that were answered, `gaps` what could not be read, of the parts that have ended."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.gaps: list[ServiceGap] = []

    def is_done(self, part: PartKey) -> bool:
        return False

    def since(self, part: PartKey) -> datetime | None:
        return None

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        """Dropped."""

    async def evidence(self, raw: RawAnswer) -> None:
        self.answered.add(raw.operation)

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        self.gaps += gaps

    async def progress(self, service: str, done: int, expected: int) -> None:
        """Nobody follows it."""
