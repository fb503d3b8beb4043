"""Days that the detector has flagged: a test names only what it cares about."""

from datetime import date
from typing import Any

from domain.anomalies.flag import Direction, Flag, Gate, Rule
from domain.facts.severity import Severity


def flag(on: date, *, actual: float = 300.0, expected: float = 100.0, is_drop: bool = False, **changes: Any) -> Flag:
    """A day on which 300 came where 100 was expected; for a drop 10."""
    actual = 10.0 if is_drop else actual
    return Flag(
        **{
            "series": 0,
            "on": on,
            "rule": Rule.DROP if is_drop else Rule.SPIKE,
            "direction": Direction.DOWN if is_drop else Direction.UP,
            "actual": actual,
            "expected": expected,
            "low": 0.9 * expected,
            "high": 1.1 * expected,
            "ratio": actual / expected if expected else 1.0,
            "impact": actual - expected,
            "gates": (Gate("z", 9.0, 4.5),),
            "margin": 2.0,
            "confidence": 0.96,
            "severity": Severity.MEDIUM,
            **changes,
        }
    )
