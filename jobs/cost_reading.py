"""The half of a cost import that reads: files to documents, in a thread, a thousand rows at a time."""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from connectors.billing.focus_files import CostFile, open_cost_file
from documents.cost_day import days_of
from documents.cost_line import LineEncoder
from documents.cost_load import LoadedFile
from documents.cost_usage import UsageEncoder
from domain.costs.batch import FocusBatch, SeenAccount, TextBatch
from domain.costs.focus import READING, FocusParser
from domain.costs.header import ReadOptions, read_header
from domain.costs.problem import BadCostFile, Notice, Problem
from domain.costs.rollup import MOST_DAYS_HELD, DayRollup, DayTotals, MonthRollup
from domain.costs.slice import CostSlice, SliceBook
from domain.costs.sources import registry
from domain.costs.translation import Translation
from domain.costs.usage import UsageRollup

_STAGE_ROWS = 1_000


@dataclass(slots=True)
class Staged:
    """Documents ready to be stored. `rows` and `size` (bytes) tell how far reading has come.

    `editions` are those that begin here, `accounts` those named for the first time, each with the file that names it.
    """

    rows: int = 0
    size: int = 0
    lines: list[RawBSONDocument] = field(default_factory=list)
    days: list[dict[str, Any]] = field(default_factory=list)
    months: list[dict[str, Any]] = field(default_factory=list)
    usage: list[RawBSONDocument] = field(default_factory=list)
    editions: list[ObjectId] = field(default_factory=list)
    accounts: list[tuple[str, SeenAccount]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What one file turned out to be. `version` is that of FOCUS, or the name of the native form."""

    name: str
    version: str
    rows: int
    notices: list[Notice]


class ToldFile:
    """A file in a native form, read as FOCUS columns."""

    def __init__(self, translation: Translation, opened: CostFile) -> None:
        self.names: Sequence[str] = translation.names
        self._translation = translation
        self._opened = opened

    def batches(self) -> Iterator[TextBatch]:
        """The rows, one for one."""
        return self._translation.told(self._opened.batches())


def told_as_focus(name: str, opened: CostFile, beside: Sequence[str]) -> tuple[CostFile, str | None]:
    """The file in FOCUS columns, and the name of its native form when it has one. `beside` names all files of the load.

    Raises BadCostFile when a native file lacks a column that must be there.
    """
    source = registry.source_of(opened.names, name, beside)
    if source is None:
        return opened, None
    return ToldFile(Translation(name, source, opened.names), opened), source.name


def measured(paths: Sequence[Path]) -> list[LoadedFile]:
    """Name, size and hash of each file. Raises BadCostFile for one that cannot be read, Invalid when there is none."""
    files = []
    for path in paths:
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadCostFile(path.name, [Problem(f"the file cannot be read: {error.strerror}.")]) from error
        files.append(LoadedFile(name=path.name, size=path.stat().st_size, sha256=digest))
    return files


def content_of(files: Sequence[LoadedFile], options: ReadOptions) -> str:
    """A hash of everything that decides what rows a load has."""
    names = [file.name for file in files]
    # A name says which half of a pair a file is, which is part of what its bytes mean.
    bytes_read = sorted(file.sha256 + registry.reading_of(file.name, names) for file in files)
    parts = [READING, options.source, dict(options.fill), options.is_lenient, bytes_read]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


class CostReader:
    """Reads files one after the other. When `staged` has ended, `slices`, `editions`, `totals` and `files` tell of
    them all.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        options: ReadOptions,
        org_id: ObjectId,
        today: date,
        *,
        most_days: int = MOST_DAYS_HELD,
    ) -> None:
        self.editions: list[ObjectId] = []
        self.files: list[FileReport] = []
        self.totals = DayTotals()
        self._paths = paths
        self._options = options
        self._org_id = org_id
        self._today = today
        self._book = SliceBook(options.source)
        self._encoder = LineEncoder(org_id)
        self._rollup = DayRollup(most=most_days)
        self._months = MonthRollup(most=most_days)
        self._usage = UsageRollup(most=most_days)
        self._usage_encoder = UsageEncoder(org_id)
        self._rows = 0
        self._size = 0
        self._held = Staged()

    @property
    def slices(self) -> list[CostSlice]:
        return list(self._book)

    def staged(self) -> Generator[Staged]:
        """What to store, in the order of the rows. Raises BadCostFile at the end of the first file with problems."""
        for number, path in enumerate(self._paths):
            rows_before = self._rows
            with open_cost_file(path) as opened:
                file, form = told_as_focus(path.name, opened, [other.name for other in self._paths])
                header = read_header(path.name, file.names, self._options)
                parser = FocusParser(path.name, header, self._options, today=self._today, book=self._book)
                yield from self._read(number, path.name, file, parser)
            if parser.problems:
                raise BadCostFile(path.name, parser.problems)
            self.files.append(FileReport(path.name, form or header.version, self._rows - rows_before, parser.notices()))
            self._size += path.stat().st_size
        yield from self._flushed(is_last=True)

    def _read(self, number: int, name: str, file: CostFile, parser: FocusParser) -> Iterator[Staged]:
        for text in file.batches():
            batch = parser.parse(text)
            self._rows += len(text)
            if batch is not None:
                self._hold(batch, number, name)
            if batch is None or len(self._held.lines) >= _STAGE_ROWS:
                yield self._taken(self._size + text.bytes_read)
            if parser.is_full:
                return
            if self._rollup.is_full or self._usage.is_full:
                yield from self._flushed()

    def _hold(self, batch: FocusBatch, number: int, name: str) -> None:
        begun = [ObjectId() for _ in range(len(self._book) - len(self.editions))]
        self.editions += begun
        self._held.editions += begun
        self._held.lines += self._encoder.lines(batch, self.editions, number)
        self._held.accounts += [(name, account) for account in batch.accounts]
        self._rollup.add(batch)
        self._usage.add(batch)

    def _taken(self, size: int) -> Staged:
        taken, self._held = self._held, Staged()
        taken.rows, taken.size = self._rows, size
        return taken

    def _flushed(self, *, is_last: bool = False) -> Iterator[Staged]:
        """What is held of the lines, then the sums so far."""
        sums = self._rollup.flush()
        self.totals.add(sums)
        self._months.add(sums)
        by_month = self._months.flush() if is_last or self._months.is_full else {}
        days, months = (days_of(one, self.slices, self._org_id, self.editions) for one in (sums, by_month))
        usage = self._usage_encoder.days(self._usage.flush(), self.slices, self.editions)
        for start in range(0, max(len(days), len(months), len(usage), 1), _STAGE_ROWS):
            self._held.days += days[start : start + _STAGE_ROWS]
            self._held.months += months[start : start + _STAGE_ROWS]
            self._held.usage += usage[start : start + _STAGE_ROWS]
            yield self._taken(self._size)
