"""Reads CSV, plain or gzip, as batches of cells. Strict: what cannot be told apart for sure is refused."""

import csv
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from pathlib import Path
from typing import BinaryIO, cast

from connectors.billing.checked_bytes import CheckedBytes, DamagedLine, Source
from connectors.billing.unpacked import Unpacked, UnpacksTooFar
from domain.costs.batch import TextBatch
from domain.costs.problem import BadCostFile, Problem

_MOST_FIELD = 1 << 20
_BREAK = re.compile(r"\r\n|\r|\n")
_CUT_SHORT = "is where the gzip file is cut short: copy or download it again."
_DAMAGED = "is where the file is damaged: copy or download it again."


class CsvText:
    """An open CSV file in UTF-8, with or without byte order mark, read a batch at a time.

    Raises BadCostFile from the start when there is no header.
    """

    def __init__(self, path: Path, raw: BinaryIO, batch_rows: int, *, is_gzip: bool) -> None:
        self._file = path.name
        self._raw = raw
        self._batch_rows = batch_rows
        self._row = 0
        source = cast(Source, Unpacked(raw) if is_gzip else raw)
        csv.field_size_limit(_MOST_FIELD)
        self._text = io.TextIOWrapper(cast(BinaryIO, CheckedBytes(source)), encoding="utf-8-sig", newline="")
        self._reader = csv.reader(self._text, strict=True)
        self.names: Sequence[str] = ()
        while not self.names:
            rows, _ = self._next(1)
            if not rows:
                raise BadCostFile(self._file, [Problem("the file is empty: it lacks even a header.")])
            self.names = rows[0]

    def batches(self) -> Iterator[TextBatch]:
        """The rows under the header. Blank lines are passed over and not counted as rows."""
        while True:
            rows, lines = self._next(self._batch_rows)
            if not rows:
                break
            if not all(rows):
                lines = [line for line, row in zip(lines, rows, strict=True) if row]
                rows = [row for row in rows if row]
            if set(map(len, rows)) - {len(self.names)}:
                raise self._misshapen(rows, lines)
            if rows:
                yield TextBatch(self._row + 1, lines, list(zip(*rows, strict=True)), self._raw.tell())
            self._row += len(rows)
        if self._row == 0:
            raise BadCostFile(self._file, [Problem("the file has a header but no rows.")])

    def _next(self, most: int) -> tuple[list[list[str]], Sequence[int]]:
        """At most so many rows, blank lines among them, and the line each begins on."""
        first_line = self._reader.line_num + 1
        rows: list[list[str]] = []
        try:
            # What was read before an error stays in `rows`, so the row that has it can be counted.
            rows.extend(islice(self._reader, most))
        except DamagedLine as damage:
            raise self._refused(rows, damage.message, damage.line) from damage
        except (csv.Error, EOFError, OSError, UnpacksTooFar, zlib.error) as error:
            line = _lines(rows, first_line)[-1]
            raise self._refused(rows, _why(error), line) from error
        if self._reader.line_num - first_line + 1 == len(rows):
            return rows, range(first_line, first_line + len(rows))
        return rows, _lines(rows, first_line)[:-1]

    def _misshapen(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> BadCostFile:
        index = next(index for index, row in enumerate(rows) if len(row) != len(self.names))
        message = f"has {len(rows[index])} fields where the header has {len(self.names)}."
        return self._refused(rows[:index], message, lines[index])

    def _refused(self, before: Sequence[Sequence[str]], message: str, line: int) -> BadCostFile:
        if not self.names:
            return BadCostFile(self._file, [Problem(f"the header {message}", line=line)])
        row = self._row + sum(1 for row in before if row) + 1
        return BadCostFile(self._file, [Problem(message, row, line)])


def _lines(rows: Sequence[Sequence[str]], first: int) -> list[int]:
    """The line on which each row begins, and the one on which the row after the last begins."""
    heights = (1 + sum(len(_BREAK.findall(cell)) for cell in row) for row in rows)
    return list(accumulate(heights, initial=first))


def _why(error: Exception) -> str:
    text = str(error)
    if isinstance(error, EOFError):
        return _CUT_SHORT
    if isinstance(error, UnpacksTooFar):
        return text
    if not isinstance(error, csv.Error):
        return _DAMAGED
    if text.startswith("field larger"):
        return "has a field of more than a million characters, or a quote that is never closed."
    if text.startswith("unexpected end"):
        return "has a quote that is never closed: the file may be cut short."
    return "has a quote inside a field: write it twice, and quote the field."
