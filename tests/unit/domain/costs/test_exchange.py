"""Rates are read line by line, refused by line, and hold from their day on."""

import csv
from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.costs.exchange import MOST_RATES, Rate, RateTable, checked_rates, read_rates
from domain.errors import Invalid

DAY = date(2026, 9, 1)
HEAD = "from,to,day,rate,note\n"


def rate(**changes) -> Rate:
    return Rate(**({"base": "USD", "quote": "EUR", "day": DAY, "rate": Decimal("0.9")} | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"base": "usd"}, "'usd' is not a currency"),
        ({"quote": "EURO"}, "'EURO' is not a currency"),
        ({"quote": "USD"}, "USD to itself needs no rate"),
        ({"rate": Decimal(0)}, "above 0"),
        ({"rate": Decimal(-1)}, "above 0"),
        ({"rate": Decimal("NaN")}, "above 0"),
        ({"rate": Decimal("Infinity")}, "above 0"),
        ({"rate": Decimal("0.123456789012345")}, "at most 14 digits"),
        ({"rate": Decimal("1E+20")}, "at most 14 digits"),
        ({"note": "n" * 201}, "at most 200 characters"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(changes, reason):
    with pytest.raises(Invalid, match=reason):
        rate(**changes)


def test_a_rate_holds_from_its_day_until_the_next_one():
    later = rate(day=DAY + timedelta(days=2), rate=Decimal("0.8"))
    table = RateTable("EUR", [later, rate()])
    begin = DAY - timedelta(days=1)

    assert table.daily("USD", begin, begin + timedelta(days=4)) == [
        None,
        Decimal("0.9"),
        Decimal("0.9"),
        Decimal("0.8"),
    ]
    assert table.daily("EUR", DAY, DAY + timedelta(days=2)) == [1, 1]
    assert table.on("GBP", DAY) is None


def test_used_rates_are_those_that_hold_on_one_of_the_days():
    rates = [rate(day=DAY + timedelta(days=number), rate=Decimal(number + 1)) for number in range(4)]
    table = RateTable("EUR", rates)

    used = table.used("USD", DAY + timedelta(days=1), DAY + timedelta(days=3))

    assert used.days == [DAY + timedelta(days=1), DAY + timedelta(days=2)]
    assert used.rates == [2, 3]
    assert table.used("GBP", DAY, DAY + timedelta(days=1)).days == []


def test_text_is_read_with_its_columns_in_any_order_and_case():
    text = "\ufeffRate, To ,FROM,day\n0.9,eur,usd,2026-09-01\n1.1,USD,EUR,2026-09-02\n"

    assert read_rates(text) == [rate(), rate(base="EUR", quote="USD", day=date(2026, 9, 2), rate=Decimal("1.1"))]
    assert read_rates(HEAD + "USD,EUR,2026-09-01,0.9,ECB\n")[0].note == "ECB"


def test_every_line_with_a_fault_is_named_and_none_is_taken():
    lines = [
        "USD,EUR,2026-09-01,0.9,",
        "USD,EUR,01.09.2026,0.9,",
        "USD,EUR,2026-02-30,0.9,",
        'USD,EUR,2026-09-02,"0,9",',
        "US,EUR,2026-09-02,0.9,",
        "USD,EUR,2026-09-01,0.8,",
        "USD,EUR",
    ]

    with pytest.raises(Invalid) as refused:
        read_rates(HEAD + "\n".join(lines))

    message = refused.value.message
    assert "Line 3: '01.09.2026' is not a day" in message
    assert "Line 4: '2026-02-30' is not a day of the calendar" in message
    assert "Line 5: '0,9' is not a number" in message
    assert "Line 6: 'US' is not a currency" in message
    assert "Line 7: This pair and day stand in a line above" in message
    assert "Line 8: '' is not a day" in message
    assert "Line 2" not in message


def test_no_more_than_twenty_faults_are_named():
    with pytest.raises(Invalid, match=r"Line 21: .* And 5 more lines\.$"):
        read_rates(HEAD + "USD,EUR,never,1,\n" * 25)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "from is missing"),
        ("from,to,day\nUSD,EUR,2026-09-01\n", "rate is missing"),
        (HEAD, "Give 1 to 5000 rates"),
        (HEAD + "USD,EUR,2026-09-01,0.9," + "n" * 200_000, "Line 1 cannot be read"),
    ],
)
def test_a_text_that_is_no_list_of_rates_is_refused(request, text, reason):
    # Of the whole process: those who read bills take longer fields.
    before = csv.field_size_limit(131_072)
    request.addfinalizer(lambda: csv.field_size_limit(before))

    with pytest.raises(Invalid, match=reason):
        read_rates(text)


def test_lists_are_bounded_and_name_each_pair_and_day_once():
    many = [rate(day=DAY + timedelta(days=number)) for number in range(MOST_RATES + 1)]

    assert checked_rates(many[1:]) == many[1:]
    with pytest.raises(Invalid, match="at once"):
        checked_rates(many)
    with pytest.raises(Invalid, match="one pair and day"):
        checked_rates([rate(), rate(note="again")])
