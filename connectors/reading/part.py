"""Reads one listing in one place, with what stands under it: the part of a survey that fails or succeeds as one."""

import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

import orjson

from connectors.guard import together
from connectors.reading.gaps import Gaps
from connectors.reading.listing import Answer, Arguments, Batch, Detail, Item, Listing, Operation, Place
from connectors.reading.sink import PartKey, RawAnswer, Sink
from connectors.reading.source import Source
from domain.errors import CutShort, Misshapen, ProviderError
from domain.facts.resource import Resource

T = TypeVar("T")
# Items whose details are asked for together, and resources handed over at once.
CHUNK = 50
# An endpoint that never stops paging is none of the vendor's: the largest lists have some hundred pages.
MAX_PAGES = 2000
# What parsing raises on an answer of another shape; the last one on times and waits beyond all bounds.
MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError)


class PartReader:
    """`gaps` are what could not be read so far; `answered` counts the pages of each operation."""

    def __init__(self, source: Source, sink: Sink, key: PartKey, answered: Counter[str], first_only: bool) -> None:
        self._source, self._sink, self._key, self._answered = source, sink, key, answered
        self._first_only = first_only
        self.gaps = Gaps()

    async def read(self, listing: Listing, place: Place) -> None:
        """All of it; what fails becomes a gap."""
        try:
            asked = await self._asked(listing, place)
        except ProviderError as error:
            self.gaps.add(error, listing.operation, place.region, listing.kinds)
            return
        for start in range(0, len(asked), CHUNK):
            await together(self._read(listing, place, arguments) for arguments in asked[start : start + CHUNK])

    async def _asked(self, listing: Listing, place: Place) -> list[Arguments]:
        """What the list is asked for with: once, in several ways, or place by place."""
        if not self._shaped(listing.operation, lambda: listing.applies is None or listing.applies(place)):
            return []
        if listing.spread is not None:
            spread, regions = listing.spread, await self._source.regions()
            asked = self._shaped(listing.operation, lambda: list(spread(place, regions)))
            return asked[:1] if self._first_only else asked
        given = self._shaped(listing.operation, partial(listing.arguments, place))
        return [given] if isinstance(given, Mapping) else list(given)

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
            found = [
                _marked(resource, listing, item, own)
                for resource, item, own in zip(parsed, items, details, strict=True)
                if resource is not None
            ]
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
            arguments = self._shaped(detail.operation, partial(detail.arguments, item, place))
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
            wanted = [item for item, _ in some]
            try:
                arguments = self._shaped(batch.operation, partial(batch.arguments, wanted, place))
                pages = await self._whole(batch.operation, place, arguments)
                values = self._shaped(batch.operation, partial(_as_many, batch, wanted, pages))
            except ProviderError as error:
                self.gaps.add(error, batch.operation, place.region)
                continue
            for (_, own), value in zip(some, values, strict=True):
                own[batch.key] = value

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

    async def _raw(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The pages as the vendor's source gives them; one it cannot make sense of is misshapen."""
        async with aclosing(self._source.pages(operation, place, arguments)) as pages:
            try:
                async for raw in pages:
                    yield raw
            except MISSHAPEN as error:
                raise self._misshapen(operation, error) from error

    async def _answers(self, operation: Operation, place: Place, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """The pages, kept as evidence. Raises CutShort for a list that repeats itself or does not end."""
        seen: set[bytes] = set()
        asked = dict(arguments)
        async with aclosing(self._raw(operation, place, arguments)) as pages:
            number = 0
            async for raw in pages:
                if number >= MAX_PAGES:
                    raise CutShort(f"{operation.name} goes on after {MAX_PAGES} pages.", service=operation.service)
                answer = raw if operation.hidden is None else self._shaped(operation, partial(operation.hidden, raw))
                digest = self._shaped(operation, partial(_digest, answer))
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


def _marked(resource: Resource, listing: Listing, item: Item, read: Mapping[str, Any]) -> Resource:
    """The resource, with the keys of those details that could not be read."""
    asked: tuple[Detail | Batch, ...] = (*listing.details, *listing.batches)
    wanted = (one.key for one in asked if _applies(one, item))
    unread = frozenset(key for key in wanted if key not in read)
    return resource.model_copy(update={"unread": unread}) if unread else resource


def _applies(asked: Detail | Batch, item: Item) -> bool:
    """An item of which even that cannot be told is asked about, and the trouble becomes a gap there."""
    try:
        return asked.applies(item)
    except MISSHAPEN:
        return True


def _as_many(batch: Batch, items: Sequence[Item], pages: Sequence[Answer]) -> Sequence[Any]:
    """One value for each item. Raises ValueError for fewer or more."""
    values = batch.values(items, pages)
    if len(values) != len(items):
        raise ValueError(f"{len(values)} values for {len(items)} things")
    return values


def _digest(answer: Answer) -> bytes:
    """Raises TypeError for what is no JSON, such as a number of more than 64 bits."""
    return hashlib.sha256(orjson.dumps(answer, option=orjson.OPT_SORT_KEYS)).digest()
