"""Cells of tables that people open with a spreadsheet."""

from decimal import Decimal

# A spreadsheet takes a cell that begins so for a formula, and names come from outside.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def text_cell(text: str | None) -> str:
    """A text that no spreadsheet takes for a formula: one that could be has an apostrophe before it."""
    if not text:
        return ""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def amount_cell(amount: Decimal) -> str:
    """An exact amount without zeros that carry nothing, with two decimal places at least: -1250.00, 0.0000125."""
    whole, _, places = format(amount, "f").partition(".")
    return f"{whole}.{places.rstrip('0'):0<2}"
