"""What costs are allocated to, and where the parts of a cost came from."""

from enum import StrEnum

# Deeper trees nobody reads, and each level is one more sum.
MOST_LEVELS = 6


class AllocationKind(StrEnum):
    TEAM = "TEAM"
    PROJECT = "PROJECT"
    ENVIRONMENT = "ENVIRONMENT"
    PRODUCT = "PRODUCT"


class TakenBy(StrEnum):
    """DIRECT: one rule named the one who owes it. SHARED: a rule split it. NOBODY: no rule took it."""

    DIRECT = "DIRECT"
    SHARED = "SHARED"
    NOBODY = "NOBODY"
