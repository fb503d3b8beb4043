"""What an audit pack says of a period: frameworks with their scores, requirements, controls and their history. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.facts.compliance import CheckStatus, Frequency, Integration, Verdict
from domain.facts.framework import Fit
from domain.facts.severity import Severity

# Resources of an exception; its table has all.
MOST_NAMED = 5


@dataclass(slots=True, kw_only=True)
class Spell:
    """A time in which every check of one system said the same. `first` and `last` are the numbers of its records."""

    integration: str
    account: str
    status: CheckStatus
    since: datetime
    until: datetime
    checks: int
    first: int
    first_hash: str
    last: int
    last_hash: str
    problem: str | None = None


@dataclass(slots=True, kw_only=True)
class ItemSpell:
    """A time in which one thing did not pass. `until` None: that was not seen to end."""

    integration: Integration
    account: str
    resource: str
    verdict: Verdict
    observed: str
    expected: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a procedure says of one system, in sentences. `version` is that of the procedure today."""

    integration: Integration
    passes: str
    warns: str | None
    fails: str | None
    version: int


@dataclass(slots=True, kw_only=True)
class History:
    """What was made of one control in the period. `counts` are its checks by status.

    `spells` and `items` are the newest of those that did not pass; `more_spells` and `more_items` are left out here.
    `first` and `last` are (number, hash) of its records, None without any.
    """

    counts: Counter[CheckStatus] = field(default_factory=Counter)
    spells: list[Spell] = field(default_factory=list)
    more_spells: int = 0
    items: list[ItemSpell] = field(default_factory=list)
    more_items: int = 0
    first: tuple[int, str] | None = None
    last: tuple[int, str] | None = None

    @property
    def checks(self) -> int:
        return self.counts.total()

    @property
    def exempt(self) -> list[ItemSpell]:
        return [item for item in self.items if item.verdict is Verdict.EXEMPT]

    @property
    def faulty(self) -> list[ItemSpell]:
        return [item for item in self.items if item.verdict is not Verdict.EXEMPT]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionPart:
    """An approved exception that was in force at some time in the period. Who asked and who approved are addresses.

    `resources` are those it covers, all of the account where none is named; `revoked_at` is set where it ended early.
    """

    account: str
    resources: Sequence[str]
    reason: str
    compensating_control: str
    requested_by: str
    approved_by: str
    since: datetime
    until: datetime
    revoked_at: datetime | None = None

    def covers(self) -> str:
        """What it covers, the first few by name."""
        named, more = self.resources[:MOST_NAMED], len(self.resources) - MOST_NAMED
        what = ", ".join([*named, *([f"and {more} more"] if more > 0 else [])]) or "everything"
        return f"{what} in {self.account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceptions:
    """The newest exceptions of a control in the period; `count` is of all."""

    newest: Sequence[ExceptionPart] = ()
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPart:
    """A version of a policy that was in force in the period; `until` None: it still is.

    `acknowledged` by so many people before the end of the period; `members` is how many it would bind now.
    """

    name: str
    is_required: bool
    number: int
    sha256: str
    written_by: str
    approved_by: str
    since: datetime
    until: datetime | None
    next_review_at: datetime | None
    acknowledged: int
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPart:
    """`status` is what was said of the control at the end of the period; `owner` is an address.

    `attestations` is how many statements people filed for it that reach into the period.
    """

    id: str
    name: str
    category: str
    severity: Severity
    frequency: Frequency
    objective: str
    owner: str | None
    status: CheckStatus
    conditions: Sequence[Condition]
    history: History
    exceptions: Exceptions = field(default_factory=Exceptions)
    attestations: int = 0

    def told(self) -> str:
        """What was done in the period, in words."""
        if not self.history.checks:
            return f"No check of this control was made in this period. It is due {_OFTEN[self.frequency]}."
        counted = [f"{WORDS[status]}: {count}" for status, count in sorted(self.history.counts.items())]
        return f"Checks made: {self.history.checks} ({', '.join(counted)})."


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementPart:
    """`answered_by` are the ids of controls, and of rules where findings answer it."""

    id: str
    name: str
    group: str
    fit: Fit
    status: CheckStatus
    assessed: int
    total: int
    answered_by: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkPart:
    """`ratio` is the score, None where nothing counted; `assessed` of `total` controls and rules were seen in whole."""

    id: str
    name: str
    version: str
    notes: str
    ratio: float | None
    assessed: int
    total: int
    requirements: Sequence[RequirementPart]

    def told(self) -> str:
        """The score with the share it rests on, in words."""
        if self.ratio is None:
            return f"No score: nothing that counts was assessed (0 of {self.total})."
        return f"{self.ratio:.0%} of the weight holds; {self.assessed} of {self.total} were assessed."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The period goes from `first` up to but without `until`. `read_at` is when the statuses stood so.

    `records` are those of evidence in the period, of every control; `accounts` what is connected, in words.
    """

    organization: str
    first: datetime
    until: datetime
    made_at: datetime
    read_at: datetime
    accounts: Sequence[str]
    frameworks: Sequence[FrameworkPart]
    controls: Sequence[ControlPart]
    records: int
    policies: Sequence[PolicyPart] = ()
    notes: Sequence[str] = ()

    @property
    def title(self) -> str:
        return f"Audit pack of {self.organization}"

    @property
    def period(self) -> str:
        return f"{self.first:%Y-%m-%d} up to, but without, {self.until:%Y-%m-%d} (UTC)"


WORDS: Mapping[CheckStatus, str] = {
    CheckStatus.PASS: "passed",
    CheckStatus.WARNING: "passed with a warning",
    CheckStatus.FAIL: "failed",
    CheckStatus.ERROR: "could not be made in whole",
    CheckStatus.EXEMPT: "exempt by an approved exception",
    CheckStatus.NOT_APPLICABLE: "nothing to judge",
    CheckStatus.NOT_ASSESSED: "not assessed",
}
_OFTEN: Mapping[Frequency, str] = {
    Frequency.HALF_HOURLY: "every half hour",
    Frequency.DAILY: "daily",
    Frequency.WEEKLY: "weekly",
    Frequency.MONTHLY: "monthly",
    Frequency.QUARTERLY: "quarterly",
    Frequency.ANNUAL: "once a year",
}
EMPTY = (
    "No check was made in this period, so there is no evidence of it. That is not a pass: nothing can be said of the "
    "controls in this time. Either no account was connected yet, or the period is not the one that was meant."
)
