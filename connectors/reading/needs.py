"""What a vendor's reads take, and what they are for, out of its listings."""

from collections.abc import Iterator

from connectors.reading.listing import Batch, Detail, Listing, Operation
from connectors.reading.source import Registration
from domain.facts.access import ReadNeed
from domain.facts.resource import ResourceKind


def needs_of(registration: Registration) -> tuple[ReadNeed, ...]:
    """Every read once, in the order of the listings; one that several listings make is for the kinds of all of them."""
    kinds: dict[str, set[ResourceKind]] = {}
    lists: set[str] = set()
    for operation, own, is_list in _uses(registration.listings):
        kinds.setdefault(operation.name, set()).update(own)
        if is_list:
            lists.add(operation.name)
    return tuple(
        ReadNeed(
            operation=operation.name,
            service=operation.service,
            permissions=operation.permissions,
            plan=operation.plan,
            kinds=tuple(sorted(kinds.get(operation.name, ()))),
            is_list=operation.name in lists,
        )
        for operation in registration.operations
    )


def _uses(listings: tuple[Listing, ...]) -> Iterator[tuple[Operation, tuple[ResourceKind, ...], bool]]:
    """(call, kinds it is for, whether it lists them); a list is also for what is listed under its items."""
    for listing in listings:
        own = () if listing.kind is None else (listing.kind,)
        yield listing.operation, listing.kinds, True
        parts: tuple[Detail | Batch, ...] = (*listing.details, *listing.batches)
        for part in parts:
            yield part.operation, own, False
        yield from _uses(listing.children)
