"""Decimals on their way into MongoDB, quickly: a bill of a million rows has ten million of them."""

from decimal import Context, Decimal

from bson import Decimal128

_BIAS = 6176
_MOST_DIGITS = 34
_MINUS = 1 << 127
_EXPONENT_AT = 113
_LOW = (1 << 64) - 1
_ROUNDED = Context(prec=_MOST_DIGITS)


def decimal_bits(value: Decimal) -> bytes:
    """The 16 bytes of the same number with the same digits; what has more than 34 is rounded half to even there.

    Equal to `Decimal128(value).bid` and several times as fast.
    """
    return _number(value).to_bytes(16, "little")


def stored_decimal(value: Decimal) -> Decimal128:
    """The number as the driver takes it, see `decimal_bits`."""
    number = _number(value)
    # The driver takes its own pair of halves too, which its annotation leaves out.
    return Decimal128((number >> 64, number & _LOW))  # type: ignore[arg-type]


def _number(value: Decimal) -> int:
    """IEEE 754-2008: decimal128 with a binary integer significand."""
    text = str(value)
    if len(text) > _MOST_DIGITS or "E" in text:
        return int.from_bytes(Decimal128(_ROUNDED.create_decimal(value)).bid, "little")
    whole, _, places = text.partition(".")
    number = (_BIAS - len(places)) << _EXPONENT_AT | abs(int(whole + places))
    return number | _MINUS if text[0] == "-" else number
