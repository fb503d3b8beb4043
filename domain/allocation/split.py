"""Splits amounts so that the parts add up to the whole to the last digit."""

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import NamedTuple

from domain.costs.value import SUMS

# Ten places of the currency: a ten-billionth of a dollar. Amounts printed with more digits are split at theirs.
PLACES = 10
_WIDE = Context(prec=200)


class Share(NamedTuple):
    """`weight` of the sum of all weights goes to `target_id`; None is the part that nobody gets."""

    target_id: str | None
    weight: Decimal


def split(amount: Decimal, shares: Sequence[Share], least: int = PLACES) -> list[Decimal]:
    """One part for each share, in proportion to the weights, which are not negative and not all zero.

    Parts have as many places as `amount`, but not fewer than `least`. Each is cut there, and what is left over goes,
    one unit of the last place each, to those that lost most by it (largest remainder); of equals the one with the lower
    target id comes first and None last. A negative amount is split like the positive one.
    """
    places = max(least, -_exponent(amount))
    units = abs(int(_WIDE.scaleb(amount, places)))
    weights = _whole([share.weight for share in shares])
    total = sum(weights)
    parts = [units * weight // total for weight in weights]
    lost = [units * weight % total for weight in weights]
    order = sorted(range(len(shares)), key=lambda place: (-lost[place], _rank(shares[place]), place))
    for place in order[: units - sum(parts)]:
        parts[place] += 1
    sign = -1 if amount < 0 else 1
    return [SUMS.scaleb(Decimal(sign * part), -places) for part in parts]


def spread(part: Decimal, whole: Sequence[Decimal], share: tuple[int, int]) -> list[Decimal]:
    """How much of each amount of `whole` is in `part`, which is about `share` (numerator, denominator) of their sum.

    Each is cut at the last place; what is left over, at most one unit for each and rounding of `part` itself, goes to
    the amounts in turn. The answers add up to `part` exactly. Raises ValueError when there is nothing to spread over.
    """
    if not whole:
        raise ValueError("There are no amounts to spread over.")
    places = max(PLACES, *(-_exponent(amount) for amount in (part, *whole)))
    above, below = share
    shares = [int(_WIDE.scaleb(amount, places)) * above // below for amount in whole]
    each, more = divmod(int(_WIDE.scaleb(part, places)) - sum(shares), len(whole))
    return [SUMS.scaleb(Decimal(one + each + (at < more)), -places) for at, one in enumerate(shares)]


def _exponent(amount: Decimal) -> int:
    return int(amount.as_tuple().exponent)


def _whole(weights: Sequence[Decimal]) -> list[int]:
    """The weights as whole numbers in the same proportion."""
    places = max(0, *(-_exponent(weight) for weight in weights))
    return [int(_WIDE.scaleb(weight, places)) for weight in weights]


def _rank(share: Share) -> tuple[bool, str]:
    return share.target_id is None, share.target_id or ""
