"""How long a known weakness may stay open, by how bad it is."""

from collections.abc import Mapping
from datetime import datetime

from domain.compliance.control import Item, failed, passed, warned
from domain.compliance.instants import age

# Of a deadline, the share after which it is near: the catalogue's "past 80%".
NEAR_SHARE = 0.8
# Those whose deadline is never missed without failing.
SERIOUS = frozenset({"critical", "high"})


def of_deadline(
    resource: str, severity: str, found_at: str | datetime, now: datetime, days: Mapping[str, int], what: str = ""
) -> Item:
    """Fails past the deadline of what is serious, warns past that of the rest and past 80 % of any.

    `days` are the deadlines by severity in small letters; what has none passes. `what` says more of it.
    """
    allowed = days.get(severity.lower())
    open_days = age(found_at, now).total_seconds() / 86_400
    seen = " ".join(part for part in (severity.lower(), what, f"open for {open_days:.0f} days") if part)
    if allowed is None:
        return passed(resource, f"{seen}, no deadline")
    wanted = f"closed within {allowed} days"
    if open_days > allowed and severity.lower() in SERIOUS:
        return failed(resource, seen, wanted)
    if open_days > NEAR_SHARE * allowed:
        return warned(resource, seen, wanted)
    return passed(resource, seen)
