"""Files come out of the reader in small portions whose sums are those of the file."""

from decimal import Decimal

import pytest
from bson import ObjectId

from domain.costs.header import ReadOptions
from domain.costs.problem import BadCostFile
from jobs.cost_reading import CostReader, Staged, content_of, measured
from tests.factories.focus import TODAY, focus_row, write_csv

ORG = ObjectId()


def reader(*paths, **options) -> CostReader:
    return CostReader(paths, ReadOptions(), ORG, TODAY, **options)


def rows(count: int) -> list[dict[str, str]]:
    return [focus_row(ServiceName=f"service {number % 700}", BilledCost=f"{number}.25") for number in range(count)]


def test_portions_are_small_and_hold_every_row_once(tmp_path):
    path = write_csv(tmp_path / "a.csv", rows(5000))

    portions = list(reader(path).staged())

    assert max(len(portion.lines) for portion in portions) <= 1500
    assert max(len(portion.days) for portion in portions) <= 1000
    assert max(len(portion.months) for portion in portions) <= 1000
    assert [line["row"] for portion in portions for line in portion.lines] == list(range(1, 5001))
    assert [portion.rows for portion in portions] == sorted(portion.rows for portion in portions)
    assert portions[-1].size == path.stat().st_size


@pytest.mark.parametrize("most_days", [10, 100, 100_000])
def test_sums_that_are_flushed_on_the_way_add_up_to_the_rows(tmp_path, most_days):
    path = write_csv(tmp_path / "a.csv", rows(3000))

    portions = list(reader(path, most_days=most_days).staged())
    days, months = ([sums for portion in portions for sums in getattr(portion, name)] for name in ("days", "months"))

    assert sum((day["billed"].to_decimal() for day in days), Decimal(0)) == sum(range(3000)) + Decimal("0.25") * 3000
    assert sum(day["line_count"] for day in days) == 3000
    assert (len(days) > 700) == (most_days < 700)
    assert sum((one["billed"].to_decimal() for one in months), Decimal(0)) == sum(range(3000)) + Decimal("0.25") * 3000
    assert sum(one["line_count"] for one in months) == 3000
    assert (len(months) > 700) == (most_days < 700)


def test_an_edition_is_told_of_before_its_rows_come(tmp_path):
    paths = [
        write_csv(tmp_path / f"{account}.csv", [focus_row(BillingAccountId=account) for _ in range(1200)])
        for account in ("1", "2")
    ]
    told: list[ObjectId] = []
    reading = reader(*paths)

    for portion in reading.staged():
        told += portion.editions
        assert {document["edition_id"] for document in (*portion.lines, *portion.days, *portion.months)} <= set(told)

    assert told == reading.editions
    assert [slice.key.billing_account_id for slice in reading.slices] == ["1", "2"]
    assert [(file.name, file.rows) for file in reading.files] == [("1.csv", 1200), ("2.csv", 1200)]


def test_reading_stops_after_a_hundred_problems(tmp_path):
    path = write_csv(tmp_path / "a.csv", [focus_row(BilledCost="x")] * 5000)
    portions: list[Staged] = []

    with pytest.raises(BadCostFile) as refused:
        portions.extend(reader(path).staged())

    assert sum(portion.rows for portion in portions) < 5000
    assert len(refused.value.problems) == 100


def test_the_content_of_a_load_is_its_bytes_and_how_they_are_read(tmp_path):
    a, b = (
        write_csv(tmp_path / f"{name}.csv", [focus_row(BilledCost=cost)]) for name, cost in (("a", "1"), ("b", "2"))
    )
    copy = write_csv(tmp_path / "copy.csv", [focus_row(BilledCost="1")])
    plain = ReadOptions()

    assert content_of(measured([a, b]), plain) == content_of(measured([b, copy]), plain)
    assert content_of(measured([a]), plain) != content_of(measured([b]), plain)
    for options in (ReadOptions(source="x"), ReadOptions(is_lenient=True), ReadOptions(fill={"Tags": "{}"})):
        assert content_of(measured([a]), options) != content_of(measured([a]), plain)
