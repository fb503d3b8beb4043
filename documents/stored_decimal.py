"""Decimals on their way into MongoDB, quickly: a bill of a million rows has ten million of them."""

from decimal import Context, Decimal

from bson import Decimal128

_BIAS = 6176
_MOST_DIGITS = 34
_LOW = (1 << 64) - 1
_ROUNDED = Context(prec=_MOST_DIGITS)


def stored_decimal(value: Decimal) -> Decimal128:
    """The same number with the same digits; sums of more than 34 digits are rounded half to even at the 34th.

    Equal to `Decimal128(value)` and several times as fast. Source of the layout: IEEE 754-2008, decimal128, binary
    integer significand.
    """
    text = str(value)
    sign, text = (1, text[1:]) if text[0] == "-" else (0, text)
    whole, _, places = text.partition(".")
    digits = whole + places
    if len(digits) > _MOST_DIGITS or not digits.isdigit():
        return Decimal128(_ROUNDED.create_decimal(value))
    significand = int(digits)
    high = sign << 63 | (_BIAS - len(places)) << 49 | significand >> 64
    # The driver takes its own pair of halves too, which its annotation leaves out.
    return Decimal128((high, significand & _LOW))  # type: ignore[arg-type]
