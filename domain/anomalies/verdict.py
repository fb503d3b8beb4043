"""What became of a day once it was scored."""

from enum import IntEnum


class Verdict(IntEnum):
    """Stored as one byte for each day, so numbers are not used anew."""

    USUAL = 0
    FLAGGED = 1
    EXPLAINED = 2
    MISSING = 3
    LOW = 4
    SILENCED = 5
    PLANNED = 6
