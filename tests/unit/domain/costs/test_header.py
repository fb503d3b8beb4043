"""Which files are let in by their header, and what is said of those that are not."""

import pytest

from domain.costs.column import COLUMNS, REQUIRED
from domain.costs.header import ReadOptions, read_header
from domain.costs.problem import BadCostFile
from tests.factories.focus import focus_row, lacking


def ids(version: str) -> list[str]:
    return [column.id for column in COLUMNS if column.since <= version]


def header(names, **options):
    return read_header("costs.csv", names, ReadOptions(**options))


def refusal(names, **options) -> str:
    with pytest.raises(BadCostFile) as refused:
        header(names, **options)
    return "\n".join(str(problem) for problem in refused.value.problems)


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3"])
def test_the_version_is_known_by_the_columns(version):
    found = header(ids(version))

    assert found.version == version
    assert found.notices == ()


def test_a_file_of_1_4_loads_without_provider_and_publisher_name():
    names = [id for id in ids("1.3") if id not in {"ProviderName", "PublisherName"}] + ["InvoiceDetailId"]

    found = header(names)

    assert found.version == "1.4"
    assert found.notices == ()
    assert list(found.extras) == ["InvoiceDetailId"]


@pytest.mark.parametrize("id", REQUIRED)
def test_a_column_that_sums_depend_on_must_be_there(id):
    assert f"the header lacks the column {id}." in refusal(lacking(focus_row(), id))


def test_all_missing_columns_are_named_at_once():
    assert "lacks the columns BilledCost, ServiceName, ProviderName." in refusal(
        lacking(focus_row(), "BilledCost", "ServiceName", "ProviderName")
    )


@pytest.mark.parametrize("id", ["ProviderName", "ServiceProviderName", "HostProviderName"])
def test_any_column_that_names_a_provider_will_do(id):
    names = [*lacking(focus_row(), "ProviderName"), id]

    assert header(names).width == len(names)


def test_a_missing_column_can_be_filled_on_purpose():
    assert header(lacking(focus_row(), "BillingCurrency"), fill={"BillingCurrency": "USD"}).version == "1.0"


def test_filling_a_column_that_does_not_exist_is_refused():
    assert "column Currency: there is no such FOCUS column to fill." in refusal(focus_row(), fill={"Currency": "USD"})


def test_a_file_with_nothing_but_filled_columns_has_the_oldest_version():
    assert header(["x_note"], fill=dict.fromkeys(focus_row(), "x")).version == "1.0"


def test_other_columns_every_file_should_have_are_only_mentioned():
    found = header(lacking(focus_row(), "ListCost", "PublisherName"))

    assert [notice.message for notice in found.notices] == [
        "The file lacks ListCost, PublisherName, which FOCUS wants in every file."
    ]


def test_a_name_in_other_case_is_read_and_mentioned():
    found = header([*lacking(focus_row(), "ServiceName"), "Servicename", " SkuPriceid"])

    assert {column.id for column in found.positions} >= {"ServiceName", "SkuPriceId"}
    assert [(notice.column, notice.message) for notice in found.notices] == [
        ("Servicename", "is read as ServiceName."),
        (" SkuPriceid", "is read as SkuPriceId."),
    ]


def test_columns_that_focus_does_not_know_are_kept_and_only_foreign_ones_mentioned():
    found = header([*focus_row(), "x_Discount", "Id"])

    assert list(found.extras) == ["x_Discount", "Id"]
    assert [notice.column for notice in found.notices] == ["Id"]


def test_a_column_twice_is_refused():
    assert "column billedcost: the header has 2 columns of this name" in refusal([*focus_row(), "billedCost"])


def test_a_column_without_name_is_refused():
    assert f"column {len(focus_row()) + 1} of the header has no name." in refusal([*focus_row(), " "])


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (["BilledCost;EffectiveCost"], "separated by commas"),
        (["BilledCost\tEffectiveCost"], "separated by commas"),
        (["date", "amount"], "FOCUS 1.0 to 1.3"),
    ],
)
def test_the_advice_fits_the_file_somebody_tried(names, advice):
    assert advice in refusal(names)


def test_a_column_name_with_a_nul_is_refused():
    assert "has a NUL character in its name." in refusal([*focus_row(), "x_\0"])


@pytest.mark.parametrize("options", [{"source": "\udcff"}, {"fill": {"Tags": "\ud800"}}])
def test_options_that_are_no_text_are_refused(options):
    assert "the source or a value given with fill is not UTF-8." in refusal(focus_row(), **options)
