"""The words in which an incident is sorted."""

from enum import StrEnum


class IncidentState(StrEnum):
    """RESOLVED by itself, once all that belongs to it is; never by a person's word."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class DecisionKind(StrEnum):
    """What people say about what belongs together; it holds against every rule."""

    APART = "APART"
    TOGETHER = "TOGETHER"


class IncidentStep(StrEnum):
    """What a message about an incident tells."""

    OPENED = "OPENED"
    CHANGED = "CHANGED"
    CLOSED = "CLOSED"
