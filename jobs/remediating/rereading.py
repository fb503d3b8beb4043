"""Reads one resource again, with what its rule looks at beside it. Nothing of it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connectors.reading.listing import Listing, Place
from connectors.reading.narrow import InRegion, giving, narrowed
from connectors.reading.sink import PartKey, RawAnswer
from connectors.reading.source import Source
from connectors.reading.survey import Survey, SurveyReport
from domain.errors import Unavailable
from domain.facts.inventory import ServiceGap
from domain.facts.resource import Resource, ResourceKind
from domain.rules.rule import Rule


@dataclass
class Gathered:
    """A sink that keeps the resources in memory."""

    found: dict[tuple[ResourceKind, str], Resource] = field(default_factory=dict)

    def is_done(self, part: PartKey) -> bool:
        return False

    def since(self, part: PartKey) -> datetime | None:
        return None

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        self.found |= {(one.kind, one.native_id): one for one in found}

    async def evidence(self, raw: RawAnswer) -> None:
        """Nothing is judged by it."""

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        """Parts are not gone on with."""

    async def progress(self, service: str, done: int, expected: int) -> None:
        """It is short."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`resource` is None when it is gone. `resources` are it and what the rule looks at beside it."""

    resource: Resource | None
    resources: dict[tuple[ResourceKind, str], Resource]


async def read_again(source: Source, listings: Sequence[Listing], rule: Rule, known: Resource, now: datetime) -> Seen:
    """The resource as it is now. Raises ProviderError when it, or what the rule needs beside it, cannot be read."""
    account_id = (await source.identity()).native_id
    place = Place(account_id=account_id, region=None, now=now)
    here = source if known.region is None else InRegion(source, known.region)
    gathered = Gathered()
    report = await Survey(here, gathered, place).read(narrowed(listings, known))
    if (known.kind, known.native_id) not in gathered.found:
        report = await Survey(here, gathered, place).read(giving(listings, [known.kind]))
    _is_read(report, known.kind)
    beside = giving(listings, [kind for kind in rule.also_reads if kind is not known.kind])
    others = Gathered()
    if beside:
        _is_read(await Survey(here, others, place).read(beside), *rule.also_reads)
    if known.kind in rule.also_reads:
        _is_read(await Survey(here, others, place).read(giving(listings, [known.kind])), known.kind)
    found = {**others.found, **gathered.found}
    return Seen(gathered.found.get((known.kind, known.native_id)), found)


def _is_read(report: SurveyReport, *kinds: ResourceKind) -> None:
    """Raises Unavailable when resources of these kinds may be missing."""
    for gap in report.gaps:
        if set(kinds) & set(gap.unlisted):
            raise Unavailable(f"It cannot be read just now: {gap.reason}", service=gap.service)
