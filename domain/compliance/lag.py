"""How long ago something was read that should be read all the time."""

from datetime import datetime, timedelta

from domain.compliance.control import Item, failed, passed, warned

# Up to so many times the allowance a late read warns, beyond that it fails: the catalogue's "lag up to 4 times".
LATE, LOST = 1, 4


def of_lag(resource: str, read_at: datetime, now: datetime, minutes: float) -> Item:
    """Passes within the minutes, warns within four times as many, else fails."""
    ago = now - read_at
    seen, wanted = f"read {ago.total_seconds() / 60:.0f} minutes ago", f"read within {minutes:g} minutes"
    if ago <= LATE * timedelta(minutes=minutes):
        return passed(resource, seen)
    if ago <= LOST * timedelta(minutes=minutes):
        return warned(resource, seen, wanted)
    return failed(resource, seen, wanted)
