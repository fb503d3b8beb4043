"""Reads the listings of a vendor in one account, side by side, and hands over what comes in.

A part that fails becomes a gap and the others go on; memory holds some pages, never a whole account.
"""

from asyncio import Semaphore
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from connectors.guard import together
from connectors.reading.gaps import Gaps
from connectors.reading.listing import Listing, Place
from connectors.reading.part import MISSHAPEN, PartReader
from connectors.reading.sink import PartKey, Sink
from connectors.reading.source import Source
from domain.errors import Misshapen, ProviderError
from domain.facts.inventory import ServiceGap
from domain.facts.resource import ResourceKind

PARTS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """`complete` are the kinds and regions (None: the whole account) of which everything was listed.

    `answered` counts the pages of each operation by name. `asked` are the kinds that were asked for, and where,
    whatever came of it.
    """

    gaps: tuple[ServiceGap, ...]
    complete: frozenset[tuple[ResourceKind, str | None]]
    answered: dict[str, int]
    asked: frozenset[tuple[ResourceKind, str | None]] = frozenset()


def every_region(_: Listing, __: str) -> bool:
    """Asks for a list in each region of the account."""
    return True


class Survey:
    """One run over an account. `first_only`: only the first page of each list and the first item on it are looked at,
    to find out what may be read. `is_in` says in which regions a list is asked for that has some.
    """

    def __init__(
        self,
        source: Source,
        sink: Sink,
        place: Place,
        *,
        first_only: bool = False,
        is_in: Callable[[Listing, str], bool] = every_region,
    ) -> None:
        self._source, self._sink, self._place, self._first_only = source, sink, place, first_only
        self._is_in = is_in
        self._at_once = Semaphore(PARTS_AT_ONCE)
        self._done = self._expected = 0
        self.answered: Counter[str] = Counter()

    async def read(self, listings: Sequence[Listing]) -> SurveyReport:
        """Everything; what single calls refuse becomes gaps. Only the sink's own errors are raised."""
        outside = Gaps()
        every = await self._parts(listings, outside)
        parts = [one for one in every if self._is_asked(*one)]
        self._expected = len(parts)
        keys = _keys(parts)
        found = await together(self._part(key, *part) for key, part in zip(keys, parts, strict=True))
        gaps = (*outside.listed(), *(gap for gaps in found for gap in gaps))
        listed = {(kind, place.region) for listing, place in parts for kind in listing.listed_kinds}
        # What has no region may be listed in any of them.
        left = {(kind, None) for one in every if not self._is_asked(*one) for kind in one[0].kinds}
        complete = frozenset(unhidden(listed, gaps) - left)
        asked = frozenset((kind, place.region) for listing, place in parts for kind in listing.kinds)
        return SurveyReport(gaps, complete, dict(self.answered), asked)

    async def _parts(self, listings: Sequence[Listing], gaps: Gaps) -> list[tuple[Listing, Place]]:
        regional = [one for one in listings if one.is_regional]
        regions: tuple[str, ...] = ()
        if regional:
            try:
                regions = await self._source.regions()
            except (ProviderError, *MISSHAPEN) as error:
                trouble = error if isinstance(error, ProviderError) else self._no_regions(error)
                for one in regional:
                    gaps.add(trouble, one.operation, None, one.kinds)
        if self._first_only:
            regions = regions[:1]
        everywhere = [(one, self._place) for one in listings if not one.is_regional]
        return everywhere + [(one, self._place.inside(region)) for region in regions for one in regional]

    def _is_asked(self, listing: Listing, place: Place) -> bool:
        return place.region is None or self._is_in(listing, place.region)

    def _no_regions(self, error: Exception) -> Misshapen:
        return Misshapen(f"{self._source.endpoint} names its regions in another shape ({error}).", service="regions")

    async def _part(self, key: PartKey, listing: Listing, place: Place) -> tuple[ServiceGap, ...]:
        async with self._at_once:
            gaps: tuple[ServiceGap, ...] = ()
            if not self._sink.is_done(key):
                since = Place(
                    account_id=place.account_id, region=place.region, now=place.now, since=self._sink.since(key)
                )
                reader = PartReader(self._source, self._sink, key, self.answered, self._first_only)
                await reader.read(listing, since)
                gaps = reader.gaps.listed()
                await self._sink.done(key, gaps)
            self._done += 1
            await self._sink.progress(listing.operation.service, self._done, self._expected)
            return gaps


def _keys(parts: Sequence[tuple[Listing, Place]]) -> list[PartKey]:
    """What each part is called; listings of the same operation are numbered."""
    times: Counter[PartKey] = Counter()
    keys = []
    for listing, place in parts:
        key = PartKey(listing.operation.name, place.region)
        times[key] += 1
        keys.append(key if times[key] == 1 else PartKey(f"{key.operation} ({times[key]})", key.region))
    return keys


def unhidden(
    listed: Iterable[tuple[ResourceKind, str | None]], gaps: Sequence[ServiceGap]
) -> set[tuple[ResourceKind, str | None]]:
    """Those kinds and regions of which these gaps hide nothing."""
    return {one for one in listed if not any(_hides(gap, *one) for gap in gaps)}


def _hides(gap: ServiceGap, kind: ResourceKind, region: str | None) -> bool:
    """Whether resources of this kind and region may be missing; the whole account has those of all regions."""
    return gap.hides(kind, region) or (region is None and kind in gap.unlisted)
