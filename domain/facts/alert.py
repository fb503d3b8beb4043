"""The words in which an alert is sorted."""

from enum import StrEnum


class AlertState(StrEnum):
    """SNOOZED: put away until a time; it comes back by itself, and ends by itself when its cause is gone."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    SNOOZED = "SNOOZED"
    RESOLVED = "RESOLVED"


class AlertSource(StrEnum):
    """What it was made from. EVENT is something a provider told us of by itself."""

    FINDING = "FINDING"
    CHECK = "CHECK"
    BUDGET = "BUDGET"
    ANOMALY = "ANOMALY"
    EVENT = "EVENT"
    SYNC = "SYNC"
    INTEGRATION = "INTEGRATION"
    REMEDIATION = "REMEDIATION"


class AlertCategory(StrEnum):
    """What it is about; incidents join what happens in several of them. OPERATIONS is about our own view of things."""

    FINOPS = "FINOPS"
    SECOPS = "SECOPS"
    COMPLIANCE = "COMPLIANCE"
    OPERATIONS = "OPERATIONS"
