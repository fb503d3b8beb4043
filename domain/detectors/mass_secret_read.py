"""Somebody who reads many secrets in a short time."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from domain.detection.cloudtrail import asked, listed
from domain.detection.detector import Detector, DetectorContext, Sighting, Trace, mark_of
from domain.detection.example import call, fires, quiet, remembered, told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent
from domain.facts.severity import Severity

MOST = 10
# What one page of an answer may hold when a call names no secret (API references of BatchGetSecretValue and
# GetParametersByPath); CloudTrail does not say how many it held.
_BATCH, _PATH = 20, 10
_GCP = "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"


def is_mass_read(event: ProviderEvent, context: DetectorContext) -> Sighting | None:
    """Fires when one principal has asked for more than ten different secrets within ten minutes, refused or not."""
    trace = secrets_read(event)
    if trace is None or len(trace.marks | context.recalled.before) <= MOST:
        return None
    return Sighting(
        message=f"{trace.subject} has asked for {len(trace.marks | context.recalled.before)} secrets in ten minutes.",
        is_grouped=True,
    )


def secrets_read(event: ProviderEvent) -> Trace | None:
    """Which secrets an event asks for."""
    if event.kind is not EventKind.API_CALL:
        return None
    marks = frozenset(mark_of(str(one)) for one in _secrets(event) if one)
    return Trace(event.principal or "Somebody", marks) if marks else None


def _secrets(event: ProviderEvent) -> Iterable[Any]:
    request = asked(event)
    match event.name:
        case "GetSecretValue":
            return [request.get("secretId")]
        case "BatchGetSecretValue":
            return listed(request.get("secretIdList")) or _page(event, _BATCH)
        case "GetParameter" | "GetParameters" if request.get("withDecryption"):
            return listed(request.get("names")) or [request.get("name")]
        case "GetParametersByPath" if request.get("withDecryption"):
            return _page(event, _PATH)
        case "GetPasswordData":
            return [request.get("instanceId")]
        case name if name == _GCP:
            return event.resources
        case _:
            return ()


def _page(event: ProviderEvent, size: int) -> list[str]:
    return [f"{event.id}#{number}" for number in range(size)]


def _one(secret: str, **fields: Any) -> ProviderEvent:
    return call("GetSecretValue", "secretsmanager", request={"secretId": secret}, **fields)


_TEN = [mark_of(f"secret-{number}") for number in range(10)]
_NAMES = {"names": [f"/p/{number}" for number in range(11)]}

DETECTOR = Detector(
    id="mass-secret-read",
    title="Many secrets were read in a short time",
    severity=Severity.MEDIUM,
    providers=(Provider.AWS, Provider.GCP),
    source="MITRE ATT&CK T1555.006, T1552; Stratus Red Team aws.credential-access.*",
    blind_spots="The bound of ten is the same for all: a service that reads more by design is reported, and a patient "
    "thief who takes ten in ten minutes is not. A call that names no secret counts as a full page. Events that come "
    "more "
    "than ten minutes late fall out of the window.",
    check=is_mass_read,
    trace=secrets_read,
    window=timedelta(minutes=10),
    examples=(
        fires(_one("secret-11"), recalled=remembered(_TEN)),
        fires(_one("secret-11", error="AccessDenied"), recalled=remembered(_TEN)),
        fires(call("BatchGetSecretValue", "secretsmanager", request={"filters": []})),
        fires(call("GetParameters", "ssm", request={"withDecryption": True, **_NAMES})),
        fires(call("GetPasswordData", "ec2", request={"instanceId": "i-1"}), recalled=remembered(_TEN)),
        fires(
            call("GetParametersByPath", "ssm", request={"withDecryption": True, "path": "/"}),
            recalled=remembered(["secret-1"]),
        ),
        fires(
            told(EventKind.API_CALL, Provider.GCP, name=_GCP, resources=("projects/p/secrets/s",)),
            recalled=remembered(_TEN),
        ),
        quiet(_one("secret-1"), recalled=remembered(_TEN)),
        quiet(_one("secret-1")),
        quiet(call("GetParameters", "ssm", request={"withDecryption": False, **_NAMES})),
        quiet(call("ListSecrets", "secretsmanager"), recalled=remembered(_TEN)),
        quiet(told(EventKind.ALARM)),
    ),
)
