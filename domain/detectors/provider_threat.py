"""What the provider's own security services report."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-threat",
    title="A service of the provider reports a threat",
    category=AlertCategory.SECOPS,
    severity=Severity.CRITICAL,
    providers=tuple(Provider),
    source="GuardDuty, Security Hub, Security Command Center, Defender for Cloud, GitHub secret scanning, each with "
    "its own severity",
    blind_spots="What the provider's service does not see, or is not asked to send. Informational findings are kept "
    "and not reported.",
    check=reported(EventKind.THREAT, default=Severity.MEDIUM),
    examples=(
        fires(told(EventKind.THREAT, severity=Severity.HIGH, cause="it", title="It")),
        fires(told(EventKind.THREAT, message="No severity")),
        quiet(told(EventKind.THREAT, severity=Severity.HIGH, cause="it", is_over=True)),
        quiet(told(EventKind.THREAT, severity=Severity.INFORMATIONAL)),
        quiet(told(EventKind.OTHER, severity=Severity.HIGH)),
    ),
)
