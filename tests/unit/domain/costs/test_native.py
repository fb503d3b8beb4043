"""The parts a mapping is written in, how a header picks one, and how batches are told."""

from decimal import Decimal

import pytest

from domain.costs.native import BLANK, Gathered, NativeSource, choice, first, fold, worked
from domain.costs.native_cell import as_cell, day_text, month_end, month_start, number, printed, times
from domain.costs.problem import BadCostFile, BadValue
from domain.costs.sources import registry
from domain.costs.translation import Translation
from tests.factories.focus import focus_row, text_batch
from tests.factories.native import aws_line, azure_detail

SOURCE = NativeSource(
    name="Toy bill",
    marks=("Amount",),
    needs=(("Amount",), ("Payer", "Owner")),
    columns={
        "BilledCost": first("net amount", "Amount"),
        "ListCost": worked(lambda row: printed(number(row, "Rate") or Decimal(0)), "Rate", words="Rate"),
        "ChargeClass": choice("Kind", {"redo": "Correction"}, otherwise=""),
        "BillingAccountName": BLANK,
        "SkuId": first("sku"),
        "Tags": Gathered(("tag:",), "columns tag:*", str.upper, ("labels",)),
    },
)


def told(row: dict[str, str]) -> dict[str, str]:
    translation = Translation("toy.csv", SOURCE, list(row))
    (batch,) = translation.told(iter([text_batch([row])]))
    return {name: column[0] for name, column in zip(translation.names, batch.columns, strict=True)}


def test_one_spelling_stands_for_all():
    assert fold("lineItem/UnblendedCost") == fold("line_item_unblended_cost") == "lineitemunblendedcost"


def test_the_first_filled_column_counts():
    row = {"Amount": "2", "Payer": "p"}

    assert told(row | {"NetAmount": "1"})["BilledCost"] == "1"
    assert told(row | {"NetAmount": "NULL"})["BilledCost"] == "2"
    assert told(row)["BilledCost"] == "2"


def test_a_column_that_no_file_has_is_empty_so_that_rows_stay_the_same():
    row = told({"Amount": "2", "Payer": "p"})

    assert list(row) == list(SOURCE.columns)
    assert (row["SkuId"], row["Tags"], row["BillingAccountName"], row["ListCost"]) == ("", "", "", "0")


def test_tags_are_gathered_from_columns_and_maps():
    row = {"Amount": "2", "Payer": "p", "tag:a": "1", "tag:b": "", "tag:": "x", "labels": '{"c": "3", "d": [4]}'}

    assert told(row)["Tags"] == '{"A": "1", "C": "3", "D": "[\\"4\\"]"}'
    assert told(row | {"tag:a": "", "labels": ""})["Tags"] == ""


@pytest.mark.parametrize("cell", ["{", "[1]"])
def test_a_map_that_is_none_is_refused(cell):
    with pytest.raises(BadCostFile, match=r"toy.csv: row 1 \(line 2\), column labels: .* is not a JSON object."):
        told({"Amount": "2", "Payer": "p", "labels": cell})


def test_a_cell_that_cannot_be_worked_with_is_refused_by_its_native_name():
    with pytest.raises(BadCostFile, match=r"row 1 \(line 2\), column Rate: 'x' is not a decimal number"):
        told({"Amount": "2", "Owner": "p", "Rate": "x"})


def test_a_native_file_that_lacks_a_column_says_which():
    with pytest.raises(BadCostFile, match="lacks the column Payer, which every Toy bill has"):
        told({"Amount": "2"})
    with pytest.raises(BadCostFile, match="lacks the columns Amount, Payer"):
        told({"sku": "2"})


def test_a_row_given_by_name_is_told_without_its_empty_cells():
    row = {"Amount": "2", "Kind": "redo", "labels": '{"a": "b"}'}

    assert SOURCE.row(row) == {"BilledCost": "2", "ListCost": "0", "ChargeClass": "Correction", "Tags": '{"a": "b"}'}


def test_a_mapping_can_be_told_in_words():
    words = {id: how.words for id, how in SOURCE.columns.items()}

    assert words == {
        "BilledCost": "net amount, else Amount",
        "ListCost": "Rate",
        "ChargeClass": "Kind: Correction of redo",
        "BillingAccountName": "not told",
        "SkuId": "sku",
        "Tags": "columns tag:*",
    }
    assert choice("Kind", {"a": "X", "b": "X"}, otherwise="Y").words == "Kind: X of a, b; else Y"


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (list(aws_line()), "AWS Cost and Usage Report"),
        (["line_item_line_item_type", "line_item_usage_start_date"], "AWS Cost and Usage Report"),
        (["lineItem/referenceNo", "cost/myCost"], "OCI cost report"),
        (list(azure_detail()), "Azure cost details file (actual)"),
        ([name.lower() for name in azure_detail()], "Azure cost details file (actual)"),
        (list(focus_row()), None),
        ([*focus_row(), *azure_detail()], None),
        (["date", "amount"], None),
    ],
)
def test_the_header_tells_the_form(names, name):
    source = registry.source_of(names)

    assert (source and source.name) == name


@pytest.mark.parametrize(
    ("file", "beside", "half"),
    [
        ("a.csv", [], "actual"),
        ("a-amortized.csv", ["a-amortized.csv"], "amortised"),
        ("a.csv", ["a.csv", "b-Amortised.csv"], "actual, half of a pair"),
        ("b-Amortised.csv", ["a.csv", "b-Amortised.csv"], "amortised, half of a pair"),
        ("a-1.csv", ["a-1.csv", "a-2.csv"], "actual"),
    ],
)
def test_the_names_of_azure_files_tell_actual_from_amortised(file, beside, half):
    source = registry.source_of(list(azure_detail()), file, beside)

    assert source is not None
    assert source.name == f"Azure cost details file ({half})"
    assert registry.reading_of(file, beside) == ("" if half == "actual" else half)


def test_every_source_tells_what_every_file_must_have():
    required = {"BilledCost", "EffectiveCost", "BillingAccountId", "BillingCurrency", "ServiceName", "ProviderName"}
    for source in registry.SOURCES.values():
        assert required <= set(source.columns), source.name


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("09/30/2026", "2026-09-30"),
        ("9/2/2026", "2026-09-02"),
        ("2026-09-30T10:00", "2026-09-30"),
        ("20260930", "2026-09-30"),
    ],
)
def test_days_are_read_in_the_forms_bills_have(text, day):
    assert day_text({"Date": text}, "Date") == f"{day}T00:00:00Z"


@pytest.mark.parametrize("text", ["02/30/2026", "30 September", "2026-13-01"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(BadValue, match="day"):
        day_text({"Date": text}, "Date")


def test_an_empty_cell_is_no_day_and_no_month():
    assert day_text({"Date": ""}, "Date") == month_start({"Date": ""}, "Date") == month_end({"Date": ""}, "Date") == ""


def test_a_year_ends_in_january():
    assert month_end({"m": "202612"}, "m") == "2027-01-01T00:00:00Z"


def test_products_are_exact_and_missing_factors_have_none():
    assert times(Decimal("0.1"), Decimal("0.2")) == Decimal("0.02")
    assert times(Decimal("0.1"), None) is None
    assert printed(Decimal("1E-7")) == "0.0000001"


def test_values_of_answers_become_the_text_of_a_file():
    assert [as_cell(value) for value in (None, "x", 1, 0.1, True, False, {"a": None})] == [
        "", "x", "1", "0.1", "true", "false", '{"a": null}'
    ]  # fmt: skip
