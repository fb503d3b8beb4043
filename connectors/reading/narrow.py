"""The same listings for one resource: what is asked about every item is asked about those alone that may be it."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from connectors.reading.listing import Item, Listing, Place
from connectors.reading.source import Source
from domain.facts.resource import Resource, ResourceKind

PARTS = re.compile(r"[/:|]")


class InRegion:
    """A source in which only one region is read."""

    def __init__(self, source: Source, region: str) -> None:
        self._source, self._region = source, region

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    async def regions(self) -> tuple[str, ...]:
        return (self._region,)


def giving(listings: Iterable[Listing], kinds: Iterable[ResourceKind]) -> list[Listing]:
    """Those that give resources of these kinds."""
    wanted = set(kinds)
    return [one for one in listings if wanted & set(one.kinds)]


def narrowed(listings: Sequence[Listing], resource: Resource) -> list[Listing]:
    """The listings that give the resource, for it alone. What is found too much is harmless; should it not be found,
    read the whole before you believe it.
    """
    is_it = _may_be(resource)
    return [_narrowed(one, resource.kind, is_it) for one in giving(listings, [resource.kind])]


def _narrowed(listing: Listing, kind: ResourceKind, is_it: Callable[[Item], bool]) -> Listing:
    if kind not in (listing.kind, *listing.also):
        # What it stands under is only passed through.
        children = tuple(_narrowed(one, kind, is_it) for one in listing.children if kind in one.kinds)
        return replace(listing, children=children, kind=None, parse=None, also=(), details=(), batches=())
    before = listing.keeps

    def keeps(item: Item, place: Place) -> bool:
        return is_it(item) and (before is None or before(item, place))

    return replace(listing, keeps=keeps, children=())


def _may_be(resource: Resource) -> Callable[[Item], bool]:
    names = {resource.native_id, resource.name, *PARTS.split(resource.native_id)} - {""}
    return lambda item: any(text in names for text in _texts(item))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        text = str(value)
        yield text
        yield from PARTS.split(text)
