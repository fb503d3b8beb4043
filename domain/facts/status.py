"""The words of scheduled summaries."""

from enum import StrEnum

from domain.facts.weekday import Weekday as Weekday


class StatusKind(StrEnum):
    """What a summary is about."""

    ALERTS = "ALERTS"
    COSTS = "COSTS"
    INTEGRATIONS = "INTEGRATIONS"
    COMPLIANCE = "COMPLIANCE"


class ReportEvery(StrEnum):
    """How often a summary is sent."""

    DAY = "DAY"
    WEEK = "WEEK"
