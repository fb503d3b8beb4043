"""Rows of text become values, or problems that name the row, the column and the way out."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs.batch import TextBatch
from domain.costs.header import ReadOptions, read_header
from domain.costs.problem import MOST_PROBLEMS, BadCostFile
from domain.costs.slice import SliceBook
from domain.facts.provider import Provider
from tests.factories.focus import focus_row, lacking, parsed, parser_for, problems_of, text_batch


def test_a_row_is_read_by_our_names_without_its_nulls():
    row = parsed(focus_row(ChargeClass="NULL", RegionId="null", x_Note="kept")).row(0)

    assert row["billed_cost"] == Decimal("1.25")
    assert row["charge_period_start"] == datetime(2026, 9, 2, tzinfo=UTC)
    assert row["service_name"] == "Amazon Elastic Compute Cloud"
    assert row["tags"] == (("team", "web"),)
    assert not {"charge_class", "region_id", "x_Note"} & set(row)


def test_columns_focus_does_not_know_are_kept_as_text():
    batch = parsed(focus_row(x_Discount="1.10", Id="7"), focus_row(x_Discount="", Id="NULL"))

    assert batch.extras == {"x_Discount": ["1.10", None], "Id": ["7", None]}


def test_an_unknown_column_without_any_value_is_left_out():
    assert parsed(focus_row(x_Discount="NULL")).extras == {}


def test_a_column_in_which_some_cells_are_empty_keeps_its_gaps():
    batch = parsed(focus_row(RegionId="NULL", ListUnitPrice="1"), focus_row(RegionId="eu-west-1", ListUnitPrice=""))

    assert batch.column("region_id") == [None, "eu-west-1"]
    assert batch.column("list_unit_price") == [Decimal(1), None]
    assert batch.column("sku_id") == [None, None]


def test_the_day_is_that_of_the_charge_in_utc():
    batch = parsed(focus_row(ChargePeriodStart="2026-09-02T23:30:00-02:00", ChargePeriodEnd="2026-09-03T02:00:00Z"))

    assert batch.days == [date(2026, 9, 3)]


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=10)


@given(st.lists(st.tuples(amounts, amounts, st.sampled_from(["", "NULL", "x"])), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_any_costs_come_through_digit_for_digit_in_order(rows):
    batch = parsed(
        *(focus_row(BilledCost=f"{billed:f}", EffectiveCost=f"{eff:f}", ResourceId=id) for billed, eff, id in rows)
    )

    assert [value.as_tuple() for value in batch.column("billed_cost")] == [row[0].as_tuple() for row in rows]
    assert [value.as_tuple() for value in batch.column("effective_cost")] == [row[1].as_tuple() for row in rows]
    assert list(batch.column("resource_id")) == ["x" if row[2] == "x" else None for row in rows]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"BilledCost": "abc"}, "row 2 (line 3), column BilledCost: 'abc' is not a decimal number"),
        ({"EffectiveCost": "NaN"}, "column EffectiveCost: 'NaN' is not a finite number"),
        ({"BilledCost": ""}, "column BilledCost: is empty: every row needs it"),
        ({"ServiceName": "NULL"}, "column ServiceName: is empty"),
        ({"ProviderName": ""}, "column ProviderName: is empty"),
        ({"BillingCurrency": "dollars"}, "column BillingCurrency: 'dollars' is not a currency code"),
        ({"ChargeCategory": "Fee"}, "'Fee' is not one of Usage, Purchase, Tax, Credit, Adjustment."),
        ({"ChargePeriodStart": "1970-01-01"}, "column ChargePeriodStart: '1970-01-01' lies before the year 2000."),
        ({"BillingPeriodEnd": "2126-10-01"}, "column BillingPeriodEnd: '2126-10-01' lies more than ten years ahead."),
        (
            {"ChargePeriodEnd": "2026-09-02"},
            "column ChargePeriodEnd: '2026-09-02' is not after ChargePeriodStart.",
        ),
        (
            {"BillingPeriodStart": "2026-10-01T00:00:00Z"},
            "column BillingPeriodEnd: '2026-10-01T00:00:00Z' is not after BillingPeriodStart.",
        ),
        ({"Tags": "team=web"}, "column Tags: 'team=web' is not valid JSON."),
        (
            {"BillingCurrency": "EUR"},
            "column BillingCurrency: 'EUR' differs from 'USD' in row 1 of costs.csv: a billing account has one",
        ),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(columns, problem):
    problems = problems_of(focus_row(), focus_row(**columns), focus_row())

    assert len(problems) == 1
    assert problem in problems[0]


def test_every_bad_cell_of_a_row_is_named():
    problems = problems_of(focus_row(BilledCost="a", EffectiveCost="b", ServiceName=""))

    assert [problem.split(":")[0] for problem in problems] == [
        "row 1 (line 2), column BilledCost",
        "row 1 (line 2), column EffectiveCost",
        "row 1 (line 2), column ServiceName",
    ]


def test_a_long_cell_is_quoted_only_in_part_and_without_control_characters():
    (problem,) = problems_of(focus_row(BilledCost="\x1b[31m" + "9x" * 500))

    assert "'\\x1b[31m9x9x" in problem
    assert len(problem) < 250


def test_nothing_comes_back_once_there_is_a_problem_but_reading_goes_on():
    rows = [focus_row(), focus_row(BilledCost="x")]
    parser = parser_for(rows[0])

    assert parser.parse(text_batch(rows)) is None
    assert parser.parse(text_batch([focus_row()], first_row=3)) is None
    assert parser.parse(text_batch([focus_row(BilledCost="y")], first_row=4)) is None
    assert [problem.row for problem in parser.problems] == [2, 4]
    assert not parser.is_full


def test_a_hundred_problems_are_enough():
    rows = [focus_row(BilledCost="x", EffectiveCost="y") for _ in range(MOST_PROBLEMS)]
    parser = parser_for(rows[0])

    parser.parse(text_batch(rows))

    assert parser.is_full
    assert len(parser.problems) == MOST_PROBLEMS
    assert "(99 or more other problems)" in str(BadCostFile("costs.csv", parser.problems))


def test_rows_of_a_file_without_lines_are_named_by_row_alone():
    row = focus_row(BilledCost="x")
    parser = parser_for(row)

    parser.parse(TextBatch(5, (), [[text] for text in row.values()], 0))

    assert str(parser.problems[0]).startswith("row 5, column BilledCost: 'x'")


def test_the_provider_is_the_first_that_is_given():
    row = focus_row(ProviderName="", ServiceProviderName="Example SaaS", HostProviderName="AWS")

    assert parsed(row).providers == ["Example SaaS"]
    assert parsed(row, focus_row(ServiceProviderName="", HostProviderName="AWS", ProviderName="")).providers == [
        "Example SaaS",
        "AWS",
    ]


def test_an_empty_cell_and_a_missing_column_are_filled_when_asked_for():
    options = ReadOptions(fill={"ServiceName": "Other", "BillingCurrency": "EUR"})
    rows = [lacking(focus_row(ServiceName=name), "BillingCurrency") for name in ("", "Amazon S3")]

    batch = parsed(*rows, options=options)

    assert batch.column("service_name") == ["Other", "Amazon S3"]
    assert batch.column("billing_currency") == ["EUR", "EUR"]


@pytest.mark.parametrize(("text", "reason"), [("euro", "is not a currency code"), ("NULL", "is no value.")])
def test_a_fill_that_cannot_be_read_is_refused_before_any_row(text, reason):
    with pytest.raises(BadCostFile, match=f"column BillingCurrency: the value given with fill, '{text}' {reason}"):
        parser_for(focus_row(), options=ReadOptions(fill={"BillingCurrency": text}))


def test_a_problem_that_only_filled_columns_show_has_no_cell_to_quote():
    options = ReadOptions(fill={"ChargePeriodEnd": "2026-09-01"})

    (problem,) = problems_of(lacking(focus_row(), "ChargePeriodEnd"), options=options)

    assert problem.endswith("column ChargePeriodEnd: is not after ChargePeriodStart.")


def test_a_lenient_reader_takes_the_forms_of_spreadsheets():
    row = focus_row(BilledCost="$50,000.00 ", ChargePeriodStart="9/2/26", ChargePeriodEnd="9/3/26")

    batch = parsed(row, options=ReadOptions(is_lenient=True))

    assert batch.column("billed_cost") == [Decimal("50000.00")]
    assert len(problems_of(row)) == 3


def test_odd_values_are_counted_by_column_and_kept():
    rows = [focus_row(ServiceCategory="Database", ServiceSubcategory="No-SQL"), focus_row(ServiceSubcategory="")] * 2
    rows.append(focus_row(ListCost="", ServiceSubcategory="Virtual Machines"))
    rows.append(focus_row(ChargePeriodEnd="2026-10-02T00:00:00Z", ServiceSubcategory="Containers"))
    parser = parser_for(rows[0])

    batch = parser.parse(text_batch(rows))

    assert batch is not None
    assert batch.column("service_category")[0] == "Database"
    # Null subcategories: rows 2 and 4; unlisted ones: rows 1 and 3, whose category is unlisted as well.
    assert sorted((notice.column, notice.rows) for notice in parser.notices()) == [
        ("ChargePeriodStart", 1),
        ("ListCost", 1),
        ("ServiceCategory", 2),
        ("ServiceSubcategory", 2),
        ("ServiceSubcategory", 2),
    ]
    assert any("such as 'Database'" in notice.message for notice in parser.notices())


def test_a_file_that_keeps_to_the_lists_gets_no_notice():
    row = focus_row(ServiceSubcategory="Containers", CapacityReservationStatus="Used", PricingCategory="Standard")
    parser = parser_for(row)

    parser.parse(text_batch([row]))

    assert parser.notices() == []


def test_odd_values_of_later_batches_add_up():
    row = focus_row(ServiceCategory="Database")
    parser = parser_for(row)

    parser.parse(text_batch([row]))
    parser.parse(text_batch([row, row], first_row=2))

    assert [(notice.column, notice.rows) for notice in parser.notices()] == [("ServiceCategory", 3)]


def test_each_account_is_told_of_once_with_the_row_that_first_names_it():
    rows = [
        focus_row(SubAccountId=""),
        focus_row(SubAccountId="s1", SubAccountName="one"),
        focus_row(SubAccountId="s1", SubAccountName="one"),
        focus_row(SubAccountId="s2", SubAccountName=""),
    ]
    parser = parser_for(rows[0])

    first = parser.parse(text_batch(rows))
    second = parser.parse(text_batch(rows, first_row=5))

    assert first is not None
    assert second is not None
    assert [(seen.column, seen.native_id, seen.name, seen.row, seen.line) for seen in first.accounts] == [
        ("BillingAccountId", "100000000001", "Payer", 1, 2),
        ("SubAccountId", "s1", "one", 2, 3),
        ("SubAccountId", "s2", None, 4, 5),
    ]
    assert {seen.provider for seen in first.accounts} == {Provider.AWS}
    assert second.accounts == []


def test_an_account_without_a_column_of_names_has_none():
    (seen, _) = parsed(lacking(focus_row(), "BillingAccountName")).accounts

    assert seen.name is None


def test_a_currency_that_changes_in_a_later_file_names_the_earlier_one():
    book = SliceBook("focus")
    row = focus_row()
    parser_for(row, book=book, file="first.csv").parse(text_batch([row]))

    second = parser_for(row, book=book, file="second.csv")
    second.parse(text_batch([focus_row(BillingCurrency="EUR")]))

    assert "'EUR' differs from 'USD' in row 1 of first.csv" in str(second.problems[0])


def test_another_billing_period_may_have_another_currency():
    later = {"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-11-01T00:00:00Z"}

    batch = parsed(focus_row(), focus_row(BillingCurrency="EUR", **later))

    assert [slice.currency for slice in batch.slices] == ["USD", "EUR"]


def test_the_header_of_every_version_reads_a_row():
    row = focus_row(ServiceProviderName="AWS", HostProviderName="AWS", SkuPriceDetails='{"x": 1}', AllocatedTags="{}")
    header = read_header("costs.csv", list(row), ReadOptions())

    assert header.version == "1.3"
    assert parsed(row).row(0)["sku_price_details"] == '{"x": 1}'


def test_an_invoice_in_two_currencies_is_refused_across_accounts():
    rows = [
        focus_row(InvoiceId="inv-1"),
        focus_row(InvoiceId="inv-1", BillingAccountId="2", BillingCurrency="EUR"),
    ]

    (problem,) = problems_of(*rows)

    assert "row 2 (line 3), column BillingCurrency: 'EUR' differs from 'USD' elsewhere on invoice 'inv-1'" in problem
    assert problems_of(rows[0], rows[1] | {"InvoiceId": "inv-2"}) == []
    assert problems_of(rows[0], rows[1] | {"ProviderName": "Acme"}) == []


def test_a_price_below_zero_is_refused_and_a_cost_is_not():
    assert "is negative: a price is 0 or more." in problems_of(focus_row(ListUnitPrice="-1"))[0]
    assert problems_of(focus_row(ListUnitPrice="0", ListCost="-1")) == []
