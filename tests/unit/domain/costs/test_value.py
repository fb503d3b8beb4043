"""What the text of a cell means, and what it is refused for."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.costs.problem import BadValue
from domain.costs.value import (
    NULLS,
    TimeReader,
    one_of,
    read_currency,
    read_decimal,
    read_frequency,
    read_json,
    read_money,
    read_tags,
)

TODAY = date(2026, 11, 22)
read_time = TimeReader(TODAY)
read_time_leniently = TimeReader(TODAY, is_lenient=True)

amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=16)


@given(amounts)
@settings(deadline=None)
def test_any_amount_reads_back_as_printed(amount: Decimal):
    read = read_decimal(format(amount, "f"))

    assert read.as_tuple() == amount.as_tuple()


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e17, max_value=1e17))
@settings(deadline=None)
def test_a_printed_double_reads_as_its_digits(number: float):
    assert number == 0 or abs(number) < 1e-40 or read_decimal(repr(number)) == Decimal(repr(number))


@given(st.text(max_size=20))
@settings(deadline=None)
def test_no_text_reads_as_something_that_is_not_finite(text: str):
    try:
        number = read_decimal(text)
    except BadValue:
        number = Decimal(0)

    assert number.is_finite()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.00000000001", "1E-11"),
        ("1E-11", "1E-11"),
        ("+5.", "5"),
        (".5", "0.5"),
        (" 0.00 ", "0.00"),
        ("-12.50", "-12.50"),
        ("1e3", "1000"),
        ("123456789012345678", "123456789012345678"),
        ("1." + "0" * 50, "1"),
        ("0E-100", "0"),
    ],
)
def test_the_ways_exports_print_numbers_are_read(text, value):
    assert read_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("inf", "not a finite number"),
        ("abc", "not a decimal number"),
        ("1,5", "not a decimal number"),
        ("1_000", "not a decimal number"),
        ("$5", "not a decimal number"),
        ("٣", "not a decimal number"),
        ("0x10", "not a decimal number"),
        ("1.2345678901234567890123456789012345", "more than 34 significant digits"),
        ("1" + "0" * 60 + "." + "0" * 60 + "1", "more than 34 significant digits"),
        ("1e18", "absurdly large"),
        ("-1000000000000000000", "absurdly large"),
        ("1e-61", "more than 60 decimal places"),
    ],
)
def test_a_number_that_cannot_be_kept_exactly_is_refused(text, reason):
    with pytest.raises(BadValue, match=reason):
        read_decimal(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("$50,000.00 ", "50000.00"), ("-$1,234.5", "-1234.5"), ("€7", "7"), ("1.5", "1.5"), ("1,000,000", "1000000")],
)
def test_spreadsheet_money_is_read_when_asked_for(text, value):
    assert read_money(text) == Decimal(value)


@pytest.mark.parametrize("text", ["$5,00.00", "1,5", "$", "5$"])
def test_money_that_is_not_clear_is_refused_even_then(text):
    with pytest.raises(BadValue, match="not a decimal number"):
        read_money(text)


@given(
    st.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2036, 11, 20)),  # noqa: DTZ001 - naive on purpose
    st.sampled_from(["T", " "]),
    st.sampled_from(["", "Z", "+00:00", "+0000"]),
)
@settings(deadline=None)
def test_any_time_reads_back_to_the_millisecond(moment: datetime, mark: str, zone: str):
    text = moment.isoformat(sep=mark, timespec="microseconds") + zone

    expected = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    assert read_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-10-01 00:00:00",
        "2024-10-01T00:00:00Z",
        "2024-10-01",
        "2024-10-01T00:00Z",
        "2024-10-01T02:00:00+02:00",
        "2024-09-30 20:00:00.000-0400",
        "2024-10-01T00:00:00.000000000Z",
        " 2024-10-01T00:00:00.000999999 ",
    ],
)
def test_the_ways_exports_print_times_are_utc(text):
    read = read_time(text)

    assert read == datetime(2024, 10, 1, tzinfo=UTC)
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1999-12-31T23:59:59Z", "before the year 2000"),
        ("0001-01-01T00:00:00+14:00", "not a time"),
        ("2036-12-01", "more than ten years ahead"),
        ("2024-02-30", "not a time"),
        ("yesterday", "not a time"),
        ("1727740800", "not a time"),
        ("-2024-01-01", "not a time"),
        ("2024-10-01 00:00:00 UTC", "not a time"),
        ("2023-02-01T30:00:00Z", "not a time"),
        ("4/1/25", "which number is the month"),
        ("04/01/2025", "which number is the month"),
    ],
)
def test_a_time_that_is_not_clear_or_absurd_is_refused(text, reason):
    with pytest.raises(BadValue, match=reason):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4/1/25", datetime(2025, 4, 1, tzinfo=UTC)),
        ("12/31/2024", datetime(2024, 12, 31, tzinfo=UTC)),
        ("2023-02-01T30:00:00Z", datetime(2023, 2, 2, 6, tzinfo=UTC)),
        ("2023-02-01T24:00:00", datetime(2023, 2, 2, tzinfo=UTC)),
        ("2023-02-01T23:00:00", datetime(2023, 2, 1, 23, tzinfo=UTC)),
    ],
)
def test_a_lenient_reader_takes_what_the_examples_of_the_specification_have(text, value):
    assert read_time_leniently(text) == value


@pytest.mark.parametrize("text", ["13/1/25", "2/30/25", "soon"])
def test_a_lenient_reader_takes_no_nonsense(text):
    with pytest.raises(BadValue):
        read_time_leniently(text)


@pytest.mark.parametrize("text", ["usd", "US", "USDT", "$", "US1"])
def test_a_currency_is_three_capital_letters(text):
    assert read_currency("USD") == "USD"
    with pytest.raises(BadValue, match="ISO 4217"):
        read_currency(text)


def test_a_listed_value_is_taken_as_it_stands():
    read = one_of(("Usage", "Tax"))

    assert read("Tax") == "Tax"
    with pytest.raises(BadValue, match="not one of Usage, Tax"):
        read("tax")


def test_the_other_spelling_of_usage_based_is_mended():
    assert read_frequency("Usage-based") == "Usage-Based"
    assert read_frequency("Recurring") == "Recurring"


def test_null_is_the_empty_cell_and_the_word_in_any_case():
    assert {"", "NULL", "null", "Null", "nULl"} <= NULLS
    assert " " not in NULLS


def test_json_is_kept_as_it_was_written():
    assert read_json('{"a": 1.10}') == '{"a": 1.10}'


@pytest.mark.parametrize("text", ["{", "3", '"x"', "[" * 100_000])
def test_what_is_not_a_json_object_is_refused(text):
    with pytest.raises(BadValue, match="JSON"):
        read_json(text)


def test_tags_are_text_in_the_order_of_their_keys():
    tags = read_tags('{"b": 1.10, "a": "x", "c": true, "d": null, "e": {"y": 1}, "kubernetes.io/name": ""}')

    assert tags == (
        ("a", "x"),
        ("b", "1.10"),
        ("c", "true"),
        ("d", ""),
        ("e", '{"y": "1"}'),
        ("kubernetes.io/name", ""),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('["a"]', "not a JSON object"),
        ('"a": "b"', "not valid JSON"),
        (r'{"a\u0000": "b"}', "NUL"),
        (r'{"a": "\ud800"}', "unpaired surrogate"),
    ],
)
def test_tags_that_cannot_be_kept_are_refused(text, reason):
    with pytest.raises(BadValue, match=reason):
        read_tags(text)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.text(max_size=9)))
@settings(deadline=None)
def test_any_tags_read_back(tags: dict[str, str]):
    assert dict(read_tags(json.dumps(tags))) == tags
