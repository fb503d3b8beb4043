"""Which reads of a list that shows only what is new belong together: each begins where the one before it had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.reading.listing import Listing, Window
from documents.sync_read import ReadState, SyncRead
from jobs.checking.coverage import parts_of

# No control looks further back; reads themselves are kept for less.
LONGEST = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Joining:
    """How the reads of an operation become one: those of the parts that are windows. `window` is that of the list; None
    for what is asked about its items, where the newest answer to the same question stands.
    """

    parts: frozenset[str]
    window: Window | None


def joinings_of(listings: Sequence[Listing]) -> dict[str, Joining]:
    """Every operation of lists that show only what is new."""
    found: dict[str, Joining] = {}
    for part in parts_of(listings, with_costs=True):
        for listing in _windows(part.listing):
            for operation in listing.operations:
                own = listing.window if operation is listing.operation else None
                known = found.get(operation.name, Joining(frozenset(), None))
                found[operation.name] = Joining(known.parts | {part.name}, own or known.window)
    return found


def _windows(listing: Listing) -> Iterable[Listing]:
    if listing.window is not None:
        yield listing
    for child in listing.children:
        yield from _windows(child)


def chained(reads: Sequence[SyncRead]) -> list[SyncRead]:
    """Of the reads of one part, the newest first: the newest, the one it goes on from, and so on.

    A read goes on from the last complete one before it. Where that is not there any more, the chain ends.
    """
    found: list[SyncRead] = []
    place: int | None = 0 if reads else None
    while place is not None:
        found.append(reads[place])
        base = reads[place + 1].complete_since if place + 1 < len(reads) else None
        later = range(place + 1, len(reads))
        place = next((at for at in later if base is not None and _began(reads[at], base)), None)
    return found


def _began(read: SyncRead, base: object) -> bool:
    return read.state is ReadState.COMPLETE and read.started_at == base


def distinct(chain: Sequence[SyncRead], operation: str, *, is_list: bool) -> list[SyncRead]:
    """Without the reads whose answers a newer one has given too; the oldest stays, for it says how far back it goes."""
    seen: set[str] = set()
    found = []
    for read in chain:
        content = content_of(read, operation, is_list=is_list)
        if content not in seen or read is chain[-1]:
            found.append(read)
        seen.add(content)
    return found


def content_of(read: SyncRead, operation: str, *, is_list: bool) -> str:
    """What an operation has answered in a read, shortly; of a list whatever it was asked for."""
    for name, answers, calls in read.contents:
        if name == operation:
            return answers if is_list else calls
    return "".join(read.evidence) if not read.contents else ""


def chains(last: Iterable[SyncRead], older: Sequence[SyncRead], joining: Joining) -> list[list[SyncRead]]:
    """Each read of the last syncs with those it goes on from, where it is of a part that is joined."""
    by_part: dict[tuple[str, str | None], list[SyncRead]] = {}
    for read in older:
        by_part.setdefault((read.operation, read.region), []).append(read)
    found = []
    for read in last:
        earlier = by_part.get((read.operation, read.region), []) if read.operation in joining.parts else []
        known = [one for one in earlier if one.started_at <= read.started_at and one.id != read.id]
        found.append(chained([read, *known]))
    return found


def state_of(reads: Iterable[SyncRead], operation: str, joining: Joining) -> list[str]:
    """What there is to see in them, however often it was read."""
    return sorted({content_of(read, operation, is_list=joining.window is not None) for read in reads})
