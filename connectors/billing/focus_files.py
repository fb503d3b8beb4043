"""Opens a FOCUS export, CSV (plain or gzip) or Parquet, as batches of text in bounded memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from connectors.billing.csv_text import CsvText
from domain.costs.batch import TextBatch
from domain.costs.problem import BadCostFile, Problem

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# A batch fits the processor cache, where working column by column is fastest (measured: 250 to 500 rows).
BATCH_ROWS = 500


class CostFile(Protocol):
    """An open export. `names` is its header; `batches` may be walked once and raises BadCostFile where it breaks."""

    names: Sequence[str]

    def batches(self) -> Iterator[TextBatch]: ...


@contextmanager
def open_cost_file(path: Path, *, batch_rows: int = BATCH_ROWS) -> Iterator[CostFile]:
    """The export at `path`, told apart by its first bytes and not by its name.

    Raises BadCostFile with the file's name when it is missing, empty or of another kind, and later from `batches` with
    the row at which it is cut short, is not UTF-8, has an open quote, or has too many or too few fields.
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BadCostFile(path.name, [Problem(f"the file cannot be read: {error.strerror}.")]) from error
    with raw:
        start = raw.read(4)
        raw.seek(0)
        if reason := _not_ours(path.name, start):
            raise BadCostFile(path.name, [Problem(f"the file {reason}")])
        if start == _PARQUET:
            # Imported when there is such a file: Arrow takes 60 MB.
            from connectors.billing.parquet_text import ParquetText

            yield ParquetText(path, raw, batch_rows)
        else:
            yield CsvText(path, raw, batch_rows, is_gzip=start.startswith(_GZIP))


def _not_ours(name: str, start: bytes) -> str | None:
    """Why a file that begins so is no export, or None."""
    if not start:
        return "is empty."
    if start.startswith(b"PK"):
        return "is a zip archive: unpack it first."
    if start.startswith(_UTF_16):
        return "is UTF-16 text: save it as UTF-8."
    if name.endswith(".gz") and not start.startswith(_GZIP):
        return "ends in .gz but is not a gzip file: rename it, or compress it again."
    if name.endswith(".parquet") and start != _PARQUET:
        return "ends in .parquet but is not a Parquet file: export it again."
    return None
