"""When people hear that something ends or is owed. Pure."""

from datetime import datetime, timedelta

LONGEST_NOTICE = timedelta(days=14)


def told_from(due_at: datetime, began_at: datetime | None = None) -> datetime:
    """Two weeks before it is due; of what began lately, when half of its time has run."""
    if began_at is None:
        return due_at - LONGEST_NOTICE
    return due_at - min(LONGEST_NOTICE, (due_at - began_at) / 2)
