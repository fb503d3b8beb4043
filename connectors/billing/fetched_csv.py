"""Rows of FOCUS written to a file that can be loaded. The columns are those that any row has: they are known only at
the end, so rows are kept as lines first.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from domain.costs.column import REQUIRED
from domain.costs.problem import BadValue
from domain.errors import Misshapen


class FocusCsv:
    """Takes rows, FOCUS id to text, and writes `path` when it is closed; no file without a row. Memory stays small."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        # Rows leave out what is empty; a file wants the column all the same.
        self._columns = dict.fromkeys(REQUIRED)
        self._lines = path.with_suffix(".lines")
        self._file = self._lines.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
        if kind is None and self.rows:
            self._write()
        self._lines.unlink(missing_ok=True)

    def add(self, rows: Iterable[Mapping[str, str]]) -> None:
        """One after the other. Call it in a thread: the files are written as they come.

        Raises Misshapen for an answer that rows cannot be made of.
        """
        try:
            for row in rows:
                self._columns.update(dict.fromkeys(row))
                self._file.write(orjson.dumps(dict(row)) + b"\n")
                self.rows += 1
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            why = str(error) if isinstance(error, BadValue) else type(error).__name__
            message = f"The answer for {self.path.stem} is not as its provider describes it: {why}"
            raise Misshapen(message, service="bill") from error

    @property
    def files(self) -> list[Path]:
        """The file, once it is written."""
        return [self.path] if self.rows else []

    def _write(self) -> None:
        with self._lines.open("rb") as lines, self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(self._columns), restval="")
            writer.writeheader()
            writer.writerows(orjson.loads(line) for line in lines)
