"""The enumerations of remediations, described."""

from domain.facts.remediation import CAN_ROLL_BACK as CAN_ROLL_BACK
from domain.facts.remediation import (
    Left,
    PolicyCause,
    PolicyMode,
    PolicyTrigger,
    RealisedState,
    RemediationState,
    StepState,
)
from domain.remediation.automation import SAYS
from domain.remediation.saving_groups import SavingGrouping
from schema import rule_values as rule_values
from schema.values import register_enum

register_enum(
    RemediationState,
    "How far a remediation is.",
    {
        RemediationState.PLANNING: "What would be done is being worked out. Nothing is changed.",
        RemediationState.PLANNED: "It waits for an approval.",
        RemediationState.APPROVED: "It waits for its turn, or for a window in which changes may run.",
        RemediationState.RUNNING: "Its calls are being made.",
        RemediationState.VERIFYING: "Every step is done; the resource is read again.",
        RemediationState.DONE: "The rule is quiet: the fault is gone.",
        RemediationState.UNVERIFIED: "Every step is done, and the rule still fires. An alert tells of it.",
        RemediationState.UNDOING: "A step failed, or somebody cancelled it: what was done is taken back.",
        RemediationState.UNDONE: "What was done has been taken back.",
        RemediationState.STOPPED: "It stands half-way and a person must look. An alert tells of it.",
        RemediationState.ROLLING_BACK: "Somebody has what was done taken back.",
        RemediationState.ROLLED_BACK: "It has been taken back.",
        RemediationState.REFUSED: "There is no plan; the problem says why.",
        RemediationState.VOID: "The state it was approved for is no more. Nothing was changed.",
        RemediationState.EXPIRED: "It was not approved, or did not begin, in time.",
        RemediationState.CANCELLED: "Somebody ended it before anything was changed.",
    },
)
register_enum(
    StepState,
    "What came of a call.",
    {
        StepState.WAITING: "It has not begun.",
        StepState.BEGUN: "It was sent, or was about to be.",
        StepState.MADE: "It was answered.",
        StepState.FAILED: "It was refused, or not answered.",
    },
)
register_enum(
    RealisedState,
    "Whether bills tell what a remediation has saved.",
    {
        RealisedState.WAITING: "The bill does not yet hold the fourteen days after it.",
        RealisedState.KNOWN: "The mean daily costs of the fourteen days before and after it are compared.",
        RealisedState.UNKNOWN: "The bill does not tell: the resource was not billed before, or in several currencies, "
        "or the bill has not come for 45 days.",
    },
)
register_enum(
    SavingGrouping,
    "What savings are grouped by.",
    {
        SavingGrouping.RULE: "The rule whose fault was mended.",
        SavingGrouping.MONTH: "The month, in UTC, in which the first call was made.",
        SavingGrouping.ACCOUNT: "The account the resource is in.",
        SavingGrouping.TEAM: "The resource's tag `team`, in any case, as it was when the remediation was planned.",
    },
)
register_enum(
    PolicyTrigger,
    "When a policy looks for findings.",
    {
        PolicyTrigger.SCHEDULE: "At times of a clock.",
        PolicyTrigger.FINDING: "After each sync, for open findings that nobody has tried to mend yet.",
        PolicyTrigger.CONTROL: "When a control comes to fail in an account, for what mends it there.",
    },
    name="RemediationPolicyTrigger",
)
register_enum(
    PolicyMode,
    "What becomes of the plans of a policy.",
    {
        PolicyMode.PROPOSE: "They wait for people.",
        PolicyMode.RUN: "What may run without asking runs, the rest waits for people.",
    },
    name="RemediationPolicyMode",
)
register_enum(
    PolicyCause,
    "What a run of a policy came of.",
    {
        PolicyCause.SCHEDULE: "Its time had come.",
        PolicyCause.FINDING: "A sync saw findings that nobody had tried to mend yet.",
        PolicyCause.CONTROL: "A control came to fail.",
        PolicyCause.PERSON: "Somebody asked for it.",
    },
    name="RemediationPolicyCause",
)
register_enum(
    Left,
    "Why a policy leaves something to people.",
    {reason: SAYS[reason] for reason in Left},
    name="RemediationPolicyReason",
)
