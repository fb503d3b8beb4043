"""The words in which a remediation is told."""

from enum import StrEnum


class RemediationState(StrEnum):
    """PLANNING: what would be done is being worked out. PLANNED: it waits for an approval. APPROVED: it waits for its
    turn. RUNNING, VERIFYING: under way. DONE: the fault is gone. UNVERIFIED: everything was done, and the rule still
    fires. UNDOING: a step failed and those before it are taken back. UNDONE: they were. STOPPED: it stands half-way and
    a person must look. ROLLING_BACK, ROLLED_BACK: somebody has what was done taken back. REFUSED: there is no plan.
    VOID: the state it was approved for is no more. EXPIRED: nobody approved it in time. CANCELLED: somebody ended it.
    """

    PLANNING = "PLANNING"
    PLANNED = "PLANNED"
    APPROVED = "APPROVED"
    RUNNING = "RUNNING"
    VERIFYING = "VERIFYING"
    DONE = "DONE"
    UNVERIFIED = "UNVERIFIED"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"
    STOPPED = "STOPPED"
    ROLLING_BACK = "ROLLING_BACK"
    ROLLED_BACK = "ROLLED_BACK"
    REFUSED = "REFUSED"
    VOID = "VOID"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


S = RemediationState
# A worker has something to do about it.
WORKED_ON = frozenset({S.PLANNING, S.APPROVED, S.RUNNING, S.VERIFYING, S.UNDOING, S.ROLLING_BACK})
# There is at most one of these for a finding.
OPEN = WORKED_ON | {S.PLANNED}
# Something was changed in the account, and may be taken back.
CAN_ROLL_BACK = frozenset({S.DONE, S.UNVERIFIED, S.STOPPED})
CAN_CANCEL = frozenset({S.PLANNING, S.PLANNED, S.APPROVED, S.RUNNING})
# A policy does not try again after these: it failed, people ended it or took it back, or what was mended came back.
NOT_AGAIN = frozenset({S.DONE, S.UNVERIFIED, S.UNDONE, S.STOPPED, S.ROLLED_BACK, S.CANCELLED})


# Something was changed in the account, for good or until it was taken back: bills may tell what came of it.
SAVES = frozenset({S.DONE, S.ROLLED_BACK})


class RealisedState(StrEnum):
    """WAITING: the bill lacks days yet. KNOWN: it tells. UNKNOWN: it does not, and will not, tell."""

    WAITING = "WAITING"
    KNOWN = "KNOWN"
    UNKNOWN = "UNKNOWN"


class StepState(StrEnum):
    """WAITING: not begun. BEGUN: the call was sent, or is about to be. MADE: it was answered, and is ready."""

    WAITING = "WAITING"
    BEGUN = "BEGUN"
    MADE = "MADE"
    FAILED = "FAILED"


class PolicyTrigger(StrEnum):
    """When a policy looks for findings. SCHEDULE: at times of a wall clock. FINDING: after each sync, for findings
    that nobody has tried to mend yet. CONTROL: when a control comes to fail in an account.
    """

    SCHEDULE = "SCHEDULE"
    FINDING = "FINDING"
    CONTROL = "CONTROL"


class PolicyMode(StrEnum):
    """PROPOSE: plans wait for people. RUN: what may run without asking runs, the rest waits for people."""

    PROPOSE = "PROPOSE"
    RUN = "RUN"


class PolicyCause(StrEnum):
    """What a run of a policy came of: one of its triggers, or a person who asked for it."""

    SCHEDULE = "SCHEDULE"
    FINDING = "FINDING"
    CONTROL = "CONTROL"
    PERSON = "PERSON"


class Left(StrEnum):
    """Why a policy leaves something to people. The first ones are of findings for which it plans nothing."""

    OPEN_ALREADY = "OPEN_ALREADY"
    TRIED_BEFORE = "TRIED_BEFORE"
    EXEMPT = "EXEMPT"
    TOO_MANY = "TOO_MANY"
    NO_PLAN = "NO_PLAN"
    POLICY_OFF = "POLICY_OFF"
    PROPOSED = "PROPOSED"
    NOT_ALLOWED = "NOT_ALLOWED"
    STOPPED = "STOPPED"
    NO_CREDENTIALS = "NO_CREDENTIALS"
    MISSING_PERMISSION = "MISSING_PERMISSION"
    HIGH_RISK = "HIGH_RISK"
    PRODUCTION = "PRODUCTION"
    DRY = "DRY"
    CAP_OF_RUN = "CAP_OF_RUN"
    CAP_OF_DAY = "CAP_OF_DAY"
