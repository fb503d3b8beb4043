"""Reads one account by its vendor's listings into the store."""

import asyncio
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import orjson

from auth.scope import scope_of_job
from connectors import registry
from connectors.reading.listing import Listing, Place
from connectors.reading.source import Identity, Reach, Registration, Source
from connectors.reading.survey import Survey, SurveyReport, every_region, unhidden
from connectors.reading.touching import Touched
from documents.account import Account, record_costs_read, record_verified
from documents.resource_record import Recording
from documents.sync_read import SyncRead, complete_reads, earlier_reads, latest_reads, reads_of
from documents.sync_run import SyncRun, last_run
from domain.errors import Conflict, Invalid, ProviderError, Unavailable
from domain.facts.inventory import Coverage, GapCause, ServiceGap
from domain.facts.resource import ResourceKind
from domain.facts.scope import Scope
from jobs.checking.coverage import parts_of
from jobs.context import JobContext
from jobs.health import record_health, watched
from jobs.queue import SYNC_ACCOUNT
from jobs.sync_sink import Progress, StoringSink, volatile_of

PASSING = (GapCause.UNAVAILABLE, GapCause.THROTTLED)


@dataclass(frozen=True, slots=True)
class AccountRead:
    """What a survey came to. `sink` knows what was seen and counted, `asked` are the kinds that were asked for and
    where, and `before` is what is known of everything else by the syncs before.
    """

    coverage: Coverage
    sink: StoringSink
    asked: AbstractSet[tuple[ResourceKind, str | None]]
    before: Coverage

    @property
    def kinds(self) -> frozenset[ResourceKind]:
        """Those that were asked for."""
        return frozenset(kind for kind, _ in self.asked)

    def is_listed(self, kind: ResourceKind, region: str | None) -> bool:
        """Whether every resource of this kind in this region is known: seen now, or before where nobody asked now."""
        return (self.coverage if self._is_asked(kind, region) else self.before).is_listed(kind, region)

    def has_seen(self, kind: ResourceKind, region: str | None, native_id: str) -> bool:
        """The same of one resource that is stored and not gone. Of a list that was cut short before, none is known."""
        is_known = not self._is_asked(kind, region) and self.before.is_listed(kind, region)
        return is_known or self.sink.has_seen(kind, native_id)

    def is_gone(self, kind: ResourceKind, region: str | None, native_id: str) -> bool:
        """Whether its list was read in whole now, and does not show it."""
        return self.coverage.is_listed(kind, region) and not self.sink.has_seen(kind, native_id)

    def _is_asked(self, kind: ResourceKind, region: str | None) -> bool:
        return (kind, region) in self.asked or (kind, None) in self.asked


async def read_account(context: JobContext, account: Account, run: SyncRun, on_progress: Progress) -> AccountRead:
    """Raises ProviderError when the account cannot be entered or nothing of it can be read, Conflict when the
    organization has connected it already, and what the vault raises.
    """
    registration = await _registration(account)
    secret = await context.vault.open(account.credentials or b"")
    credentials = registration.credentials.model_validate(orjson.loads(secret))
    gaps: tuple[ServiceGap, ...] | None = None
    async with watched(context, account) as guard:
        reach = Reach(guard=guard, allow_private_endpoint=context.allow_private_endpoints, now=context.now)
        try:
            async with registration.open(credentials, reach) as source:
                identity = await source.identity()
                if not await record_verified(account, identity.native_id):
                    provider = account.provider.value
                    raise Conflict(
                        f"{provider} account {identity.native_id} is connected already. Remove one of the two."
                    )
                read = await _survey(context, account, run, registration.listings, source, identity, on_progress)
                gaps = read.coverage.gaps
                await _still_let_in(source, gaps)
        finally:
            # A narrow sync says nothing of the gaps of what it has not read.
            await record_health(context, account, guard.report(), None if run.is_narrow else gaps)
    return read


async def _registration(account: Account) -> Registration:
    # In a thread, because the libraries of all vendors are imported the first time.
    known = await asyncio.to_thread(registry.registrations)
    if account.provider not in known:
        raise Invalid(f"CloudWatcher has no connector for {account.provider.value}.")
    return known[account.provider]


async def _survey(
    context: JobContext,
    account: Account,
    run: SyncRun,
    listings: Sequence[Listing],
    source: Source,
    identity: Identity,
    on_progress: Progress,
) -> AccountRead:
    at = context.now()
    asked = [one for one in listings if run.with_costs or not one.is_about_costs]
    touched = Touched(run.touched) if run.is_narrow else None
    if touched is not None:
        asked = [one for one in asked if touched.reaches(one)]
    sink = StoringSink(
        Recording(account, run, at, volatile_of(listings)),
        earlier=await complete_reads(run),
        before=await earlier_reads(account),
        now=context.now,
        evidence_retention=context.evidence_retention,
        on_progress=on_progress,
        store=context.pack_store,
    )
    try:
        place = Place(account_id=identity.native_id, region=None, now=at)
        is_in = every_region if touched is None else touched.is_in
        report = await Survey(source, sink, place, is_in=is_in).read(asked)
    finally:
        sink.close()
    if run.with_costs:
        await record_costs_read(account, at)
    if touched is None:
        _something_read(report, sink)
    coverage = coverage_of(listings, asked, report.complete, (*report.gaps, *sink.gaps))
    before = Coverage(frozenset()) if touched is None else await listed_before(account, listings)
    return AccountRead(coverage, sink, report.asked, before)


def coverage_of(
    listings: Sequence[Listing],
    asked: Sequence[Listing],
    complete: Iterable[tuple[ResourceKind, str | None]],
    gaps: Sequence[ServiceGap],
) -> Coverage:
    """What was listed in whole; of a kind that a list gives too that was not asked for, nothing is known."""
    skipped = {kind for one in listings if one not in asked for kind in one.kinds}
    known = {(kind, region) for kind, region in complete if kind not in skipped}
    regional = {kind for one in listings if one.is_regional for kind in one.kinds}
    return Coverage(known, tuple(gaps), regional)


async def listed_before(account: Account, listings: Sequence[Listing]) -> Coverage:
    """What the syncs before have listed in whole, each list as it was read last."""
    scope = scope_of_job(SYNC_ACCOUNT, str(account.org_id))
    run = await last_run(scope, account.id, with_costs=False)
    if run is None:
        return Coverage(frozenset())
    asked = [one for one in listings if run.with_costs or not one.is_about_costs]
    given = {(part.name, part.listing.is_regional): part.listing for part in parts_of(asked, with_costs=True)}
    reads = await latest_reads(scope, run)
    listed = {
        (kind, read.region)
        for read in reads
        if (listing := given.get((read.operation, read.region is not None))) is not None
        for kind in listing.listed_kinds
    }
    gaps = [ServiceGap.model_validate(gap) for gap in (*await _outside(scope, run), *_gaps(reads))]
    return coverage_of(listings, asked, unhidden(listed, gaps), gaps)


async def _outside(scope: Scope, run: SyncRun) -> list[dict[str, Any]]:
    """The gaps of a sync that are of none of its parts: where it could not even tell which parts there are."""
    within = _gaps(await reads_of(scope, run))
    return [gap for gap in run.unread if gap not in within]


def _gaps(reads: Iterable[SyncRead]) -> list[dict[str, Any]]:
    return [gap for read in reads for gap in read.gaps]


def _something_read(report: SurveyReport, sink: StoringSink) -> None:
    """Raises ProviderError when not a single call was answered."""
    if report.answered or sink.complete or not report.gaps:
        return
    first = next((gap for gap in report.gaps if gap.cause in PASSING), report.gaps[0])
    error = Unavailable if first.cause in PASSING else ProviderError
    raise error(f"Nothing could be read: {first.reason}", service=first.service)


async def _still_let_in(source: Source, gaps: Sequence[ServiceGap]) -> None:
    """Credentials that ended in the middle look like trouble with single calls. Raises CredentialsRejected."""
    if any(gap.cause is GapCause.FAILED for gap in gaps):
        await source.identity()
