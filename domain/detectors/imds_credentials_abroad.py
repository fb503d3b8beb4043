"""Credentials of a machine that are used from another place."""

import ipaddress
import re
from datetime import timedelta

from domain.detection.cloudtrail import identity
from domain.detection.detector import Detector, DetectorContext, Sighting, Trace
from domain.detection.example import ABROAD, HOME, call, fires, quiet, remembered
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

# EC2 names the session of an instance's role after the instance.
_INSTANCE = re.compile(r"/(i-[0-9a-zA-Z]{8,17})$")


def is_abroad(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when a machine's credentials come from a public address that is new, and others were seen before."""
    trace = address_of_machine(event)
    before = context.recalled.before
    if trace is None or not before or trace.marks <= before:
        return None
    machine = trace.subject.rpartition("/")[2]
    return Sighting(
        message=f"Credentials of {machine} were used from {event.address}; until now they came from "
        f"{', '.join(sorted(before)[:3])}. They may have been stolen from the machine.",
        resource=machine,
    )


def address_of_machine(event: ProviderEvent) -> Trace | None:
    """The public address that credentials of a machine are used from."""
    session = str(identity(event).get("arn"))
    if event.principal_kind != "AssumedRole" or not _INSTANCE.search(session) or not _is_public(event.address):
        return None
    return Trace(session, frozenset({str(event.address)}))


def _is_public(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_global
    except ValueError:  # the name of a service of AWS
        return False


def _used(address: str) -> ProviderEvent:
    return call("ListBuckets", "s3", kind="AssumedRole", session="i-0123456789abcdef0", address=address)


DETECTOR = Detector(
    id="imds-credentials-abroad",
    title="Credentials of a machine are used from another place",
    severity=Severity.HIGH,
    source="GuardDuty UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS; MITRE ATT&CK T1552.005",
    blind_spots="What is usual is learned from the last 30 days of events: a machine whose credentials were first used "
    "abroad, or only ever, is not noticed. A machine that gets a new public address, or leaves through several "
    "gateways, is "
    "reported once for each. Addresses inside a network, and use through a service of AWS, are not judged.",
    check=is_abroad,
    trace=address_of_machine,
    window=timedelta(days=30),
    examples=(
        fires(_used(ABROAD), recalled=remembered({HOME})),
        quiet(_used(HOME), recalled=remembered({HOME})),
        quiet(_used(ABROAD)),
        quiet(_used("10.1.2.3"), recalled=remembered({HOME})),
        quiet(_used("cloudformation.amazonaws.com"), recalled=remembered({HOME})),
        quiet(call("ListBuckets", "s3", address=ABROAD), recalled=remembered({HOME})),
    ),
)
