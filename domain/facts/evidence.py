"""What can be wrong with evidence."""

from enum import StrEnum


class BreakKind(StrEnum):
    """The words of `domain.evidence.check`, which cannot name an enum because it lies in packs alone."""

    EDITED = "EDITED"
    DELETED = "DELETED"
    INSERTED = "INSERTED"
    REORDERED = "REORDERED"
    TRUNCATED = "TRUNCATED"
    REPLACED = "REPLACED"
    FOREIGN = "FOREIGN"
    FORGED = "FORGED"
    DAMAGED = "DAMAGED"
    PACK_MISSING = "PACK_MISSING"
    PACK_CHANGED = "PACK_CHANGED"
    UNSTAMPED = "UNSTAMPED"
