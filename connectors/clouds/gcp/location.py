"""Which locations a project uses: where its machines, disks, addresses, databases, clusters, functions, services and
data lie.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from connectors.clouds.gcp import compute, data, running, zone
from connectors.reading.listing import Answer, Operation

GLOBAL = "global"
Names = Callable[[Answer], Iterable[str]]


def _scopes(noun: str) -> Names:
    """The zones and regions under which an aggregated list has something."""

    def names(answer: Answer) -> Iterable[str]:
        scopes = (answer.get("items") or {}).items()
        return [scope.rpartition("/")[2] for scope, found in scopes if found.get(noun)]

    return names


def _each(items: str, name: Callable[[Mapping[str, str]], str]) -> Names:
    return lambda answer: [name(one) for one in answer.get(items) or []]


PARTIAL = {"maxResults": 500, "returnPartialSuccess": "true"}
# Call, its arguments, and the locations in one of its answers.
USED: tuple[tuple[Operation, Mapping[str, object], Names], ...] = (
    (compute.INSTANCES, PARTIAL, _scopes("instances")),
    (compute.DISKS, PARTIAL, _scopes("disks")),
    (compute.ADDRESSES, PARTIAL, _scopes("addresses")),
    (data.SQL_INSTANCES, {}, _each("items", lambda one: one["region"])),
    (data.BUCKETS, {}, _each("items", lambda one: one["location"])),
    (data.DATASETS, {"maxResults": 1000}, _each("datasets", lambda one: one["location"])),
    (running.CLUSTERS, {}, _each("clusters", lambda one: one["location"])),
    (running.FUNCTIONS, {}, _each("functions", lambda one: one["name"].split("/")[3])),
    (running.SERVICES, {}, _each("items", running.service_location)),
)


# NAM4, EUR4, ASIA1: pairs of regions, which only Cloud Storage knows.
DUAL_REGION = re.compile(r"[a-z]+\d+")


def widened(names: Iterable[str]) -> tuple[str, ...]:
    """Each location once in lower case, with the regions of the zones and "global", without pairs of regions."""
    found = {name.lower() for name in names if not DUAL_REGION.fullmatch(name.lower())}
    return tuple(sorted(found | {name.rpartition("-")[0] for name in found if zone.is_zone(name)} | {GLOBAL}))
