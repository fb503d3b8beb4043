"""Costs that the provider itself finds unusual."""

from domain.detection.detector import Detector
from domain.detection.example import fires, quiet, told
from domain.detection.reported import reported
from domain.facts.alert import AlertCategory
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from domain.facts.severity import Severity

DETECTOR = Detector(
    id="provider-cost-anomaly",
    title="The provider sees an unusual cost",
    category=AlertCategory.FINOPS,
    severity=Severity.MEDIUM,
    providers=tuple(Provider),
    source="AWS Cost Anomaly Detection",
    blind_spots="It comes up to a day after the cost, and never says that it is over: such an alert stays until "
    "somebody "
    "resolves it.",
    check=reported(EventKind.COST_ANOMALY, default=Severity.MEDIUM),
    examples=(
        fires(told(EventKind.COST_ANOMALY, cause="it")),
        quiet(told(EventKind.BUDGET)),
    ),
)
