"""Which anomalies of before resemble one: what was done about those may help now."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.facts.anomaly import AnomalyDirection, AnomalyKind

# Twice or half the size is not alike any more.
_SIZE = math.log(2)
AT_MOST = 5


@dataclass(frozen=True, slots=True)
class Shape:
    """What an anomaly looked like. key names it for the caller; series names where it was; ratio is actual to
    expected.
    """

    key: str
    series: str
    on: date
    kind: AnomalyKind
    direction: AnomalyDirection
    ratio: float
    impact: float
    days: int = 1


def similar(shape: Shape, past: Sequence[Shape], at_most: int = AT_MOST) -> list[tuple[Shape, float]]:
    """Earlier ones of the same series, direction and kind with how alike they are, 0 to 1: 1 is the same ratio,
    impact and length. The most alike first, the latest first among equals.
    """
    alike = [
        (one, likeness)
        for one in past
        if one.series == shape.series and one.on < shape.on and (likeness := _likeness(shape, one)) > 0
    ]
    return sorted(alike, key=lambda pair: (-pair[1], -pair[0].on.toordinal(), pair[0].key))[:at_most]


def _likeness(a: Shape, b: Shape) -> float:
    if a.direction is not b.direction or a.kind is not b.kind:
        return 0.0
    sizes = ((a.ratio, b.ratio), (abs(a.impact), abs(b.impact)), (a.days, b.days))
    parts = [max(0.0, 1 - abs(math.log(max(x, 1e-9) / max(y, 1e-9))) / _SIZE) for x, y in sizes]
    return sum(parts) / len(parts) if min(parts[:2]) > 0 else 0.0
