"""Loads billing files: staged unseen, then let count in one step; a file that is bad changes nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bson import ObjectId

from documents.account import accounts_of_others, record_billed_accounts
from documents.cost_day import stage_days
from documents.cost_line import stage_lines
from documents.cost_load import (
    CostLoad,
    CostLoadState,
    LoadedFile,
    activate,
    discard_load,
    fail_load,
    find_equal_load,
    note_staging,
    retire_loads,
)
from documents.cost_period import Edition, PeriodChange, are_current, overlapping, put_in_place
from documents.transaction import Transaction
from domain.costs.batch import SeenAccount
from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile, Notice, Problem
from domain.errors import Invalid
from domain.facts import topic
from domain.facts.provider import Provider
from domain.facts.scope import Scope
from jobs.cost_reading import CostReader, FileReport, Staged, content_of, measured
from jobs.queue import ask_budget_check
from jobs.writer import Writer

# How often a load that comes in says that it is alive; it counts as dead after missing many of these.
_BEAT = timedelta(seconds=5)
_MOST_PERIODS_TOLD = 100


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
    reader = CostReader(paths, options, ObjectId(scope.only()), now().date())
    load = _Load(scope, reader, files, content, writer, now, on_progress)
    try:
        await load.stage()
        return await load.finish()
    except (Exception, asyncio.CancelledError) as error:
        await asyncio.shield(load.give_up(error))
        raise


class _Load:
    """One load on its way in."""

    def __init__(
        self,
        scope: Scope,
        reader: CostReader,
        files: list[LoadedFile],
        content: str,
        writer: Writer,
        now: Callable[[], datetime],
        on_progress: Callable[[LoadProgress], None] | None,
    ) -> None:
        self._scope = scope
        self._reader = reader
        self._files = files
        self._writer = writer
        self._now = now
        self._on_progress = on_progress
        self._accounts: dict[tuple[Provider, str], str | None] = {}
        self._editions: list[ObjectId] = []
        self._beaten_at = now()
        self._document = CostLoad(
            id=ObjectId(),
            org_id=ObjectId(scope.only()),
            state=CostLoadState.STAGING,
            content=content,
            files=files,
            actor=scope.actor,
            started_at=self._beaten_at,
            seen_at=self._beaten_at,
        )
