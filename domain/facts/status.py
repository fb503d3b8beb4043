"""The words of scheduled summaries."""

from enum import StrEnum


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


class Weekday(StrEnum):
    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"
