"""What the detector says about one day of one series, with every number it rests on."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.facts.severity import Severity


class Rule(StrEnum):
    """Why a day was flagged."""

    SPIKE = "SPIKE"
    TRIPLE = "TRIPLE"
    TWO_DAYS = "TWO_DAYS"
    PERSISTENT = "PERSISTENT"
    NEW_SERVICE = "NEW_SERVICE"
    DROP = "DROP"


class Direction(StrEnum):
    UP = "UP"
    DOWN = "DOWN"


class ReferenceKind(StrEnum):
    """What raised the expectation of a day above the usual one."""

    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    FEEDBACK = "FEEDBACK"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition that had to hold: it did, because observed is at least required."""

    name: str
    observed: float
    required: float

    @property
    def margin(self) -> float:
        """How far it holds: 1.0 just does."""
        return self.observed / self.required


@dataclass(frozen=True, slots=True)
class Reference:
    """A recurring charge, or a season, that was expected on top: how much, in the currency of the series."""

    kind: ReferenceKind
    amount: float


@dataclass(frozen=True, slots=True)
class Flag:
    """One day of one series that is not as expected. Money is in the currency of the series, per day.

    series is the row that was handed in. low and high are the range of 95 of 100 usual days. ratio is actual to
    expected, both with a small offset, so that it stays finite at an expectation of 0. impact is actual less
    expected, less what came late for missing days before; it is negative for a drop. confidence is the share of
    such flags that were right, 0 to 1 (docs/models/cost-anomaly.md).
    """

    series: int
    on: date
    rule: Rule
    direction: Direction
    actual: float
    expected: float
    low: float
    high: float
    ratio: float
    impact: float
    gates: tuple[Gate, ...]
    margin: float
    confidence: float
    severity: Severity
    reference: Reference | None = None

    @property
    def impact_of_30_days(self) -> float:
        """What it comes to when it goes on for 30 days."""
        return 30 * self.impact
