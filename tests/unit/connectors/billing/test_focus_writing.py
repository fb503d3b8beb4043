"""FOCUS files that are written read back as the very same values."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.billing.focus_csv import FocusCsvWriter
from connectors.billing.focus_files import open_cost_file
from connectors.billing.focus_parquet import PLAIN, WIDE, FocusParquetWriter
from domain.costs.focus_layout import FocusLayout, TooFine

START = datetime(2026, 1, 31, 23, 59, 59, 5000, tzinfo=UTC)
ROWS = [
    {
        "billed_cost": Decimal("-1.50"),
        "billing_period_start": START,
        "tags": {"a.b": 'quote " and, comma', "$c": "ä\nnew line"},
        "sku_price_details": '{"x": 1.10}',
        "charge_description": "=not a formula here",
        "extras": {"x_Discount": "1.10"},
    },
    {"billed_cost": Decimal("0.00000000000000000001"), "tags": {}},
]
LAYOUT = FocusLayout("1.3", {"x_Discount"})


def read(path: Path) -> list[dict[str, str]]:
    with open_cost_file(path) as file:
        return [
            dict(zip(file.names, cells, strict=True))
            for batch in file.batches()
            for cells in zip(*batch.columns, strict=True)
        ]


def test_csv_reads_back_as_it_was_written(tmp_path):
    writer = FocusCsvWriter(tmp_path / "costs.csv.gz", LAYOUT)
    writer.add(ROWS)
    writer.close()

    first, second = read(tmp_path / "costs.csv.gz")

    assert tuple(first) == LAYOUT.header
    assert first["BilledCost"] == "-1.50"
    assert first["BillingPeriodStart"] == "2026-01-31T23:59:59.005Z"
    assert first["Tags"] == '{"a.b":"quote \\" and, comma","$c":"ä\\nnew line"}'
    assert first["SkuPriceDetails"] == '{"x": 1.10}'
    assert first["ChargeDescription"] == "=not a formula here", "programs read this, and it must stay what it is"
    assert first["x_Discount"] == "1.10"
    assert (second["BilledCost"], second["Tags"], second["x_Discount"]) == ("0.00000000000000000001", "{}", "")


def test_the_same_rows_give_the_same_bytes(tmp_path):
    for name in ("one.csv.gz", "other.csv.gz"):
        writer = FocusCsvWriter(tmp_path / name, LAYOUT)
        writer.add(ROWS)
        writer.close()

    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()


def test_parquet_has_decimals_times_and_maps_and_reads_back(tmp_path):
    writer = FocusParquetWriter(tmp_path / "costs.parquet", LAYOUT)
    writer.add(ROWS)
    writer.add([])
    writer.close()

    schema = pq.read_schema(tmp_path / "costs.parquet")
    first, second = read(tmp_path / "costs.parquet")

    assert schema.field("BilledCost").type == pa.decimal128(38, 20)
    assert schema.field("BillingPeriodStart").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("Tags").type == pa.map_(pa.string(), pa.string())
    assert schema.field("x_Discount").type == pa.string()
    assert Decimal(first["BilledCost"]) == Decimal("-1.5")
    assert datetime.fromisoformat(first["BillingPeriodStart"]) == START
    assert first["SkuPriceDetails"] == '{"x": 1.10}'
    assert Decimal(second["BilledCost"]) == ROWS[1]["billed_cost"]
    assert (second["Tags"], second["BillingPeriodStart"]) == ("{}", "")


def test_many_rows_become_several_row_groups(tmp_path):
    writer = FocusParquetWriter(tmp_path / "costs.parquet", FocusLayout("1.2"))
    for _ in range(50):
        writer.add(ROWS[1:] * 1000)
    writer.close()

    metadata = pq.read_metadata(tmp_path / "costs.parquet")

    assert metadata.num_rows == 50_000
    assert [metadata.row_group(number).num_rows for number in range(3)] == [20_000, 20_000, 10_000]


@pytest.mark.parametrize("amount", ["0.000000000000000000001", "999999999999999999.1234567890123456"])
def test_amounts_with_more_places_than_fit_are_never_rounded_in_silence(tmp_path, amount):
    wanted = Decimal(amount)
    rows = [{"billed_cost": wanted}]
    fits = wanted.as_tuple().exponent >= -20

    plain = FocusParquetWriter(tmp_path / "plain.parquet", LAYOUT, PLAIN)
    if fits:
        plain.add(rows)
    else:
        with pytest.raises(TooFine):
            plain.add(rows)
    plain.close()
    wide = FocusParquetWriter(tmp_path / "wide.parquet", LAYOUT, WIDE)
    wide.add(rows)
    wide.close()

    assert Decimal(read(tmp_path / "wide.parquet")[0]["BilledCost"]) == wanted
