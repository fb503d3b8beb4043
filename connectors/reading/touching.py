"""Which listings a change can touch, told by the service it happened in and by where that was."""

from collections.abc import Collection, Iterable

from connectors.reading.listing import Listing

# What is measured: no change of a setting makes other figures of it.
FIGURES = frozenset({"cloudwatch:GetMetricData", "Microsoft.Insights/metrics/read", "monitoring.timeSeries.list"})
# The service of a call that looks at everything.
ANY = "*"


def touch(service: str, region: str | None = None) -> str:
    """A service that has changed as it is stored: "iam" for wherever it is read, "ec2@eu-central-1" for a region."""
    return service.casefold() if region is None else f"{service.casefold()}@{region}"


def services_of(listing: Listing) -> frozenset[str]:
    """The services that a list and all that is asked about its items look at, in small letters, as permissions have
    them: iam of iam:ListUsers, microsoft.storage of Microsoft.Storage/storageAccounts/read, compute of
    compute.disks.list.
    """
    needed = {permission for one in listing.operations for permission in one.permissions} - FIGURES
    return frozenset(_service(permission) for permission in needed)


def services_in(listings: Iterable[Listing]) -> frozenset[str]:
    """All services that these look at."""
    return frozenset(service for listing in listings for service in services_of(listing)) - {ANY}


class Touched:
    """What some changes can have touched: every list that looks at one of their services, in the regions of these."""

    def __init__(self, touches: Collection[str]) -> None:
        self._regions: dict[str, set[str | None]] = {}
        for one in touches:
            service, _, region = one.partition("@")
            for name in (service, ANY):
                self._regions.setdefault(name, set()).add(region or None)

    def reaches(self, listing: Listing) -> bool:
        """Whether the list is to be read, be it in one region."""
        return not services_of(listing).isdisjoint(self._regions)

    def is_in(self, listing: Listing, region: str) -> bool:
        """Whether a list that is asked region by region is to be read in this one."""
        places: set[str | None] = set().union(*(self._regions.get(one, set()) for one in services_of(listing)))
        return None in places or region in places


def _service(permission: str) -> str:
    mark = next((mark for mark in "/:" if mark in permission), ".")
    return permission.partition(mark)[0].casefold()
