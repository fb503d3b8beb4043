"""The words of frameworks: how well controls answer a requirement, and what it takes to mend one."""

from enum import StrEnum


class Fit(StrEnum):
    """DIRECT: the controls meet the requirement. PARTIAL: they are part of the evidence. MANUAL: a person must judge,
    and the controls hold the record.
    """

    DIRECT = "DIRECT"
    PARTIAL = "PARTIAL"
    MANUAL = "MANUAL"


class Coverage(StrEnum):
    """AUTOMATED: direct fit and something that is judged without an upload. PARTIAL: part of the evidence is.
    MANUAL: nothing is.
    """

    AUTOMATED = "AUTOMATED"
    PARTIAL = "PARTIAL"
    MANUAL = "MANUAL"


class Effort(StrEnum):
    """What it takes to have a control hold."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class Direction(StrEnum):
    """Which way a parameter is tightened. HIGHER and LOWER: by a number, or each number of a table. MORE and FEWER: by
    the members of a list. FREE: it is a name, which is neither stricter nor laxer than another.
    """

    HIGHER = "HIGHER"
    LOWER = "LOWER"
    MORE = "MORE"
    FEWER = "FEWER"
    FREE = "FREE"
