"""What CloudWatch measured of a resource, as its configuration carries it under Metrics. No rules here."""

from collections.abc import Mapping

from domain.facts.resource import Resource


def series(resource: Resource, name: str) -> Mapping[str, float] | None:
    """Start of the period -> value, by a name such as "CPUUtilization.Average"; None when it was not read."""
    return (resource.config.get("Metrics") or {}).get(name)


def daily(resource: Resource, name: str, days: int) -> list[float] | None:
    """The values of the last `days` days, oldest first; None when CloudWatch has fewer."""
    found = series(resource, name) or {}
    return [found[day] for day in sorted(found)[-days:]] if 0 < days <= len(found) else None


def is_silent(resource: Resource, name: str) -> bool:
    """Whether nothing but zeros was measured, for a metric that CloudWatch only has when there is something to count.

    A series that was not read says nothing.
    """
    found = series(resource, name)
    return found is not None and not any(found.values())
