"""Everything one sync read from an account, and what it could not read."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from domain.facts.resource import Resource, ResourceKind


class GapCause(StrEnum):
    """Why something could not be read; the first two only the customer can mend."""

    PERMISSION = "PERMISSION"
    PLAN = "PLAN"
    THROTTLED = "THROTTLED"
    CUT_SHORT = "CUT_SHORT"
    UNAVAILABLE = "UNAVAILABLE"
    MISSHAPEN = "MISSHAPEN"
    FAILED = "FAILED"


class ServiceGap(BaseModel):
    """One thing a sync could not read. What it hides is unknown, never absent.

    `service` is as its vendor prints it ("ec2"); `region` None means the whole account. `unlisted` are the kinds whose
    list may lack resources; it is empty when only details of listed resources are missing, and those resources then
    lack the matching keys in their `config`. `reason` is a sentence for the customer. `operation` is the call as the
    catalogues print it, `missing` the permission or plan by name, where `cause` is one of these.
    """

    model_config = ConfigDict(frozen=True)

    service: str
    region: str | None
    reason: str
    unlisted: tuple[ResourceKind, ...] = ()
    operation: str = ""
    cause: GapCause = GapCause.FAILED
    missing: str | None = None

    def hides(self, kind: ResourceKind, region: str | None) -> bool:
        """Whether a resource of this kind and region may exist without having been listed."""
        return kind in self.unlisted and self.region in (None, region)


class Listed(Protocol):
    """Knows what was listed in whole."""

    def is_listed(self, kind: ResourceKind, region: str | None) -> bool:
        """Whether every resource of this kind in this region was seen."""
        ...


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a sync read in whole. `complete` are kinds and the regions (None: the whole account) they were listed in.

    `regional` are kinds that are listed region by region too: of these a list of the whole account does not show
    what lies in a region that was not read.
    """

    complete: AbstractSet[tuple[ResourceKind, str | None]]
    gaps: tuple[ServiceGap, ...] = ()
    regional: AbstractSet[ResourceKind] = frozenset()

    def is_listed(self, kind: ResourceKind, region: str | None) -> bool:
        """Whether every resource of this kind in this region was seen."""
        is_read = (kind, region) in self.complete or ((kind, None) in self.complete and kind not in self.regional)
        return is_read and not any(gap.hides(kind, region) for gap in self.gaps)


class InventorySnapshot(BaseModel):
    """`account_native_id` is the provider's own account number, e.g. 123456789012."""

    model_config = ConfigDict(frozen=True)

    account_native_id: str
    resources: tuple[Resource, ...]
    incomplete: tuple[ServiceGap, ...] = ()

    def is_listed(self, kind: ResourceKind, region: str | None) -> bool:
        """Whether all resources of this kind in this region are in `resources`."""
        return not any(gap.hides(kind, region) for gap in self.incomplete)
