"""What the provider's own policies and checks find broken."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-policy",
    title="A policy or check of the provider fails",
    category=AlertCategory.COMPLIANCE,
    severity=Severity.CRITICAL,
    providers=tuple(Provider),
    source="AWS Config rules, Security Hub controls, Azure Policy, Security Command Center, Dependabot and code "
    "scanning",
    blind_spots="Rules that were never turned on. Rules that say no severity count as medium. Informational ones are "
    "kept and not reported.",
    check=reported(EventKind.POLICY, default=Severity.MEDIUM),
    examples=(
        fires(told(EventKind.POLICY, severity=Severity.LOW, cause="it", title="It")),
        fires(told(EventKind.POLICY, message="No severity")),
        quiet(told(EventKind.POLICY, severity=Severity.HIGH, cause="it", is_over=True)),
        quiet(told(EventKind.POLICY, severity=Severity.INFORMATIONAL)),
        quiet(told(EventKind.OTHER, severity=Severity.HIGH)),
    ),
)
