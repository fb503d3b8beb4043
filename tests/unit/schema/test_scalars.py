"""Exact numbers are printed as people write them and read as they are sent."""

from decimal import Decimal

import pytest
from graphql import GraphQLError

from schema.scalars import SCALARS

DECIMAL = SCALARS[Decimal]


@pytest.mark.parametrize(
    ("value", "printed"),
    [("12.50", "12.50"), ("0E-12", "0"), ("0.00", "0.00"), ("1E-12", "0.000000000001"), ("1E+3", "1000")],
)
def test_a_number_is_printed_without_an_exponent(value: str, printed: str) -> None:
    assert DECIMAL.serialize is not None
    assert DECIMAL.serialize(Decimal(value)) == printed


@pytest.mark.parametrize(("value", "read"), [("12.50", "12.50"), (12, "12"), (0.1, "0.1"), ("1e3", "1E+3")])
def test_a_number_is_read_exactly(value: object, read: str) -> None:
    assert DECIMAL.parse_value is not None
    assert str(DECIMAL.parse_value(value)) == read


@pytest.mark.parametrize("value", ["twelve", "", None, "NaN", "Infinity", [1]])
def test_what_is_no_number_is_refused(value: object) -> None:
    assert DECIMAL.parse_value is not None
    with pytest.raises(GraphQLError, match="A Decimal is a"):
        DECIMAL.parse_value(value)
