"""Reads Parquet as batches of cells in text, one row group's pages at a time. Decimals never pass through floats."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.billing.unpacked import FREE_BYTES, MOST_RATIO
from domain.costs.batch import TextBatch
from domain.costs.problem import BadCostFile, Problem

_MOST_FIELD = 1 << 20
# Constant columns take next to nothing in Parquet, but amounts do not: a bill has some bytes a row.
_FREE_ROWS = 10_000_000
_MOST_ROWS_PER_BYTE = 4


class ParquetText:
    """An open Parquet file. Raises BadCostFile from the start when it is damaged or has no rows."""

    def __init__(self, path: Path, raw: BinaryIO, batch_rows: int) -> None:
        self._file = path.name
        self._size = path.stat().st_size
        self._batch_rows = batch_rows
        self._row = 1
        try:
            self._parquet = pq.ParquetFile(raw, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise self._damaged() from error
        self.names = self._parquet.schema_arrow.names
        if self._parquet.metadata.num_rows == 0:
            raise BadCostFile(self._file, [Problem("the file has columns but no rows.")])
        if _unpacks_too_far(self._parquet.metadata, self._size):
            message = f"the file unpacks to more than {MOST_RATIO} times its size: no bill does that. Export it again."
            raise BadCostFile(self._file, [Problem(message)])

    def batches(self) -> Iterator[TextBatch]:
        """The rows, in the order of the file."""
        total = self._parquet.metadata.num_rows
        for batch in self._read():
            columns = [self._texts(name, array) for name, array in zip(self.names, batch.columns, strict=True)]
            done = self._row - 1 + batch.num_rows
            yield TextBatch(self._row, (), columns, self._size * done // total)
            self._row += batch.num_rows

    def _read(self) -> Iterator[pa.RecordBatch]:
        batches = self._parquet.iter_batches(batch_size=self._batch_rows, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise self._damaged() from error
            if batch is None:
                return
            if batch.num_rows:
                yield batch

    def _texts(self, name: str, array: pa.Array) -> list[str]:
        try:
            texts = _as_text(array)
            if (pc.max(pc.binary_length(texts)).as_py() or 0) > _MOST_FIELD:
                raise self._refused(name, "a field of more than a million characters")
            values: list[str] = texts.fill_null("").to_pylist()
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise self._refused(name, "a value that cannot be read as text") from error
        return values

    def _refused(self, column: str, what: str) -> BadCostFile:
        last = self._row + self._batch_rows - 1
        problem = Problem(f"there is {what} in one of the rows up to {last}.", self._row, column=column)
        return BadCostFile(self._file, [problem])

    def _damaged(self) -> BadCostFile:
        where = f" after row {self._row - 1}" if self._row > 1 else ""
        return BadCostFile(self._file, [Problem(f"the file is damaged{where}: copy or download it again.")])


def _unpacks_too_far(metadata: pq.FileMetaData, size: int) -> bool:
    """Whether a row group, or the number of rows, is out of all proportion to the file.

    Single columns may be: one text in a million rows shrinks to nothing. Amounts do not.
    """
    if metadata.num_rows > max(_FREE_ROWS, size * _MOST_ROWS_PER_BYTE):
        return True
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        packed = sum(group.column(place).total_compressed_size for place in range(group.num_columns))
        if group.total_byte_size > max(FREE_BYTES, MOST_RATIO * packed):
            return True
    return False


def _as_text(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind = array.type
    if pa.types.is_nested(kind):
        return pa.array([None if value is None else _json(value, kind) for value in array.to_pylist()], pa.string())
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        array = array.cast(pa.timestamp(kind.unit, tz="UTC"))
    # Floats are printed with as few digits as tell them apart, which is how their writer meant them.
    return array.cast(pa.string())


def _json(value: Any, kind: pa.DataType) -> str:
    found = dict(value) if pa.types.is_map(kind) else value
    return orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
