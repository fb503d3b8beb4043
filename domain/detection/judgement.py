"""Asks detectors about an event, and names the alert that follows."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.detection.detector import NEVER_SEEN, Detector, DetectorContext, Recollection, Sighting, Trace
from domain.facts.provider_event import ProviderEvent

_NOTHING_RECALLED: Mapping[str, Recollection] = MappingProxyType({})
# A readable name up to here; what is longer ends in a hash.
LONGEST_FINGERPRINT = 400


@dataclass(frozen=True, slots=True)
class Verdict:
    """One detector that has something to say about an event."""

    detector: Detector
    sighting: Sighting


def traces_of(detectors: Iterable[Detector], event: ProviderEvent) -> dict[str, Trace]:
    """What detectors want remembered of an event, by their id."""
    left = {one.id: one.trace(event) for one in detectors if one.trace and event.provider in one.providers}
    return {id: trace for id, trace in left.items() if trace is not None and trace.marks}


def judge(
    detectors: Iterable[Detector],
    event: ProviderEvent,
    accounts: frozenset[str] = frozenset(),
    recalled: Mapping[str, Recollection] = _NOTHING_RECALLED,
) -> tuple[Verdict, ...]:
    """What detectors say about an event, in their order; general ones only where no other does.

    `recalled` is what the traces of earlier events have left, by the detector's id.
    """
    asked = [one for one in detectors if event.provider in one.providers]
    for is_general in (False, True):
        if verdicts := tuple(
            _verdicts((one for one in asked if one.is_general is is_general), event, accounts, recalled)
        ):
            return verdicts
    return ()


def fingerprint_of(account_id: object, event: ProviderEvent, verdict: Verdict) -> str:
    """The cause where there is one, so that its end can be told; else who did what to which thing."""
    if event.cause is not None:
        return ended_by(account_id, event.cause)
    resource = "" if verdict.sighting.is_grouped else resource_of(event, verdict) or ""
    return _bounded(f"event:{account_id}:{verdict.detector.id}:{event.principal or ''}:{resource}")


def ended_by(account_id: object, cause: str) -> str:
    """The fingerprint of the alert that a cause has in an account."""
    return _bounded(f"event:{account_id}:{cause}")


def resource_of(event: ProviderEvent, verdict: Verdict) -> str | None:
    """The first thing it is about."""
    return verdict.sighting.resource or next(iter(event.resources), None)


def _verdicts(
    detectors: Iterable[Detector],
    event: ProviderEvent,
    accounts: frozenset[str],
    recalled: Mapping[str, Recollection],
) -> Iterable[Verdict]:
    for detector in detectors:
        context = DetectorContext(accounts=accounts, recalled=recalled.get(detector.id, NEVER_SEEN))
        if sighting := detector.check(event, context):
            yield Verdict(detector, sighting)


def _bounded(name: str) -> str:
    if len(name) <= LONGEST_FINGERPRINT:
        return name
    return f"{name[:300]}#{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:32]}"
