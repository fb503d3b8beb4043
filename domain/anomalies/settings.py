"""What a tenant chooses about anomalies of costs."""

from dataclasses import dataclass
from enum import StrEnum

from domain.anomalies.flag import Rule


class Sensitivity(StrEnum):
    """LOW tells of less and is right more often, HIGH tells of more."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one tenant. Amounts are in the currency of the series; the defaults are meant for US dollars.

    minimum_impact is what a day must cost above (or, for a drop, below) what was expected; minimum_impact_ratio
    the same as a share of the median of 28 days. Both must be met. quiet are rules that stay silent; what they would
    have found is still kept out of the history.
    """

    minimum_impact: float = 10.0
    minimum_impact_ratio: float = 0.10
    sensitivity: Sensitivity = Sensitivity.MEDIUM
    quiet: frozenset[Rule] = frozenset()
