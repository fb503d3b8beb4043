"""Cells that a spreadsheet opens as what they are."""

from decimal import Decimal

import pytest

from domain.spreadsheet import amount_cell, text_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_looks_like_a_formula_is_made_a_text(text):
    assert text_cell(text) == "'" + text


@pytest.mark.parametrize(("text", "cell"), [("Größe, netto", "Größe, netto"), ("a=b", "a=b"), ("", ""), (None, "")])
def test_another_text_stays_as_it_is(text, cell):
    assert text_cell(text) == cell


@pytest.mark.parametrize(
    ("amount", "cell"),
    [
        ("1250", "1250.00"),
        ("-1250.5", "-1250.50"),
        ("0.00001250", "0.0000125"),
        ("1E+2", "100.00"),
        ("0E-10", "0.00"),
        ("3.1000", "3.10"),
    ],
)
def test_an_amount_is_exact_with_two_places_at_least(amount, cell):
    assert amount_cell(Decimal(amount)) == cell
