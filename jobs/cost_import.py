"""Loads billing files: staged unseen, then let count in one step; a file that is bad changes nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from bson import ObjectId

from documents.account import accounts_of_others, record_billed_accounts
from documents.audit import Act, acting
from documents.cost_day import stage_days
from documents.cost_line import stage_lines
from documents.cost_load import (
    CostLoad,
    CostLoadState,
    activate,
    discard_load,
    fail_load,
    find_equal_load,
    note_staging,
    retire_loads,
)
from documents.cost_month import stage_months
from documents.cost_period import Edition, PeriodChange, are_current, overlapping, put_in_place
from documents.cost_usage import stage_usage
from documents.job_progress import announce_job
from documents.transaction import Transaction
from domain.costs.batch import SeenAccount
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile, Notice, Problem
from domain.costs.slice import CostSlice, SliceKey
from domain.errors import Invalid, Refused
from domain.facts import topic
from domain.facts.job import JobState
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from jobs.cost_reading import CostReader, FileReport, Staged, content_of, measured
from jobs.cost_telling import told_costs, told_progress
from jobs.queue import ask_allocation, ask_anomaly_scan, ask_budget_check, ask_forecast
from jobs.writer import Writer

# How often a load that comes in says that it is alive; it counts as dead after missing many of these.
_BEAT = timedelta(seconds=5)
ACTION = "costs.import"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """Rows read so far, and bytes read of all bytes of the files."""

    rows: int
    size: int
    total_size: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How a load ended. `load_id` is None when nothing was new; then `periods` is empty too.

    `files` is empty when the very same files were loaded before and were not read again.
    """

    load_id: ObjectId | None
    rows: int
    files: Sequence[FileReport]
    periods: Sequence[PeriodChange]
    notices: Sequence[Notice]

    @property
    def is_unchanged(self) -> bool:
        return self.load_id is None


async def import_cost_files(
    scope: Scope,
    paths: Sequence[Path],
    options: ReadOptions,
    *,
    writer: Writer,
    now: Callable[[], datetime],
    on_progress: Callable[[LoadProgress], None] | None = None,
) -> LoadReport:
    """Load FOCUS files into the one organization of the scope, all or nothing.

    The billing periods they hold replace those loaded before from the same source, in one transaction that also
    announces CostsUpdated. The same content again changes nothing. Raises BadCostFile with the file, rows and columns
    to mend, or Conflict when the load stood still so long that it was given up.
    """
    if not paths:
        raise Invalid("Name at least one file to load.", path=("files",))
    if len({path.name for path in paths}) < len(paths):
        raise Invalid("Two of the files have the same name: rename one, so that messages can tell them apart.")
    files = await asyncio.to_thread(measured, paths)
    content = content_of(files, options)
    if await find_equal_load(scope, content) is not None:
        return LoadReport(None, 0, (), (), ())
    org_id = ObjectId(scope.only())
    started_at = now()
    load = _Load(
        scope=scope,
        reader=CostReader(paths, options, org_id, started_at.date()),
        ledger=CostLoad(
            id=ObjectId(),
            org_id=org_id,
            state=CostLoadState.STAGING,
            content=content,
            files=files,
            actor=scope.actor,
            started_at=started_at,
            seen_at=started_at,
        ),
        writer=writer,
        now=now,
        told_at=started_at,
        on_progress=on_progress or (lambda _: None),
    )
    try:
        await load.stage()
        return await load.finish()
    except (Exception, asyncio.CancelledError) as error:
        await asyncio.shield(load.give_up(error))
        raise


@dataclass(kw_only=True)
class _Load:
    """One load on its way in; `ledger` is its document, `editions` are those whose rows may be stored already."""

    scope: Scope
    reader: CostReader
    ledger: CostLoad
    writer: Writer
    now: Callable[[], datetime]
    on_progress: Callable[[LoadProgress], None]
    editions: list[ObjectId] = field(default_factory=list)
    accounts: dict[tuple[Provider, str], str | None] = field(default_factory=dict)
    told_at: datetime

    @property
    def id(self) -> ObjectId:
        return ObjectId(str(self.ledger.id))

    async def stage(self) -> None:
        """Read in a thread and store what was read before, both at once."""
        batches = self.reader.staged()
        upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
        try:
            while (staged := await _result(upcoming)) is not None:
                upcoming = asyncio.create_task(asyncio.to_thread(next, batches, None))
                await self._store(staged)
        finally:
            # The thread must have let go of the file before it is closed.
            await asyncio.wait([upcoming])
            upcoming.exception()
            batches.close()

    async def _store(self, staged: Staged) -> None:
        await self._check_accounts(staged.accounts)
        await self._show_life(staged)
        if staged.lines:
            await stage_lines(staged.lines)
        if staged.days:
            await stage_days(staged.days)
        if staged.months:
            await stage_months(staged.months)
        if staged.usage:
            await stage_usage(staged.usage)
        total = sum(file.size for file in self.ledger.files)
        self.on_progress(LoadProgress(staged.rows, min(staged.size, total), total))

    async def _check_accounts(self, seen: Sequence[tuple[str, SeenAccount]]) -> None:
        """Refuse rows of an account that another organization has connected; remember the others."""
        strangers = await accounts_of_others(self.scope, {account.native_id for _, account in seen}) if seen else set()
        for file, account in seen:
            if account.native_id in strangers:
                message = "is not an account of this organization: another one has connected it."
                problem = Problem(message, account.row, account.line, account.column, account.native_id)
                raise BadCostFile(file, [problem])
            self.accounts.setdefault((account.provider, account.native_id), account.name)

    async def _show_life(self, staged: Staged) -> None:
        """Write down new editions before rows of them are stored, and from time to time that this goes on."""
        at = self.now()
        is_news = bool(staged.editions) or at - self.ledger.seen_at >= _BEAT
        if not is_news or not (self.editions or staged.editions):
            return
        if not self.editions:
            await self.ledger.add()
        self.ledger.seen_at = at
        self.editions += staged.editions
        await note_staging(self.id, staged.editions, staged.rows, at)
        if at - self.told_at >= _BEAT:
            self.told_at = at
            await self._tell(JobState.RUNNING, staged.size)

    async def finish(self) -> LoadReport:
        """Let the rows count, or drop them when they are the same as before."""
        slices, reader = self.reader.slices, self.reader
        rows = sum(slice.rows for slice in slices)
        if await are_current(self.scope, {slice.key: slice.fingerprint() for slice in slices}):
            await discard_load(self.id, self.editions, self.now())
            if self.told_at > self.ledger.started_at:
                await self._tell(JobState.SUCCEEDED, sum(file.size for file in self.ledger.files))
            return LoadReport(None, rows, reader.files, (), ())
        notices = [_overlap(slice, other) for slice, other in await overlapping(self.scope, slices)]
        with acting(Act(action=ACTION, actor=self.scope.actor)):
            changes = await self.writer.commit(self._change)
        return LoadReport(self.id, rows, reader.files, changes, notices)

    async def _change(self, tx: Transaction) -> list[PeriodChange]:
        at, slices = self.now(), self.reader.slices
        by_name = {file.name: file for file in self.reader.files}
        files = [
            file.model_copy(update={"version": by_name[file.name].version, "line_count": by_name[file.name].rows})
            for file in self.ledger.files
        ]
        await activate(tx, self.id, files, slices, at)
        totals = self.reader.totals
        editions = [
            Edition(id, slice, totals.of(slice.number)) for id, slice in zip(self.editions, slices, strict=True)
        ]
        changes = await put_in_place(tx, self.scope, self.id, editions, at)
        replaced = {change.old_load_id for change in changes if change.old_load_id is not None}
        await retire_loads(tx, self.id, replaced)
        await record_billed_accounts(self.scope, self.accounts, at, session=tx.session)
        tx.announce(self.ledger.org_id, topic.costs(self.ledger.org_id), "CostsUpdated", told_costs(self.id, changes))
        announce_job(tx, self.ledger.org_id, told_progress(self.ledger, JobState.SUCCEEDED, None, self.now()))
        ask_budget_check(tx, self.ledger.org_id)
        ask_anomaly_scan(tx, self.ledger.org_id)
        ask_allocation(tx, ObjectId(self.ledger.org_id))
        ask_forecast(tx, self.ledger.org_id)
        loaded = {"files": [file.sha256 for file in files], "rows": sum(slice.rows for slice in slices)}
        replaced_ids = {"loads": sorted(map(str, replaced))} if replaced else None
        tx.audit(self.ledger.org_id, target=f"costload:{self.id}", before=replaced_ids, after=loaded)
        return changes

    async def give_up(self, error: BaseException) -> None:
        """Leave nothing behind but a line in the ledger."""
        if self.editions:
            problem = error.message if isinstance(error, Refused) else "The load was interrupted."
            await fail_load(self.id, self.editions, problem, self.now())
            await self._tell(JobState.FAILED, 0, problem)

    async def _tell(self, state: JobState, size: int, problem: str | None = None) -> None:
        async def change(tx: Transaction) -> None:
            announce_job(tx, self.ledger.org_id, told_progress(self.ledger, state, size, self.now(), problem))

        await self.writer.commit(change)


async def _result(task: asyncio.Task[T]) -> T:
    """The task's result. Being cancelled here leaves the task alone, which awaiting it would not."""
    await asyncio.wait([task])
    return task.result()


def _overlap(slice: CostSlice, other: SliceKey) -> Notice:
    source = f"the source {other.source!r}" if other.source else "no source named"
    return Notice(
        f"Billing account {slice.key.billing_account_id}: the period from {slice.key.period_start:%Y-%m-%d} shares "
        f"days with the one from {other.period_start:%Y-%m-%d} loaded with {source}. Both are counted.",
        rows=slice.rows,
    )
