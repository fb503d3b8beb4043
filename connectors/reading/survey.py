"""Reads the listings of a vendor in one account, side by side, and hands over what comes in.

A part that fails becomes a gap and the others go on; memory holds some pages, never a whole account.
"""

import hashlib
from asyncio import Semaphore
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import orjson

from connectors.guard import together
from connectors.reading.gaps import Gaps
from connectors.reading.listing import Answer, Arguments, Batch, Detail, Item, Listing, Operation, Place
from connectors.reading.sink import PartKey, RawAnswer, Sink
from connectors.reading.source import Source
from domain.errors import CutShort, Misshapen, ProviderError
from domain.facts.inventory import ServiceGap
from domain.facts.resource import Resource, ResourceKind

T = TypeVar("T")
PARTS_AT_ONCE = 8
# Items whose details are asked for together, and resources handed over at once.
CHUNK = 50
# An endpoint that never stops paging is none of the vendor's: the largest lists have some hundred pages.
MAX_PAGES = 2000
# What parsing raises on an answer of another shape.
MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """`complete` are the kinds and regions (None: the whole account) of which everything was listed.

    `answered` counts the pages of each operation by name.
    """

    gaps: tuple[ServiceGap, ...]
    complete: frozenset[tuple[ResourceKind, str | None]]
    answered: dict[str, int]


class Survey:
    """One run over an account. `first_only`: only the first page of each list and the first item on it are looked at,
    to find out what may be read.
    """

    def __init__(self, source: Source, sink: Sink, place: Place, *, first_only: bool = False) -> None:
        self._source, self._sink, self._place, self._first_only = source, sink, place, first_only
        self._at_once = Semaphore(PARTS_AT_ONCE)
        self._done = self._expected = 0
        self.answered: Counter[str] = Counter()

    async def read(self, listings: Sequence[Listing]) -> SurveyReport:
        """Everything; what single calls refuse becomes gaps. Only the sink's own errors are raised."""
        outside = Gaps()
        parts = await self._parts(listings, outside)
        self._expected = len(parts)
        found = await together(self._part(listing, place) for listing, place in parts)
        gaps = (*outside.listed(), *(gap for gaps in found for gap in gaps))
        listed = {(kind, place.region) for listing, place in parts for kind in listing.listed_kinds}
        complete = frozenset(one for one in listed if not any(_hides(gap, *one) for gap in gaps))
        return SurveyReport(gaps, complete, dict(self.answered))

    async def _parts(self, listings: Sequence[Listing], gaps: Gaps) -> list[tuple[Listing, Place]]:
        regional = [one for one in listings if one.is_regional]
        regions: tuple[str, ...] = ()
        if regional:
            try:
                regions = await self._source.regions()
            except ProviderError as error:
                for one in regional:
                    gaps.add(error, one.operation, None, one.kinds)
        if self._first_only:
            regions = regions[:1]
        everywhere = [(one, self._place) for one in listings if not one.is_regional]
        return everywhere + [(one, self._place.inside(region)) for region in regions for one in regional]

    async def _part(self, listing: Listing, place: Place) -> tuple[ServiceGap, ...]:
        key = PartKey(listing.operation.name, place.region)
        async with self._at_once:
            gaps: tuple[ServiceGap, ...] = ()
            if not self._sink.is_done(key):
                since = Place(
                    account_id=place.account_id, region=place.region, now=place.now, since=self._sink.since(key)
                )
                reader = _PartReader(self._source, self._sink, key, self.answered, self._first_only)
                await reader.read(listing, since)
                gaps = reader.gaps.listed()
                await self._sink.done(key, gaps)
            self._done += 1
            await self._sink.progress(listing.operation.service, self._done, self._expected)
            return gaps


class _PartReader:
    """Reads one listing in one region, with what stands under it."""

    def __init__(self, source: Source, sink: Sink, key: PartKey, answered: Counter[str], first_only: bool) -> None:
        self._source, self._sink, self._key, self._answered = source, sink, key, answered
        self._first_only = first_only
        self.gaps = Gaps()

    async def read(self, listing: Listing, place: Place) -> None:
        try:
            asked = self._shaped(listing.operation, lambda: _asked(listing, place))
        except ProviderError as error:
            self.gaps.add(error, listing.operation, place.region, listing.kinds)
            return
        for arguments in asked:
            await self._read(listing, place, arguments)

    async def _read(self, listing: Listing, place: Place, arguments: Arguments) -> None:
        try:
            async with aclosing(self._answers(listing.operation, place, arguments)) as pages:
                async for page in pages:
                    await self._take_page(listing, place, page)
        except ProviderError as error:
            self.gaps.add(error, listing.operation, place.region, listing.kinds)

    async def _take_page(self, listing: Listing, place: Place, page: Answer) -> None:
        try:
            items = list(listing.items(page))
            kept = [item for item in items if listing.keeps is None or listing.keeps(item, place)]
        except MISSHAPEN as error:
            raise self._misshapen(listing.operation, error) from error
        kept = kept[:1] if self._first_only else kept
        for start in range(0, len(kept), CHUNK):
            await self._take(listing, place, kept[start : start + CHUNK])

    async def _take(self, listing: Listing, place: Place, items: Sequence[Item]) -> None:
        details = await together(self._details(listing.details, item, place) for item in items)
        for batch in listing.batches:
            await self._fill(batch, place, items, details)
        if listing.parse is not None:
            parsed = [self._parsed(listing, item, own, place) for item, own in zip(items, details, strict=True)]
            found = [resource for resource in parsed if resource is not None]
            if found:
                await self._sink.resources(self._key, found)
        await together(self.read(child, place.under(item)) for child in listing.children for item in items)

    async def _details(self, wanted: Sequence[Detail], item: Item, place: Place) -> dict[str, Any]:
        """Those that could be read, by key."""
        read = await together(self._detail(one, item, place) for one in wanted)
        return {key: value for found in read for key, value in found.items()}

    async def _detail(self, detail: Detail, item: Item, place: Place) -> dict[str, Any]:
        where = place
        try:
            if not self._shaped(detail.operation, lambda: detail.applies(item)):
                return {}
            if detail.place is not None:
                where = self._shaped(detail.operation, partial(detail.place, item, place))
            arguments = self._shaped(detail.operation, lambda: detail.arguments(item, place))
            pages = await self._whole(detail.operation, where, arguments)
            value = self._shaped(detail.operation, lambda: detail.pick(pages))
            return {detail.key: value} if detail.each is None else await self._each(detail, value, where.under(item))
        except ProviderError as error:
            self.gaps.add(error, detail.operation, where.region)
            return {}

    async def _each(self, detail: Detail, found: Any, place: Place) -> dict[str, Any]:
        """The list of what was read for each thing found; nothing when some of it could not be read."""
        one = detail.each
        if one is None or found is None:
            return {detail.key: found}
        read = await together(self._detail(one, item, place) for item in found)
        return {detail.key: [own[one.key] for own in read]} if all(read) else {}

    async def _fill(self, batch: Batch, place: Place, items: Sequence[Item], details: Sequence[dict[str, Any]]) -> None:
        try:
            applying = self._shaped(batch.operation, lambda: [batch.applies(item) for item in items])
        except ProviderError as error:
            self.gaps.add(error, batch.operation, place.region)
            return
        asked = [pair for pair, applies in zip(zip(items, details, strict=True), applying, strict=True) if applies]
        for start in range(0, len(asked), batch.size):
            some = asked[start : start + batch.size]
            try:
                values = await self._values(batch, place, [item for item, _ in some])
            except ProviderError as error:
                self.gaps.add(error, batch.operation, place.region)
                continue
            for (_, own), value in zip(some, values, strict=True):
                own[batch.key] = value

    async def _values(self, batch: Batch, place: Place, wanted: Sequence[Item]) -> Sequence[Any]:
        """One for each item. Raises Misshapen for another number of them."""
        arguments = self._shaped(batch.operation, lambda: batch.arguments(wanted, place))
        pages = await self._whole(batch.operation, place, arguments)
        pairs = self._shaped(batch.operation, lambda: list(zip(wanted, batch.values(wanted, pages), strict=True)))
        return [value for _, value in pairs]

    async def _whole(self, operation: Operation, place: Place, arguments: Arguments) -> list[Answer]:
        async with aclosing(self._answers(operation, place, arguments)) as pages:
            return [page async for page in pages]

    def _parsed(self, listing: Listing, item: Item, details: dict[str, Any], place: Place) -> Resource | None:
        try:
            return listing.parse(item, details, place) if listing.parse else None
        except MISSHAPEN as error:
            kinds = () if listing.kind is None else (listing.kind,)
            self.gaps.add(self._misshapen(listing.operation, error), listing.operation, place.region, kinds)
            return None

    def _shaped(self, operation: Operation, make: Callable[[], T]) -> T:
        try:
            return make()
        except MISSHAPEN as error:
            raise self._misshapen(operation, error) from error

    def _misshapen(self, operation: Operation, error: Exception) -> Misshapen:
        what = f"without {error}" if isinstance(error, KeyError) else f"in another shape ({error})"
        return Misshapen(f"{self._source.endpoint} answered {operation.name} {what}.", service=operation.service)

    async def _answers(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The pages, kept as evidence. Raises CutShort for a list that repeats itself or does not end."""
        seen: set[bytes] = set()
        asked = dict(arguments)
        async with aclosing(self._source.pages(operation, place, arguments)) as pages:
            number = 0
            async for raw in pages:
                if number >= MAX_PAGES:
                    raise CutShort(f"{operation.name} goes on after {MAX_PAGES} pages.", service=operation.service)
                answer = raw if operation.hidden is None else operation.hidden(raw)
                digest = hashlib.sha256(orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)).digest()
                if answer and digest in seen:
                    raise CutShort(f"{operation.name} gives the same page twice.", service=operation.service)
                seen.add(digest)
                self._answered[operation.name] += 1
                await self._sink.evidence(
                    RawAnswer(
                        part=self._key,
                        operation=operation.name,
                        region=place.region,
                        arguments=asked,
                        page=number,
                        answer=answer,
                    )
                )
                yield answer
                if self._first_only:
                    return
                number += 1


def _hides(gap: ServiceGap, kind: ResourceKind, region: str | None) -> bool:
    """Whether resources of this kind and region may be missing; the whole account has those of all regions."""
    return gap.hides(kind, region) or (region is None and kind in gap.unlisted)


def _asked(listing: Listing, place: Place) -> list[Arguments]:
    """What the list is asked for with, once or in several ways; nothing under an item it does not apply to."""
    if place.above and not listing.applies(place.parent):
        return []
    given = listing.arguments(place)
    return [given] if isinstance(given, Mapping) else list(given)
