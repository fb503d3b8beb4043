"""What an anomaly is made of: which children (regions, charges, resources, tags) cost more than a week before."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

# Enough of an explanation, and as many lines as somebody reads.
ENOUGH = 0.80
AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Child:
    """One part of a series on the day of the anomaly. before: its cost on the same weekday of up to four weeks,
    empty when it was not there. quantity and quantity_before are given where the bill tells them, in one unit.
    """

    key: str
    actual: float
    before: tuple[float, ...] = ()
    quantity: float | None = None
    quantity_before: tuple[float, ...] = ()

    @property
    def usual(self) -> float:
        """The mean of the weeks before, 0 when it is new."""
        return fmean(self.before) if self.before else 0.0


@dataclass(frozen=True, slots=True)
class Contributor:
    """delta: money above usual. share: of all that was above usual, 0 to 1. The delta is by_quantity + by_price
    where both are told: more used at the old price, and the dearer price of all that is used now.
    """

    key: str
    actual: float
    usual: float
    delta: float
    share: float
    is_new: bool
    by_quantity: float | None
    by_price: float | None


@dataclass(frozen=True, slots=True)
class Contributions:
    """excess: the sum of all that rose. contributors explain 80 % of it, the largest first, ten at most. offsets:
    what fell meanwhile, the largest first, ten at most, with shares of what rose, negative.
    """

    excess: float
    contributors: tuple[Contributor, ...]
    offsets: tuple[Contributor, ...]


def contributions(children: Sequence[Child]) -> Contributions:
    """Of the children of one series on one day, along one dimension."""
    deltas = [(child.actual - child.usual, child) for child in children]
    ordered = sorted(deltas, key=lambda one: (-one[0], one[1].key))
    excess = sum(delta for delta, _ in ordered if delta > 0)
    risen: list[Contributor] = []
    for delta, child in ordered[:AT_MOST]:
        if delta <= 0 or sum(one.delta for one in risen) >= ENOUGH * excess:
            break
        risen.append(_contributor(child, delta, excess))
    fallen = [_contributor(child, delta, excess) for delta, child in reversed(ordered) if delta < 0]
    return Contributions(excess, tuple(risen), tuple(fallen[:AT_MOST]))


def _contributor(child: Child, delta: float, excess: float) -> Contributor:
    by_quantity, by_price = _split(child)
    return Contributor(
        key=child.key,
        actual=child.actual,
        usual=child.usual,
        delta=delta,
        share=delta / excess if excess else 0.0,
        is_new=not any(child.before),
        by_quantity=by_quantity,
        by_price=by_price,
    )


def _split(child: Child) -> tuple[float | None, float | None]:
    """None where the bill tells no quantity, or there was none before, so that there is no old price."""
    before = fmean(child.quantity_before) if child.quantity_before else 0.0
    if not child.quantity or before <= 0:
        return None, None
    old_price, price = child.usual / before, child.actual / child.quantity
    return (child.quantity - before) * old_price, (price - old_price) * child.quantity
