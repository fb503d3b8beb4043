"""The words in which a finding is sorted."""

from enum import StrEnum


class FindingCategory(StrEnum):
    FINOPS = "FINOPS"
    SECOPS = "SECOPS"


class FindingState(StrEnum):
    OPEN = "OPEN"
    SUPPRESSED = "SUPPRESSED"
    RESOLVED = "RESOLVED"


class Risk(StrEnum):
    """What fixing may cost. LOW runs without asking where the tenant allows automation, MEDIUM asks in production,
    HIGH always needs the approval of a second person.
    """

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
