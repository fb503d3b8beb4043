"""Files that unpack to far more than any bill are stopped on the way, in little memory."""

import gzip
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.billing import parquet_text, unpacked
from connectors.billing.focus_files import open_cost_file
from domain.costs.problem import BadCostFile

LINE = b"a,b\n" * 250_000
WIDE = (b"a" * 500 + b"," + b"b" * 498 + b"\n") * 1000


def rows_in(path: Path) -> int:
    with open_cost_file(path) as opened:
        return sum(len(batch) for batch in opened.batches())


def packed(path: Path, megabytes: int, content: bytes = LINE) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(megabytes):
            file.write(content)
    return path


def test_a_file_that_unpacks_without_end_is_refused_with_the_row(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "MOST_RATIO", 50)
    monkeypatch.setattr(unpacked, "FREE_BYTES", 1 << 20)

    with pytest.raises(BadCostFile, match=r"row \d+ .*: is where the file has unpacked to more than 50 times"):
        rows_in(packed(tmp_path / "bomb.csv.gz", 8))


def test_one_endless_line_is_refused_as_well(tmp_path):
    path = tmp_path / "line.csv.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"a,b\n")
        for _ in range(6):
            file.write(b"x" * (1 << 20))

    with pytest.raises(BadCostFile, match="is on a line of more than 4 million bytes"):
        rows_in(path)


def test_a_small_file_may_shrink_as_it_likes(tmp_path):
    assert rows_in(packed(tmp_path / "good.csv.gz", 2)) == 2 * 250_000 - 1


def test_a_file_beyond_every_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacked, "MOST_BYTES", 1 << 20)

    with pytest.raises(BadCostFile, match="load the months one by one"):
        rows_in(packed(tmp_path / "large.csv.gz", 2))


@pytest.mark.parametrize("is_packed", [True, False])
def test_memory_does_not_grow_with_the_file(tmp_path, is_packed):
    """Twenty times the rows take no more memory."""

    def peak(megabytes: int) -> int:
        path = tmp_path / f"{megabytes}.csv{'.gz' if is_packed else ''}"
        if is_packed:
            packed(path, megabytes, WIDE)
        else:
            path.write_bytes(WIDE * megabytes)
        tracemalloc.start()
        rows_in(path)
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    small = peak(5)

    assert peak(100) < small * 1.2
    assert small < 8 << 20


def test_parquet_that_unpacks_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "bomb.parquet"
    table = pa.table({"a": pa.array(["x" * 1000] * 10_000)})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    assert rows_in(path) == 10_000

    monkeypatch.setattr(parquet_text, "FREE_BYTES", 1 << 20)
    with pytest.raises(BadCostFile, match=r"bomb\.parquet: the file unpacks to more than 250 times its size"):
        rows_in(path)


def test_parquet_with_more_rows_than_its_bytes_can_hold_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": pa.array([0] * 100_000)}), path, compression="zstd")
    monkeypatch.setattr(parquet_text, "_FREE_ROWS", 1_000)

    with pytest.raises(BadCostFile, match="unpacks to more than"):
        rows_in(path)
