"""Reads one account by its vendor's listings into the store."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from connectors import registry
from connectors.reading.listing import Listing, Place
from connectors.reading.source import Identity, Reach, Registration, Source
from connectors.reading.survey import Survey, SurveyReport
from documents.account import Account, record_costs_read, record_verified
from documents.resource_record import Recording
from documents.sync_read import complete_reads, earlier_reads
from documents.sync_run import SyncRun
from domain.errors import Conflict, Invalid, ProviderError, Unavailable
from domain.facts.inventory import Coverage, GapCause, ServiceGap
from jobs.context import JobContext
from jobs.health import record_health, watched
from jobs.sync_sink import Progress, StoringSink, volatile_of

PASSING = (GapCause.UNAVAILABLE, GapCause.THROTTLED)


@dataclass(frozen=True, slots=True)
class AccountRead:
    """What a survey came to. `sink` knows what was seen and counted."""

    coverage: Coverage
    sink: StoringSink


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
            await record_health(context, account, guard.report(), gaps)
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
        report = await Survey(source, sink, place).read(asked)
    finally:
        sink.close()
    if run.with_costs:
        await record_costs_read(account, at)
    _something_read(report, sink)
    return AccountRead(_coverage(listings, asked, report, sink), sink)


def _coverage(
    listings: Sequence[Listing], asked: Sequence[Listing], report: SurveyReport, sink: StoringSink
) -> Coverage:
    """What was listed in whole; of a kind that a list of another cadence gives too, nothing is known."""
    skipped = {kind for one in listings if one not in asked for kind in one.kinds}
    complete = {(kind, region) for kind, region in report.complete if kind not in skipped}
    regional = {kind for one in listings if one.is_regional for kind in one.kinds}
    return Coverage(complete, (*report.gaps, *sink.gaps), regional)


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
