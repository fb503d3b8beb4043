"""A sink that keeps everything in memory, and a reading with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.guard import Guards
from connectors.limits import Limit
from connectors.reading.listing import Listing, Place
from connectors.reading.sink import PartKey, RawAnswer
from connectors.reading.source import Reach, Registration, Source
from connectors.reading.survey import Survey, SurveyReport
from domain.facts.inventory import ServiceGap
from domain.facts.resource import Resource, ResourceKind

# A stand-in bears any rate, and each test wants to see every refusal.
UNBOUNDED = Limit(failures=0)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
# Whoever wants to see what surveys have read: vendor, listings, what came, and the account.
Observer = Callable[["Registration", "Sequence[Listing]", "Collected", str], None]
OBSERVERS: list[Observer] = []


@dataclass
class Collected:
    """What a survey handed over."""

    found: list[Resource] = field(default_factory=list)
    answers: list[RawAnswer] = field(default_factory=list)
    parts: dict[PartKey, tuple[ServiceGap, ...]] = field(default_factory=dict)
    steps: list[tuple[str, int, int]] = field(default_factory=list)
    earlier: set[PartKey] = field(default_factory=set)
    started: dict[PartKey, datetime] = field(default_factory=dict)

    def is_done(self, part: PartKey) -> bool:
        return part in self.earlier

    def since(self, part: PartKey) -> datetime | None:
        return self.started.get(part)

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        self.found += found

    async def evidence(self, raw: RawAnswer) -> None:
        self.answers.append(raw)

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        self.parts[part] = tuple(gaps)

    async def progress(self, service: str, done: int, expected: int) -> None:
        self.steps.append((service, done, expected))

    def of(self, kind: ResourceKind) -> list[Resource]:
        return [one for one in self.found if one.kind is kind]


async def _at_once(_: float) -> None:
    """Instead of sleeping."""


def reach(guards: Guards | None = None) -> Reach:
    """A way to stand-ins on this machine, which are asked again at once."""
    made = guards or Guards(sleep=_at_once, limits=lambda *_: UNBOUNDED)
    return Reach(guard=made.of(None, "test"), allow_private_endpoint=True, now=lambda: NOW)


async def survey(
    registration: Registration,
    credentials: Any,
    listings: Sequence[Listing] | None = None,
    *,
    first_only: bool = False,
    into: Collected | None = None,
    guards: Guards | None = None,
) -> tuple[Collected, SurveyReport]:
    """Reads an account, or these listings of it, the whole way."""
    collected = into or Collected()
    async with registration.open(credentials, reach(guards)) as source:
        identity = await source.identity()
        place = Place(account_id=identity.native_id, region=None, now=NOW)
        run = Survey(source, collected, place, first_only=first_only)
        wanted = registration.listings if listings is None else listings
        report = await run.read(wanted)
    for observe in () if first_only else OBSERVERS:
        observe(registration, wanted, collected, identity.native_id)
    return collected, report


async def read(source: Source, listings: Sequence[Listing], now: datetime = NOW) -> tuple[Collected, SurveyReport]:
    """Reads these listings through a way in that is open already."""
    collected = Collected()
    place = Place(account_id=(await source.identity()).native_id, region=None, now=now)
    return collected, await Survey(source, collected, place).read(listings)
