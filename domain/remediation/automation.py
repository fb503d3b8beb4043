"""What a policy may approve by itself, and why it leaves the rest to people. Pure: caps are counted elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from domain.facts.finding import Risk
from domain.facts.remediation import NOT_AGAIN, OPEN, Left, PolicyMode, RemediationState

SAYS: Mapping[Left, str] = MappingProxyType(
    {
        Left.OPEN_ALREADY: "A remediation of the finding is open already.",
        Left.TRIED_BEFORE: "It was tried before, or people ended it or took it back: a policy does not try again.",
        Left.EXEMPT: "The resource is exempt by its tag.",
        Left.TOO_MANY: "One run plans no more than this; what is left is for the next one.",
        Left.NO_PLAN: "There is no plan for it: the remediation says why.",
        Left.POLICY_OFF: "Its policy was switched off or deleted meanwhile.",
        Left.PROPOSED: "Its policy only proposes.",
        Left.NOT_ALLOWED: "The organization does not let policies approve anything: see setRemediationSettings.",
        Left.STOPPED: "Remediations are stopped.",
        Left.NO_CREDENTIALS: "The account has no credentials that may change it: give them with allowRemediation.",
        Left.MISSING_PERMISSION: "A permission is missing: grant it, and plan it again.",
        Left.HIGH_RISK: "Its risk is high, which always takes a person.",
        Left.PRODUCTION: "Its risk is medium and the resource counts as production.",
        Left.DRY: "This is the dry run, which shows what the policy would do: the next one may run by itself.",
        Left.CAP_OF_RUN: "The policy has approved as much of this rule in this run as it may.",
        Left.CAP_OF_DAY: "As much of this rule was approved by policies today (UTC) as may be.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What decides over a plan of a policy, at the moment it is decided.

    `is_on`: the policy still exists and is switched on. `is_allowed`: the organization lets policies approve.
    `missing` are permissions that acting lacks, None where the provider does not tell. `full` is the cap that is
    reached, None while there is room.
    """

    risk: Risk
    is_production: bool
    mode: PolicyMode
    is_dry: bool
    has_credentials: bool
    missing: Sequence[str] | None = None
    is_on: bool = True
    is_allowed: bool = True
    is_stopped: bool = False
    full: Left | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Approved by the policy exactly when there is no reason to leave it to people. `says` is why, in sentences."""

    reasons: tuple[Left, ...]
    says: str

    @property
    def is_approved(self) -> bool:
        return not self.reasons


def decide(situation: Situation) -> Decision:
    """Whether a plan is approved by its policy, with every reason where it is not.

    Low risk runs without asking where the organization allows it, medium outside production, high never; over a cap
    people approve whatever the risk (facts/remediation_rules.json, fields.risk and execution_rules).
    """
    reasons = tuple(reason for reason, holds in _reasons(situation) if holds) if situation.is_on else (Left.POLICY_OFF,)
    if reasons:
        return Decision(reasons, " ".join(SAYS[reason] for reason in reasons))
    where = "" if situation.risk is Risk.LOW else " and the resource is outside production"
    return Decision((), f"Its risk is {situation.risk.value.lower()}{where}.")


def _reasons(of: Situation) -> list[tuple[Left, bool]]:
    reasons = [
        (Left.NOT_ALLOWED, not of.is_allowed),
        (Left.STOPPED, of.is_stopped),
        (Left.PROPOSED, of.mode is PolicyMode.PROPOSE),
        (Left.DRY, of.is_dry),
        (Left.NO_CREDENTIALS, not of.has_credentials),
        (Left.MISSING_PERMISSION, of.has_credentials and bool(of.missing)),
        (Left.HIGH_RISK, of.risk is Risk.HIGH),
        (Left.PRODUCTION, of.risk is Risk.MEDIUM and of.is_production),
    ]
    return [*reasons, (of.full, True)] if of.full is not None else reasons


def left_before_planning(last: RemediationState | None, *, is_exempt: bool) -> Left | None:
    """Why a policy plans nothing for a finding; None when it does. `last` is the state of its newest remediation."""
    if last in OPEN:
        return Left.OPEN_ALREADY
    if last in NOT_AGAIN:
        return Left.TRIED_BEFORE
    return Left.EXEMPT if is_exempt else None
