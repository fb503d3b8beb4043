"""Writes FOCUS rows as Parquet: amounts as decimals, times as timestamps in UTC, tags as maps. Never a float."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from domain.costs.column import Kind
from domain.costs.focus_layout import FocusLayout, TooFine

# A row group is what readers take at once; this many rows of 60 columns stay below 100 MB.
_GROUP_ROWS = 20_000
# What every reader of Parquet knows: 38 digits. Amounts have 18 before the point at most.
PLAIN = pa.decimal128(38, 20)
# For the rare file with amounts in more than 20 places, such as doubles printed in full.
WIDE = pa.decimal256(76, 58)
_DIGITS = Context(prec=76)


class FocusParquetWriter:
    """An open file whose amounts are `decimals`, PLAIN or WIDE; `close` ends it. `add` raises TooFine with PLAIN only.

    WIDE rounds the 59th decimal place half to even.
    """

    def __init__(self, path: Path, layout: FocusLayout, decimals: pa.DataType = PLAIN) -> None:
        self._layout = layout
        self._decimals = decimals
        self._step = Decimal(1).scaleb(-decimals.scale)
        self._kinds = [column.kind for column in layout.columns] + [Kind.STRING] * len(layout.extras)
        self._schema = pa.schema([pa.field(name, self._type(kind)) for name, kind in self._fields()])
        self._file = pq.ParquetWriter(path, self._schema, compression="snappy")
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these rows: stored ones, by our column names."""
        if not rows:
            return
        columns = zip(*map(self._layout.values, rows), strict=True)
        arrays = [self._array(cells, kind) for cells, kind in zip(columns, self._kinds, strict=True)]
        self._held.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += len(rows)
        if self._rows >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """End the file."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._held:
            self._file.write_table(pa.Table.from_batches(self._held), row_group_size=self._rows)
        self._held, self._rows = [], 0

    def _fields(self) -> list[tuple[str, Kind]]:
        return list(zip(self._layout.header, self._kinds, strict=True))

    def _type(self, kind: Kind) -> pa.DataType:
        if kind is Kind.DECIMAL:
            return self._decimals
        if kind is Kind.TIME:
            return pa.timestamp("ms", tz="UTC")
        return pa.map_(pa.string(), pa.string()) if kind is Kind.TAGS else pa.string()

    def _array(self, cells: Sequence[Any], kind: Kind) -> pa.Array:
        if kind is Kind.DECIMAL:
            cells = [None if cell is None else self._fitted(cell) for cell in cells]
        elif kind is Kind.TAGS:
            cells = [None if cell is None else list(cell.items()) for cell in cells]
        return pa.array(cells, self._type(kind))

    def _fitted(self, amount: Decimal) -> Decimal:
        fitted = amount.quantize(self._step, rounding=ROUND_HALF_EVEN, context=_DIGITS)
        if self._decimals == PLAIN and fitted != amount:
            raise TooFine
        return fitted
