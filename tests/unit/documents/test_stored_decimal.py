"""The quick way into MongoDB's decimals gives the very bits of the slow one."""

from decimal import Context, Decimal

import pytest
from bson import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.stored_decimal import stored_decimal


@given(
    st.builds(
        lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
        st.integers(0, 1),
        st.lists(st.integers(0, 9), min_size=1, max_size=34).map(tuple),
        st.integers(-60, 20),
    )
)
@settings(deadline=None)
def test_every_number_of_34_digits_is_stored_as_the_driver_would(number):
    assert stored_decimal(number).bid == Decimal128(number).bid


@pytest.mark.parametrize("text", ["0", "-0.00", "1E+5", "1E-60", "9" * 34, "-0." + "9" * 34, "0E-40"])
def test_the_edges_are_stored_as_the_driver_would(text):
    assert stored_decimal(Decimal(text)).bid == Decimal128(Decimal(text)).bid


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25, places=30))
@settings(deadline=None)
def test_longer_sums_are_rounded_at_the_34th_digit(number):
    assert stored_decimal(number).to_decimal() == Context(prec=34).create_decimal(number)
