"""What the provider says of its own health, and of what is about to end."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-health",
    title="The provider reports trouble or an end to come",
    category=AlertCategory.OPERATIONS,
    severity=Severity.HIGH,
    providers=tuple(Provider),
    source="AWS Health, Azure resource health, Azure Key Vault",
    blind_spots="AWS Health tells every account of a region, whether it uses the service or not.",
    check=reported(EventKind.HEALTH, default=Severity.LOW),
    examples=(
        fires(told(EventKind.HEALTH, severity=Severity.HIGH, cause="it", title="It")),
        fires(told(EventKind.HEALTH, message="No severity")),
        quiet(told(EventKind.HEALTH, severity=Severity.HIGH, cause="it", is_over=True)),
        quiet(told(EventKind.HEALTH, severity=Severity.INFORMATIONAL)),
        quiet(told(EventKind.OTHER, severity=Severity.HIGH)),
    ),
)
