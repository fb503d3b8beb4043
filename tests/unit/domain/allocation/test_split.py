"""Parts add up to the whole to the last digit, whatever is split by whatever."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.allocation.split import Share, split, spread
from domain.costs.value import SUMS

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=4) | st.decimals(
    min_value=-1, max_value=1, allow_nan=False, places=20
)


def shares(*weights: str) -> list[Share]:
    return [Share(f"t{number}", Decimal(weight)) for number, weight in enumerate(weights)]


def exact_sum(amounts: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = SUMS.add(total, amount)
    return total


def test_the_unit_that_is_left_goes_to_who_lost_most():
    # 10 / 3 is 3.3333333333|3 for each: one unit of the tenth place is left, and of equals the lower id has it.
    assert split(Decimal(10), shares("1", "1", "1")) == [
        Decimal("3.3333333334"),
        Decimal("3.3333333333"),
        Decimal("3.3333333333"),
    ]


def test_who_is_owed_more_of_a_unit_comes_before_the_lower_id():
    # A third is cut by 1/3 of a unit, two thirds by 2/3.
    assert split(Decimal("1E-10"), shares("1", "2")) == [Decimal(0), Decimal("1E-10")]


def test_the_part_that_nobody_gets_comes_last_among_equals():
    parts = split(Decimal("1E-10"), [Share(None, Decimal(1)), Share("a", Decimal(1))])

    assert parts == [Decimal(0), Decimal("1E-10")]


def test_a_credit_is_split_like_a_charge():
    charge, credit = (split(Decimal(text), shares("1", "2", "4")) for text in ("0.01", "-0.01"))

    assert [-part for part in charge] == credit


def test_amounts_with_more_digits_are_split_at_theirs():
    assert split(Decimal("0.0000000000003"), shares("1", "2")) == [
        Decimal("0.0000000000001"),
        Decimal("0.0000000000002"),
    ]


@given(AMOUNTS, st.lists(st.decimals(min_value=0, max_value=10**6, places=3), min_size=1, max_size=6).filter(any))
def test_parts_add_up_and_are_less_than_a_unit_off(amount, weights):
    parts = split(amount, [Share(f"t{number}", weight) for number, weight in enumerate(weights)])

    unit = Decimal(1).scaleb(min(-10, amount.as_tuple().exponent))
    assert exact_sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(amount) * Fraction(weight) / Fraction(sum(weights))) < Fraction(unit)


@given(st.lists(AMOUNTS, min_size=1, max_size=8), st.integers(1, 99))
def test_rows_have_together_what_the_part_has(whole, percent):
    part = split(exact_sum(whole), shares(str(percent), str(100 - percent)))[0]

    rows = spread(part, whole, (percent, 100))

    assert exact_sum(rows) == part
    unit = Decimal(1).scaleb(min(-10, *(amount.as_tuple().exponent for amount in (part, *whole))))
    for row, amount in zip(rows, whole, strict=True):
        assert abs(Fraction(row) - Fraction(amount) * percent / 100) <= 2 * Fraction(unit)


def test_nothing_cannot_have_a_part():
    with pytest.raises(ValueError, match="no amounts"):
        spread(Decimal(1), [], (1, 1))
