"""Alarms somebody has set at the provider."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-alarm",
    title="An alarm of the provider has gone off",
    category=AlertCategory.OPERATIONS,
    severity=Severity.CRITICAL,
    providers=tuple(Provider),
    source="CloudWatch, Azure Monitor, Cloud Monitoring; severity as the policy states it, where it does",
    blind_spots="Alarms that say no severity count as medium. An alarm without data is neither on nor off.",
    check=reported(EventKind.ALARM, default=Severity.MEDIUM),
    examples=(
        fires(told(EventKind.ALARM, severity=Severity.HIGH, cause="it", title="It")),
        fires(told(EventKind.ALARM, message="No severity")),
        quiet(told(EventKind.ALARM, severity=Severity.HIGH, cause="it", is_over=True)),
        quiet(told(EventKind.ALARM, severity=Severity.INFORMATIONAL)),
        quiet(told(EventKind.OTHER, severity=Severity.HIGH)),
    ),
)
