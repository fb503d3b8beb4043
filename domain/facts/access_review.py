"""The words of access reviews."""

from enum import StrEnum


class ReviewState(StrEnum):
    """LISTING: who has access is being taken down. COMPLETED and ABANDONED are final."""

    LISTING = "LISTING"
    OPEN = "OPEN"
    COMPLETED = "COMPLETED"
    ABANDONED = "ABANDONED"


class AccessDecision(StrEnum):
    """KEEP: as it is. CHANGED: it stays with other rights, which were changed. REVOKE: it shall be taken away."""

    KEEP = "KEEP"
    CHANGED = "CHANGED"
    REVOKE = "REVOKE"
