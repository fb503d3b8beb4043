"""The words of compliance: how a control is judged, how often, and by what."""

from enum import StrEnum

from domain.facts.severity import Severity


class Integration(StrEnum):
    """Where the answers come from that a procedure judges: a connected system, CloudWatcher itself, or people."""

    AWS = "AWS"
    AZURE = "AZURE"
    GCP = "GCP"
    DIGITALOCEAN = "DIGITALOCEAN"
    GITHUB = "GITHUB"
    OKTA = "OKTA"
    JIRA = "JIRA"
    SLACK = "SLACK"
    PLATFORM = "PLATFORM"
    MANUAL = "MANUAL"


class Verdict(StrEnum):
    """What is said of one thing that was looked at."""

    PASS = "PASS"  # noqa: S105 - a verdict
    WARNING = "WARNING"
    FAIL = "FAIL"
    EXEMPT = "EXEMPT"


class CheckStatus(StrEnum):
    """What is said of a procedure, a control or a requirement.

    ERROR: something needed could not be read in whole. NOT_ASSESSED: nothing connected can tell. NOT_APPLICABLE: there
    is provably nothing to judge. EXEMPT: an approved exception covers every failing item.
    """

    FAIL = "FAIL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    PASS = "PASS"  # noqa: S105 - a verdict
    EXEMPT = "EXEMPT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    NOT_ASSESSED = "NOT_ASSESSED"


class EvidenceKind(StrEnum):
    """MACHINE_STATE: settings read from a system. EVENT_POPULATION: every event of a window. WORKFLOW_RECORD: what
    people record in tickets or here. HUMAN_ATTESTATION: a statement that a named reviewer has judged.
    """

    MACHINE_STATE = "MACHINE_STATE"
    EVENT_POPULATION = "EVENT_POPULATION"
    WORKFLOW_RECORD = "WORKFLOW_RECORD"
    HUMAN_ATTESTATION = "HUMAN_ATTESTATION"


class Frequency(StrEnum):
    """How often a control is judged without being asked."""

    HALF_HOURLY = "HALF_HOURLY"
    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    QUARTERLY = "QUARTERLY"
    ANNUAL = "ANNUAL"

    @property
    def minutes(self) -> int:
        return _MINUTES[self]


_MINUTES = {
    Frequency.HALF_HOURLY: 30,
    Frequency.DAILY: 1_440,
    Frequency.WEEKLY: 10_080,
    Frequency.MONTHLY: 43_200,
    Frequency.QUARTERLY: 132_480,
    Frequency.ANNUAL: 525_600,
}

# What a control counts in a score.
WEIGHTS = {Severity.CRITICAL: 10, Severity.HIGH: 6, Severity.MEDIUM: 3, Severity.LOW: 1}
