"""Which operations were read to their end, told by the tables of the connector and how each part of a sync went."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.reading.listing import Listing, Operation
from documents.sync_read import ReadState, SyncRead
from documents.sync_run import SyncRun
from domain.facts.inventory import GapCause

NEVER = "was never read: the account was not synced yet"
NOT_READ = "was not read by the last sync"


@dataclass(frozen=True, slots=True)
class RunReads:
    """A sync that has ended, and how its parts were read."""

    run: SyncRun
    reads: tuple[SyncRead, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A listing as reads of syncs name it. `hides` says by which operations' gaps each operation under it is hidden:
    by its own, and by those of all that it is asked for.
    """

    name: str
    listing: Listing
    hides: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Coverage:
    """`whole`, `unread` and `off` are those of domain.compliance.answers; `reads` the parts with each operation."""

    whole: set[str] = field(default_factory=set)
    unread: dict[str, str] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    reads: dict[str, list[SyncRead]] = field(default_factory=dict)

    def name_too(self, names: Mapping[str, str]) -> None:
        """Say the same of an operation under its other name; `names` are other name to name."""
        for other, name in names.items():
            if name in self.reads:
                self.reads[other] = self.reads[name]
            if name in self.unread:
                self.unread[other] = self.unread[name]
            for kind in (self.whole, self.off):
                if name in kind:
                    kind.add(other)


def other_names(operations: Collection[Operation]) -> dict[str, str]:
    """Other names of operations to the one their answers are kept under, unless it is the own name of another."""
    own = {one.name for one in operations}
    return {other: one.name for one in operations for other in one.options.get("also", ()) if other not in own}


def parts_of(listings: Sequence[Listing], *, with_costs: bool) -> list[Part]:
    """The parts of a sync; listings of the same operation are numbered among those that were asked together."""
    times: Counter[tuple[str, bool]] = Counter()
    found = []
    for listing in listings:
        if listing.is_about_costs and not with_costs:
            continue
        name = listing.operation.name
        times[name, listing.is_regional] += 1
        number = times[name, listing.is_regional]
        found.append(Part(name if number == 1 else f"{name} ({number})", listing, hidden_by(listing)))
    return found


def hidden_by(listing: Listing, above: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """Each operation under a listing with those that must have been read for it to be whole."""
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    own = above | {listing.operation.name}
    for name, hiding in _asked(listing, own):
        found[name] |= hiding
    for child in listing.children:
        for name, hiding in hidden_by(child, own).items():
            found[name] |= hiding
    return dict(found)


def _asked(listing: Listing, own: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    yield listing.operation.name, own
    for batch in listing.batches:
        yield batch.operation.name, own | {batch.operation.name}
    for outer in listing.details:
        detail, hiding = outer.each, own | {outer.operation.name}
        yield outer.operation.name, hiding
        while detail is not None:
            hiding |= {detail.operation.name}
            yield detail.operation.name, hiding
            detail = detail.each


def cover(
    listings: Sequence[Listing],
    last: RunReads | None,
    last_with_costs: RunReads | None,
    *,
    oldest: datetime,
    oldest_of_costs: datetime,
) -> Coverage:
    """What the last syncs have read in whole. What was read before `oldest` counts as unread.

    `last_with_costs` is the last sync that read what has the cadence of costs, too.
    """
    found = Coverage()
    troubles: defaultdict[str, list[tuple[GapCause | None, str]]] = defaultdict(list)
    for source, is_costs, since in ((last, False, oldest), (last_with_costs, True, oldest_of_costs)):
        with_costs = is_costs or (source is not None and source.run.with_costs)
        for part in parts_of(listings, with_costs=with_costs):
            if part.listing.is_about_costs is is_costs:
                _look(part, source, since, found, troubles)
    for operation in found.reads:
        _conclude(operation, troubles[operation], found)
    return found


def _look(
    part: Part,
    source: RunReads | None,
    oldest: datetime,
    found: Coverage,
    troubles: Mapping[str, list[tuple[GapCause | None, str]]],
) -> None:
    """Note how one part was read for every operation under it."""
    reads = [read for read in source.reads if read.operation == part.name] if source else []
    reads = [read for read in reads if (read.region is not None) is part.listing.is_regional]
    for operation, hiding in part.hides.items():
        found.reads.setdefault(operation, []).extend(reads)
        of_operation = troubles[operation]
        if source is None:
            of_operation.append((None, NEVER))
        elif not reads:
            outside = [_told(gap) for gap in source.run.unread if gap["operation"] in hiding]
            of_operation += outside or [(None, NOT_READ)]
        for read in reads:
            of_operation += _troubles(read, part, hiding, oldest)


def _troubles(
    read: SyncRead, part: Part, hiding: frozenset[str], oldest: datetime
) -> Iterator[tuple[GapCause | None, str]]:
    if read.started_at < oldest:
        yield None, f"was last read at {read.started_at:%Y-%m-%d %H:%M} UTC, which is too long ago"
    yield from (_told(gap) for gap in read.gaps if gap["operation"] in hiding)
    is_explained = any(gap["operation"] in part.hides for gap in read.gaps)
    if read.state is not ReadState.COMPLETE and not is_explained:
        yield None, "was not read to its end"


def _told(gap: Mapping[str, Any]) -> tuple[GapCause | None, str]:
    where = f" ({gap['region']})" if gap["region"] else ""
    return GapCause(gap["cause"]), f"{gap['reason']}{where}"


def _conclude(operation: str, troubles: Sequence[tuple[GapCause | None, str]], found: Coverage) -> None:
    """Not offered counts only where nothing else is wrong: what could not be asked may be offered."""
    others = [reason for cause, reason in troubles if cause is not GapCause.PLAN]
    if others:
        found.unread[operation] = others[0]
    elif troubles:
        found.off.add(operation)
        found.unread[operation] = troubles[0][1]
    else:
        found.whole.add(operation)


def stale_before(now: datetime, every: timedelta, least: timedelta) -> datetime:
    """Reads that began before this are too old: three of them should have come since."""
    return now - max(3 * every, least)
