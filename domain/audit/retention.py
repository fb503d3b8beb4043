"""How long audit entries are kept: the organization's choice, but never shorter than an active framework demands."""

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

from domain.errors import Invalid

DEFAULT_DAYS = 90
# A year of checks and what an audit of it takes: raw answers that a check rests on.
DEFAULT_EVIDENCE_DAYS = 400
# A hundred years; more is a typing error.
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Floor:
    """The fewest days that a framework allows. `source` is where it says so."""

    framework: str
    days: int
    source: str


FLOORS = MappingProxyType(
    {
        "cert_in_2022": Floor("CERT-In Directions", 180, "Directions of 28 April 2022 under section 70B(6), (iv)"),
        "pci_dss_4_0_1": Floor("PCI DSS 4.0.1", 365, "requirement 10.5.1"),
        "hipaa_security_rule": Floor("HIPAA Security Rule", 2190, "45 CFR 164.316(b)(2)(i), six years"),
    }
)


def floor_of(frameworks: Collection[str]) -> Floor | None:
    """The highest floor among these frameworks (their ids), None when none of them has one."""
    floors = [FLOORS[framework] for framework in frameworks if framework in FLOORS]
    return max(floors, key=lambda floor: floor.days, default=None)


def kept_days(chosen: int, frameworks: Collection[str]) -> int:
    """How many days entries are kept: what was chosen, or the floor where that is higher."""
    floor = floor_of(frameworks)
    return chosen if floor is None else max(chosen, floor.days)


def check_retention(days: int, frameworks: Collection[str], what: str = "the audit log") -> None:
    """Raises Invalid when an active framework demands that `what` is kept for longer than these days."""
    floor = floor_of(frameworks)
    if floor is not None and days < floor.days:
        raise Invalid(
            f"{floor.framework} demands that {what} is kept for {floor.days} days ({floor.source}): choose "
            f"{floor.days} or more, or deactivate the framework first.",
            path=("days",),
        )
