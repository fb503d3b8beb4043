"""Writes FOCUS rows as CSV, packed with gzip. The same rows give the same bytes."""

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.costs.focus_layout import FocusLayout


class FocusCsvWriter:
    """An open file; `close` ends it."""

    def __init__(self, path: Path, layout: FocusLayout) -> None:
        self._layout = layout
        self._raw = path.open("wb")
        # No name and no time, which would make two files of the same rows differ.
        self._gzip = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=self._raw, mtime=0)
        self._text = io.TextIOWrapper(self._gzip, encoding="utf-8", newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(layout.header)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these rows: stored ones, by our column names."""
        self._writer.writerows(map(self._layout.texts, rows))

    def close(self) -> None:
        """End the file."""
        self._text.close()
        self._raw.close()
