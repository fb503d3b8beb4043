"""Budgets somebody has set at the provider."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-budget",
    title="A budget at the provider was passed",
    category=AlertCategory.FINOPS,
    severity=Severity.HIGH,
    providers=tuple(Provider),
    source="AWS Budgets, Cloud Billing budgets",
    blind_spots="AWS does not say when a budget is no longer passed: such an alert stays until somebody resolves it.",
    check=reported(EventKind.BUDGET, default=Severity.MEDIUM),
    examples=(
        fires(told(EventKind.BUDGET, severity=Severity.HIGH, cause="it", title="It")),
        fires(told(EventKind.BUDGET, message="No severity")),
        quiet(told(EventKind.BUDGET, severity=Severity.HIGH, cause="it", is_over=True)),
        quiet(told(EventKind.BUDGET, severity=Severity.INFORMATIONAL)),
        quiet(told(EventKind.OTHER, severity=Severity.HIGH)),
    ),
)
