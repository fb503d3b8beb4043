"""Rows on their way from a file to the store, a few thousand at a time, by column, because that reads fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from domain.costs.slice import CostSlice
from domain.facts.provider import Provider


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Cells as text, one sequence per column of the header, all of one length. An empty cell is "".

    `first_row` numbers the first of them (1 is the first row under the header), `lines` the line of text each began on
    (empty for files without lines). `bytes_read` tells how far into the file this is, for progress.
    """

    first_row: int
    lines: Sequence[int]
    columns: Sequence[Sequence[str]]
    bytes_read: int

    def __len__(self) -> int:
        return len(self.columns[0])

    def line_of(self, index: int) -> int | None:
        """The line of text the row at this index began on."""
        return self.lines[index] if self.lines else None


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account or sub account that rows name for the first time, with where they do."""

    provider: Provider
    native_id: str
    name: str | None
    column: str
    row: int
    line: int | None


@dataclass(frozen=True, slots=True)
class FocusBatch:
    """Checked rows. `columns` holds values by our column names: str, Decimal, datetime (UTC) or Tags, None for null.

    A column without any value is left out. `extras` are the columns FOCUS does not know, as text by the header's name.
    `providers`, `slices` and `days` (of ChargePeriodStart, UTC) have one entry per row.
    """

    first_row: int
    columns: Mapping[str, Sequence[Any]]
    extras: Mapping[str, Sequence[str | None]]
    providers: Sequence[str]
    slices: Sequence[CostSlice]
    days: Sequence[date]
    accounts: Sequence[SeenAccount] = field(default=())

    def __len__(self) -> int:
        return len(self.days)

    def column(self, name: str) -> Sequence[Any]:
        """The values of a column, all None where the file has none."""
        return self.columns.get(name) or [None] * len(self)

    def row(self, index: int) -> dict[str, Any]:
        """The values of one row by our column names, nulls left out."""
        return {name: values[index] for name, values in self.columns.items() if values[index] is not None}
