"""How sure a flag is: the share of flags with such a margin that were right on labelled series."""

import math

from domain.anomalies.flag import Rule

# A logistic curve over the log of the weakest gate, fitted on labelled series (docs/models/cost-anomaly.md).
BASE, SLOPE, STAYS = 1.07, 3.17, 0.99
LEAST_MARGIN, CLEAREST_MARGIN = 0.9, 20.0
# In the first days of a series nothing is sure.
YOUNG_AT_MOST = 0.8


def confidence(rule: Rule, margin: float, *, is_young: bool, alike: float = 0.0) -> float:
    """0 to 1. is_young: the series has fewer than 21 days behind it; a new service is sure even so.

    alike: how many bursts of that size are expected of the series in 90 days. About one real incident is in these, so
    they are odds against.
    """
    stays = STAYS if rule is Rule.PERSISTENT else 0.0
    clipped = min(max(margin, LEAST_MARGIN), CLEAREST_MARGIN)
    sure = 1 / (1 + math.exp(-(BASE + SLOPE * math.log(clipped) + stays)) + alike)
    return min(sure, YOUNG_AT_MOST) if is_young and rule is not Rule.NEW_SERVICE else sure
