"""The rules by which alerts and findings belong together, the strongest first. Each says why in plain words."""

from collections.abc import Iterator
from datetime import timedelta

from domain.facts.alert import AlertCategory
from domain.incidents.link import LinkRule, length
from domain.incidents.signal import Signal

DAY, WEEK = timedelta(hours=24), timedelta(days=7)
SHORT = timedelta(hours=2)
# Who acts for everybody says nothing about who is behind it: services of AWS, agents of Google, Kubernetes itself.
_SERVICES = (".amazonaws.com", "@cloudservices.gserviceaccount.com")
_AGENTS, _SYSTEM = "@gcp-sa-", "system:"
_KEYS_OF_AWS = ("AKIA", "ASIA")


def _same_place(name: str, a: Signal, b: Signal) -> bool:
    """Whether this name means the same one for both: `root` is another in each account, an address or ARN is not."""
    return a.account == b.account or "@" in name or ":" in name or name.startswith(_KEYS_OF_AWS)


def _acts_for_everybody(principal: str) -> bool:
    return principal.endswith(_SERVICES) or _AGENTS in principal or principal.startswith(_SYSTEM)


def _names(signal: Signal) -> Iterator[str]:
    """What it is about and who did it."""
    if signal.resource:
        yield signal.resource
    if signal.principal and not _acts_for_everybody(signal.principal):
        yield signal.principal


def _principals(signal: Signal) -> Iterator[str]:
    if signal.principal and not _acts_for_everybody(signal.principal):
        yield signal.principal


def _resources(signal: Signal) -> Iterator[str]:
    if signal.resource:
        yield signal.resource


def _regions(signal: Signal) -> Iterator[str]:
    if signal.account and signal.region and _may_coincide(signal):
        yield f"{signal.account} {signal.region}"


def _services(signal: Signal) -> Iterator[str]:
    if signal.account and signal.service and _may_coincide(signal):
        yield f"{signal.account} {signal.service}"


def _may_coincide(signal: Signal) -> bool:
    """A time says something of what happens at one, not of a fault that was there before it was seen.

    And never of our own troubles: a sync that fails in an account is no sign of anything else there.
    """
    return not signal.is_standing and signal.category is not AlertCategory.OPERATIONS


def _principal_as_resource(a: Signal, b: Signal) -> str | None:
    for made, used in ((a, b), (b, a)):
        if used.principal is None or made.resource != used.principal or not _same_place(used.principal, a, b):
            continue
        if made.is_standing:
            return f"{used.principal} acted, and has an open fault since {made.at:%Y-%m-%d}: {made.title}."
        if timedelta(0) <= used.at - made.at <= WEEK:
            return f"{used.principal} was made or changed, and acted {length(used.at - made.at)} later."
    return None


def _same_principal(a: Signal, b: Signal) -> str | None:
    if a.principal != b.principal or a.principal is None or not _same_place(a.principal, a, b):
        return None
    gap = b.at - a.at
    return f"Both were done by {a.principal}, {length(gap)} apart." if gap <= DAY else None


def _same_resource(a: Signal, b: Signal) -> str | None:
    if a.account != b.account or a.resource is None or a.resource != b.resource:
        return None
    fault, other = (a, b) if a.is_standing else (b, a)
    if fault.is_standing and other.is_standing:
        # Two faults of one kind on a resource are a list of things to mend; of two kinds they are one decision.
        kinds = f"a fault of {a.category.value} and one of {b.category.value}"
        return f"{a.resource} has {kinds}." if a.category is not b.category else None
    if fault.is_standing:
        return f"It happened to {a.resource}, which has an open fault since {fault.at:%Y-%m-%d}: {fault.title}."
    gap = b.at - a.at
    return f"Both happened to {a.resource}, {length(gap)} apart." if gap <= DAY else None


def _same_service(a: Signal, b: Signal) -> str | None:
    if {a.category, b.category} != {AlertCategory.FINOPS, AlertCategory.SECOPS} or b.at - a.at > DAY:
        return None
    return f"Cost and security of {a.service} in the same account, {length(b.at - a.at)} apart."


def _same_region(a: Signal, b: Signal) -> str | None:
    if a.category is b.category or b.at - a.at > region_window(a, b):
        return None
    kinds = f"{a.category.value} and {b.category.value}"
    return f"{kinds} in {a.region} of the same account, {length(b.at - a.at)} apart."


def region_window(a: Signal, b: Signal) -> timedelta:
    """How far apart what happens in one region may lie."""
    return DAY if AlertCategory.FINOPS in (a.category, b.category) else SHORT


RULES = (
    LinkRule(
        id="principal-as-resource",
        window=WEEK,
        because="A key or user that is made to come back with is used within days; later it is one of many.",
        keys=_names,
        joins=_principal_as_resource,
    ),
    LinkRule(
        id="same-principal",
        window=DAY,
        because="Sessions of AWS roles last 12 hours at most, of people a working day.",
        keys=_principals,
        joins=_same_principal,
    ),
    LinkRule(
        id="same-resource",
        window=DAY,
        because="Costs are known by the day. A fault that stands open has no window: it can be used at any time.",
        keys=_resources,
        joins=_same_resource,
    ),
    LinkRule(
        id="same-service",
        window=DAY,
        because="Costs are known by the day.",
        keys=_services,
        joins=_same_service,
        is_coincidence=True,
    ),
    LinkRule(
        id="same-region",
        window=DAY,
        because="Costs are known by the day; without costs it is two hours, twice the default session of an AWS role.",
        keys=_regions,
        joins=_same_region,
        is_coincidence=True,
    ),
)
