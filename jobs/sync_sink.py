"""Takes what a survey reads into the store while it reads: resources, raw answers, and how each part went.

Memory holds one batch and an index of the answers for each part under way, and eight bytes for each resource seen.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bson.errors import InvalidDocument
from pymongo.errors import DocumentTooLarge

from connectors.reading.listing import Listing
from connectors.reading.sink import PartKey, RawAnswer
from documents.evidence import PackStore, keep_pack
from documents.resource import BATCH
from documents.resource_change import ChangeKind
from documents.resource_record import UNCHANGED, Recording, record_resources
from documents.sync_read import Earlier, ReadState, SyncRead, record_read, stored_gaps
from domain.errors import Unavailable
from domain.facts.inventory import GapCause, ServiceGap
from domain.facts.resource import Resource, ResourceKind
from jobs.evidence_packer import EvidencePacker

UNKEEPABLE = (TypeError, OverflowError, InvalidDocument, DocumentTooLarge)
DIGEST = 8
LONGEST_REASON = 300
Progress = Callable[[str, int, int], Awaitable[None]]


@dataclass(slots=True)
class _Part:
    started_at: datetime
    waiting: list[Resource] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    packer: EvidencePacker = field(default_factory=EvidencePacker)
    pages: int = 0
    gaps: list[ServiceGap] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class StoringSink:
    """For one attempt of one sync. `earlier` are the parts that were read whole by the attempts before.

    `before` is what the syncs before this one have read. Close it.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        earlier: Sequence[SyncRead],
        before: Earlier,
        now: Callable[[], datetime],
        evidence_retention: timedelta,
        on_progress: Progress,
        store: PackStore | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.complete = self.incomplete = 0
        self.gaps: list[ServiceGap] = []
        self._recording, self._before, self._now = recording, before, now
        self._retention, self._on_progress, self._store = evidence_retention, on_progress, store
        self._parts: dict[PartKey, _Part] = {}
        self._done: set[PartKey] = set()
        self._seen: set[bytes] = set()
        for read in earlier:
            self._take_over(read)

    def is_done(self, part: PartKey) -> bool:
        return part in self._done

    def since(self, part: PartKey) -> datetime | None:
        return self._before.since.get(part)

    def has_seen(self, kind: ResourceKind, native_id: str) -> bool:
        """Whether this sync, in any attempt, has seen the resource."""
        return _digest(kind, native_id) in self._seen

    async def resources(self, part: PartKey, found: Sequence[Resource]) -> None:
        state = self._part(part)
        async with state.turn:
            state.waiting += found
            if len(state.waiting) >= BATCH:
                await self._record(part, state)

    async def evidence(self, raw: RawAnswer) -> None:
        state = self._part(raw.part)
        state.pages += 1
        state.packer.add(raw)

    async def done(self, part: PartKey, gaps: Sequence[ServiceGap]) -> None:
        state = self._part(part)
        await self._record(part, state)
        evidence = await self._kept(part, state)
        every = [*gaps, *state.gaps]
        recording, is_complete = self._recording, not every
        await record_read(
            SyncRead(
                org_id=recording.account.org_id,
                account_id=recording.account.id,
                sync_id=recording.run.id,
                operation=part.operation,
                region=part.region,
                state=ReadState.COMPLETE if is_complete else ReadState.INCOMPLETE,
                gaps=stored_gaps(every),
                pages=state.pages,
                items=len(state.seen),
                added=state.counts[ChangeKind.ADDED],
                changed=state.counts[ChangeKind.CHANGED] + state.counts[ChangeKind.BACK],
                unchanged=state.counts[UNCHANGED],
                evidence=evidence,
                redactions=dict(state.packer.redacted),
                contents=state.packer.contents(),
                started_at=state.started_at,
                ended_at=self._now(),
                complete_since=state.started_at if is_complete else self.since(part),
                was_listed=part in self._before.listed or not any(gap.unlisted for gap in every),
                seen=b"".join(sorted(state.seen)) if is_complete else None,
            )
        )
        self._count(state.counts, is_complete=is_complete)
        self._parts.pop(part).packer.close()

    async def progress(self, service: str, done: int, expected: int) -> None:
        await self._on_progress(service, done, expected)

    def close(self) -> None:
        """Drop what parts that did not end have left."""
        for state in self._parts.values():
            state.packer.close()
        self._parts.clear()

    def _part(self, key: PartKey) -> _Part:
        if key not in self._parts:
            self._parts[key] = _Part(started_at=self._now())
        return self._parts[key]

    def _take_over(self, read: SyncRead) -> None:
        seen = read.seen or b""
        self._seen.update(seen[start : start + DIGEST] for start in range(0, len(seen), DIGEST))
        self._done.add(PartKey(read.operation, read.region))
        counts = {ChangeKind.ADDED: read.added, ChangeKind.CHANGED: read.changed, UNCHANGED: read.unchanged}
        self._count(counts, is_complete=True)

    def _count(self, counts: Mapping[str, int], *, is_complete: bool) -> None:
        self.counts.update(counts)
        self.complete += is_complete
        self.incomplete += not is_complete

    async def _record(self, part: PartKey, state: _Part) -> None:
        batch, state.waiting = state.waiting, []
        fresh = self._not_seen(batch, state)
        if not fresh:
            return
        try:
            is_baseline = part not in self._before.listed
            state.counts += await record_resources(self._recording, fresh, is_baseline=is_baseline)
        except UNKEEPABLE as error:
            gap = _unkept(part, fresh, error)
            state.gaps.append(gap)
            self.gaps.append(gap)

    def _not_seen(self, batch: Iterable[Resource], state: _Part) -> list[Resource]:
        """Those that neither this nor another part has shown yet: what is listed twice is stored once."""
        fresh = []
        for one in batch:
            digest = _digest(one.kind, one.native_id)
            state.seen.add(digest)
            if digest not in self._seen:
                self._seen.add(digest)
                fresh.append(one)
        return fresh

    async def _kept(self, part: PartKey, state: _Part) -> list[str]:
        """Hashes of the packs; none when their store is away: what no evidence is kept of was not read."""
        org_id, now = self._recording.account.org_id, self._now()
        try:
            return [
                await keep_pack(org_id, text, now=now, retention=self._retention, store=self._store)
                for text in state.packer.packs()
            ]
        except Unavailable as error:
            gap = _unproven(part, error)
            state.gaps.append(gap)
            self.gaps.append(gap)
            return []


def volatile_of(listings: Iterable[Listing]) -> dict[ResourceKind, frozenset[str]]:
    """The volatile paths of every kind that these listings give."""
    found: dict[ResourceKind, frozenset[str]] = {}
    for listing in listings:
        for kind, paths in listing.volatile_of.items():
            found[kind] = found.get(kind, frozenset()) | paths
    return found


def _unkept(part: PartKey, found: Iterable[Resource], error: Exception) -> ServiceGap:
    """What cannot be stored is a gap, as what cannot be read is."""
    # "GET /v1/volumes" or "ec2.describe_volumes", numbered where a vendor has several lists of it.
    operation = part.operation.partition(" (")[0]
    return ServiceGap(
        service=operation.partition(".")[0],
        region=part.region,
        reason=f"An answer to {operation} cannot be stored: {error}"[:LONGEST_REASON],
        unlisted=tuple(sorted({one.kind for one in found})),
        operation=operation,
        cause=GapCause.MISSHAPEN,
    )


def _unproven(part: PartKey, error: Unavailable) -> ServiceGap:
    operation = part.operation.partition(" (")[0]
    return ServiceGap(
        service=operation.partition(".")[0],
        region=part.region,
        reason=f"The answers to {operation} cannot be kept as evidence: {error}"[:LONGEST_REASON],
        unlisted=(),
        operation=operation,
        cause=GapCause.UNAVAILABLE,
    )


def _digest(kind: ResourceKind, native_id: str) -> bytes:
    return hashlib.blake2b(f"{kind.value} {native_id}".encode(), digest_size=DIGEST).digest()
