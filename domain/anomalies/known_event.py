"""What is known about a day beforehand, or was said about it since: nothing of it is an anomaly."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class KnownKind(StrEnum):
    """COMMITMENT_PURCHASE: a fee of that day alone; nothing is said about the day.
    PLANNED_CHANGE: from that day on a new level; the old one is forgotten and 10 days are silent.
    MARKED_EXPECTED: somebody said so of the anomaly of that day; the like is expected on the same weekday and on the
    same day of a month for 100 days.
    """

    COMMITMENT_PURCHASE = "COMMITMENT_PURCHASE"
    PLANNED_CHANGE = "PLANNED_CHANGE"
    MARKED_EXPECTED = "MARKED_EXPECTED"


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """series is the row it is about; on a UTC day. Those of up to 100 days before the first scored day count too."""

    series: int
    on: date
    kind: KnownKind
