"""What is judged as one: a connected account with what its last syncs have read, or our own records."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from beanie import PydanticObjectId
from bson import ObjectId

from connectors import registry
from documents.account import Account, AccountState
from documents.sync_read import SyncRead, latest_reads, reads_back_to, reads_of
from documents.sync_run import last_run
from domain.compliance.answers import Answers, Call
from domain.facts.compliance import Integration
from domain.facts.scope import Scope
from jobs.checking.chain import LONGEST, Joining, joinings_of
from jobs.checking.coverage import NEVER, Coverage, RunReads, cover, other_names, stale_before
from jobs.checking.shelf import Load, Shelf, StoredCalls
from jobs.checking.union import Span, span_of

# What was read with every sync may be this old, and what is read at the cadence of costs three of its cadences.
OLDEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Subject:
    """`account` is None for our own records. `reads` are the parts that hold each operation, by its name. `states` say
    what there is to see of those that are put together of many reads.
    """

    answers: Answers
    calls: StoredCalls
    account: Account | None = None
    reads: Mapping[str, Sequence[SyncRead]] = field(default_factory=dict)
    states: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def account_id(self) -> PydanticObjectId | None:
        return None if self.account is None else self.account.id

    @property
    def name(self) -> str:
        return "CloudWatcher" if self.account is None else self.account.name

    def packs(self, operation: str) -> list[str]:
        """The hashes of the packs that hold an operation's answers."""
        return [sha256 for read in self.reads.get(operation, ()) for sha256 in read.evidence]

    def state_of(self, operation: str) -> list[str]:
        """What there is to see of an operation, shortly: whether it was read, and the answers by their hashes."""
        if operation in self.answers.whole:
            return ["whole", *self.states.get(operation, self.packs(operation))]
        return ["off", *self.packs(operation)] if self.answers.is_off(operation) else ["unread"]


async def subject_of(scope: Scope, account: Account, shelf: Shelf, now: datetime, ours: Mapping[str, Load]) -> Subject:
    """The account as its last syncs have read it. `ours` reads what we ourselves have written into it, by operation."""
    known = (await asyncio.to_thread(registry.registrations)).get(account.provider)
    named = {} if known is None else other_names(known.operations)
    coverage = await _coverage(scope, account, now)
    spans = await _spans(scope, account, {} if known is None else joinings_of(known.listings), coverage, now)
    coverage.name_too(named)
    spans |= {other: spans[name] for other, name in named.items() if name in spans and other in coverage.reads}

    async def load(operation: str) -> tuple[Call, ...]:
        if operation in ours:
            return await ours[operation](operation)
        if operation in spans:
            return await spans[operation].calls(shelf)
        hashes = dict.fromkeys(sha for read in coverage.reads.get(operation, ()) for sha in read.evidence)
        return await shelf.calls(named.get(operation, operation), list(hashes))

    whole, off = frozenset({*coverage.whole, *ours}), frozenset(coverage.off - ours.keys())
    # Of what the plan lacks a part may have been answered.
    calls = StoredCalls(whole | off, load, asyncio.get_running_loop())
    starts = [read.started_at for reads in coverage.reads.values() for read in reads]
    answers = Answers(
        integration=Integration(account.provider.value),
        account=account.native_id or str(account.id),
        read_at=min(starts, default=now),
        by_operation=calls,
        whole=whole,
        unread={name: why for name, why in coverage.unread.items() if name not in ours},
        off=off,
        read_by={name: min(read.started_at for read in reads) for name, reads in coverage.reads.items() if reads},
        joined=frozenset(spans),
    )
    reads = coverage.reads | {name: span.reads for name, span in spans.items()}
    return Subject(answers, calls, account, reads, {name: span.state for name, span in spans.items()})


async def _spans(
    scope: Scope, account: Account, joinings: Mapping[str, Joining], coverage: Coverage, now: datetime
) -> dict[str, Span]:
    """What is put together of many reads: the operations of lists that show only what is new."""
    asked = {name: joining for name, joining in joinings.items() if name in coverage.whole}
    parts = {part for joining in asked.values() for part in joining.parts}
    if not parts:
        return {}
    older = await reads_back_to(scope, account.id, parts, now - LONGEST)
    return {name: span_of(name, coverage.reads[name], older, joining) for name, joining in asked.items()}


async def _coverage(scope: Scope, account: Account, now: datetime) -> Coverage:
    registration = (await asyncio.to_thread(registry.registrations)).get(account.provider)
    if registration is None:
        return Coverage()
    last = await _reads(scope, account.id, with_costs=False)
    problem = account.problem if account.state is AccountState.FAILING else None
    if problem is not None or last is None:
        return _unread([one.name for one in registration.operations], problem or NEVER)
    return cover(
        registration.listings,
        last,
        await _reads(scope, account.id, with_costs=True),
        oldest=stale_before(now, account.sync_every, OLDEST),
        oldest_of_costs=stale_before(now, account.cost_every, OLDEST),
    )


async def _reads(scope: Scope, account_id: ObjectId | None, *, with_costs: bool) -> RunReads | None:
    run = await last_run(scope, account_id, with_costs=with_costs)
    if run is None:
        return None
    # What has the cadence of costs is read by no narrow sync.
    reads = await reads_of(scope, run) if with_costs else await latest_reads(scope, run)
    return RunReads(run, tuple(reads))


def _unread(operations: Collection[str], why: str) -> Coverage:
    return Coverage(unread=dict.fromkeys(operations, f"the account cannot be read: {why}" if why != NEVER else NEVER))
