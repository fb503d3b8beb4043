"""Files are read in batches whatever their packing, and damage is refused with its place."""

import csv
import gzip
import io
import zlib
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.billing import checked_bytes
from connectors.billing.focus_files import open_cost_file
from connectors.billing.parquet_text import _as_text
from domain.costs.problem import BadCostFile

HEADER = "a,b\n"


def read(path: Path, *, batch_rows: int = 500):
    """The header and all rows of a file."""
    with open_cost_file(path, batch_rows=batch_rows) as file:
        rows = [row for batch in file.batches() for row in zip(*batch.columns, strict=True)]
        return list(file.names), rows


def numbered(path: Path, *, batch_rows: int = 500) -> list[tuple[int, int | None]]:
    """Row and line number of every row."""
    with open_cost_file(path, batch_rows=batch_rows) as file:
        return [
            (batch.first_row + index, batch.line_of(index)) for batch in file.batches() for index in range(len(batch))
        ]


def refusal(path: Path, *, batch_rows: int = 500) -> str:
    with pytest.raises(BadCostFile) as refused:
        read(path, batch_rows=batch_rows)
    assert str(refused.value).startswith(path.name)
    return str(refused.value)


def saved(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=20), batch_rows=st.integers(1, 7), packed=st.booleans()
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_reads_back_cell_for_cell(tmp_path, rows, batch_rows, packed):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("a", "b"), *rows])
    content = text.getvalue().encode()
    path = saved(tmp_path / "t.csv", gzip.compress(content) if packed else content)

    names, found = read(path, batch_rows=batch_rows)

    assert names == ["a", "b"]
    assert found == rows


@pytest.mark.parametrize("batch_rows", [1, 2, 500])
def test_rows_are_numbered_from_one_and_lines_as_an_editor_shows_them(tmp_path, batch_rows):
    path = saved(tmp_path / "t.csv", '\ufeffa,b\n1,2\n\n"x\ny",2\r\n"q\r\nr",2\n5,6')

    assert numbered(path, batch_rows=batch_rows) == [(1, 2), (2, 4), (3, 6), (4, 8)]


def test_a_byte_order_mark_and_blank_lines_before_the_header_do_no_harm(tmp_path):
    path = saved(tmp_path / "t.csv", b"\xef\xbb\xbf\r\n\r\na,b\r\n1,2\r\n")

    assert read(path) == (["a", "b"], [("1", "2")])


def test_progress_is_counted_in_bytes_of_the_file(tmp_path):
    path = saved(tmp_path / "t.csv.gz", gzip.compress((HEADER + "1,2\n" * 5000).encode()))

    with open_cost_file(path, batch_rows=100) as file:
        seen = [batch.bytes_read for batch in file.batches()]

    assert seen == sorted(seen)
    assert seen[-1] == path.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", b"", "the file is empty."),
        ("t.csv", b"\n\n", "the file is empty: it lacks even a header."),
        ("t.csv.gz", gzip.compress(b"", mtime=0), "the file is empty: it lacks even a header."),
        ("t.csv", b"a,b\n", "the file has a header but no rows."),
        ("t.csv", b"a,b\n\n\n", "the file has a header but no rows."),
        ("t.csv", b"PK\x03\x04....", "zip archive: unpack it first."),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "UTF-16 text: save it as UTF-8."),
        ("t.csv.gz", b"a,b\n1,2\n", "ends in .gz but is not a gzip file"),
        ("t.parquet", b"a,b\n1,2\n", "ends in .parquet but is not a Parquet file"),
        ("t.parquet", b"PAR1 and then nothing of the kind", "the file is damaged"),
        ("t.csv", b"\xff\xfa,b\n1,2\n", "the header has bytes that are not UTF-8"),
        ("t.csv", b'"a,b\n1,2\n', "the header has a quote that is never closed"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, reason):
    assert reason in refusal(saved(tmp_path / name, content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "none.csv")
    assert "cannot be read: Is a directory" in refusal(tmp_path)


@pytest.mark.parametrize("batch_rows", [1, 2, 500])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (b"1,2,3\n", "has 3 fields where the header has 2."),
        (b"1\n", "has 1 fields where the header has 2."),
        (b"1,\xe9\n", "has bytes that are not UTF-8"),
        (b"1,\x00\n", "has a NUL character"),
        (b'1,"2" \n', "has a quote inside a field"),
        (b'1,"2\n3,4\n', "has a quote that is never closed"),
        (b"1," + b"x" * 1_100_000 + b"\n", "has a field of more than a million characters"),
        (b"1," + b"x" * 5_000_000, "is on a line of more than 4 million bytes"),
    ],
)
def test_damage_is_refused_with_its_row_and_line(tmp_path, batch_rows, damage, reason):
    path = saved(tmp_path / "t.csv", b"a,b\n1,2\n\n3,4\n" + damage)

    message = refusal(path, batch_rows=batch_rows)

    assert f"row 3 (line 5): {reason}" in message


def test_damage_far_into_a_file_has_its_own_row(tmp_path):
    path = saved(tmp_path / "t.csv", b"a,b\n" + b"1,2\n" * 40_000 + b"1,\xff\n" + b"1,2\n" * 40_000)

    assert "row 40001 (line 40002): has bytes that are not UTF-8" in refusal(path)


def test_a_character_cut_at_the_very_end_is_refused(tmp_path):
    assert "row 1 (line 2): has bytes that are not UTF-8" in refusal(saved(tmp_path / "t.csv", b"a,b\n1,\xc3"))


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60), size=st.integers(1, 9)
)
@settings(deadline=None)
def test_characters_that_lie_across_two_reads_come_through(text, size):
    content = text.encode()
    source = io.BufferedReader(_Dripping(content, size))
    checked = checked_bytes.CheckedBytes(source)

    found = b"".join(iter(checked.read1, b""))

    assert found == content


class _Dripping(io.RawIOBase):
    """Gives a few bytes at a time."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content = io.BytesIO(content)
        self._size = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        chunk = self._content.read(min(self._size, len(buffer)))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def test_a_gzip_file_that_is_cut_short_is_refused_with_how_far_it_goes(tmp_path):
    whole = gzip.compress("".join([HEADER, *(f"{number},{number * 7919}\n" for number in range(50_000))]).encode())

    message = refusal(saved(tmp_path / "t.csv.gz", whole[: len(whole) // 2]))

    row = int(message.split("row ")[1].split(" ")[0])
    assert 1000 < row < 50_000
    assert "is where the gzip file is cut short: copy or download it again." in message


def test_a_gzip_file_with_a_wrong_checksum_is_refused(tmp_path):
    whole = bytearray(gzip.compress((HEADER + "1,2\n" * 1000).encode()))
    whole[-8] ^= 0xFF

    assert "is where the file is damaged" in refusal(saved(tmp_path / "t.csv.gz", bytes(whole)))


def test_a_gzip_file_with_garbage_inside_is_refused(tmp_path):
    packer = zlib.compressobj(wbits=31)
    start = packer.compress((HEADER + "1,2\n" * 1000).encode()) + packer.flush(zlib.Z_FULL_FLUSH)

    assert "is where the file is damaged" in refusal(saved(tmp_path / "t.csv.gz", start + b"\xff" * 50))


def test_parquet_cells_become_the_text_a_csv_export_would_have(tmp_path):
    table = pa.table(
        {
            "decimal": pa.array([Decimal("0.00001605990"), None], pa.decimal128(38, 11)),
            "double": pa.array([0.1, 1e-05]),
            "single": pa.array([0.1, None], pa.float32()),
            "moment": pa.array([1727740800000, None], pa.timestamp("ms")),
            "zoned": pa.array([1727740800, None], pa.timestamp("s", tz="+02:00")),
            "tags": pa.array([[("team", "web")], None], pa.map_(pa.string(), pa.string())),
            "details": pa.array([{"cores": 4}, None], pa.struct([("cores", pa.int64())])),
            "word": pa.array(["x", None]).dictionary_encode(),
            "number": pa.array([7, None]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")

    names, rows = read(tmp_path / "t.parquet")

    assert names == table.column_names
    assert dict(zip(names, rows[0], strict=True)) == {
        "decimal": "0.00001605990",
        "double": "0.1",
        "single": "0.1",
        "moment": "2024-10-01 00:00:00.000",
        "zoned": "2024-10-01 00:00:00.000Z",
        "tags": '{"team":"web"}',
        "details": '{"cores":4}',
        "word": "x",
        "number": "7",
    }
    assert rows[1] == ("", "0.00001", *[""] * 7)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
@settings(deadline=None)
def test_a_double_becomes_the_shortest_text_that_is_the_same_number(numbers):
    texts = _as_text(pa.array(numbers, pa.float64())).to_pylist()

    assert [Decimal(text) for text in texts] == [Decimal(repr(number)) for number in numbers]


def test_parquet_is_read_across_row_groups_in_batches_with_progress(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": list(range(1000))}), path, row_group_size=300)

    with open_cost_file(path, batch_rows=128) as file:
        batches = list(file.batches())

    assert [cell for batch in batches for cell in batch.columns[0]] == [str(number) for number in range(1000)]
    assert max(len(batch) for batch in batches) <= 128
    assert [batch.first_row for batch in batches][:2] == [1, 129]
    assert batches[0].line_of(0) is None
    assert batches[-1].bytes_read == path.stat().st_size


def test_parquet_without_rows_is_refused(tmp_path):
    pq.write_table(pa.table({"n": pa.array([], pa.int64())}), tmp_path / "t.parquet")

    assert "the file has columns but no rows." in refusal(tmp_path / "t.parquet")


def test_parquet_that_is_cut_short_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"n": list(range(1000))}), path)
    saved(path, path.read_bytes()[:-100])

    assert "the file is damaged: copy or download it again." in refusal(path)


def test_parquet_with_a_damaged_page_is_refused_with_how_far_it_goes(tmp_path):
    path = tmp_path / "t.parquet"
    table = pa.table({"n": [f"{number * 7919}" for number in range(20_000)]})
    pq.write_table(table, path, row_group_size=10_000, use_dictionary=False, compression="gzip")
    content = bytearray(path.read_bytes())
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content[start + 200 : start + 400] = b"\xff" * 200
    saved(path, bytes(content))

    assert "the file is damaged after row" in refusal(path)


def test_a_parquet_field_of_more_than_a_million_characters_is_refused(tmp_path):
    pq.write_table(pa.table({"n": ["x", "y" * 1_100_000]}), tmp_path / "t.parquet")

    assert "column n: there is a field of more than a million characters" in refusal(tmp_path / "t.parquet")


def test_parquet_bytes_that_are_not_text_are_refused(tmp_path):
    pq.write_table(pa.table({"n": [b"\xff\xfe"]}), tmp_path / "t.parquet")

    assert "column n: there is a value that cannot be read as text" in refusal(tmp_path / "t.parquet")
