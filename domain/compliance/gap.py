"""What does not hold, what mending it takes, and what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.compliance.control import Control
from domain.compliance.judging import ORDER
from domain.compliance.score import Statuses, gain_of, weights_of
from domain.facts.compliance import WEIGHTS, CheckStatus, EvidenceKind
from domain.facts.framework import Effort

# By kind of evidence, and whether an action of ours mends it: the effort, and why it is so.
EFFORTS: Mapping[tuple[EvidenceKind, bool], tuple[Effort, str]] = {
    (EvidenceKind.MACHINE_STATE, True): (Effort.LOW, "It is a setting, and a remediation here can change it."),
    (EvidenceKind.MACHINE_STATE, False): (Effort.MEDIUM, "It is a setting that somebody has to change by hand."),
    (EvidenceKind.EVENT_POPULATION, True): (
        Effort.MEDIUM,
        "A remediation here sets the rule; the events of the window have to follow it.",
    ),
    (EvidenceKind.EVENT_POPULATION, False): (
        Effort.HIGH,
        "People have to work in another way, until the events of the whole window follow it.",
    ),
    (EvidenceKind.WORKFLOW_RECORD, True): (Effort.MEDIUM, "People have to keep records, as a remediation here asks."),
    (EvidenceKind.WORKFLOW_RECORD, False): (Effort.MEDIUM, "People have to keep records in the tickets or here."),
    (EvidenceKind.HUMAN_ATTESTATION, True): (Effort.HIGH, "Somebody has to do it, and a reviewer to judge the proof."),
    (EvidenceKind.HUMAN_ATTESTATION, False): (Effort.HIGH, "Somebody has to do it, and a reviewer to judge the proof."),
}
# What mending or looking can change.
OPEN = (CheckStatus.FAIL, CheckStatus.ERROR, CheckStatus.WARNING, CheckStatus.NOT_ASSESSED)
_EFFORT_RANK = list(Effort)


@dataclass(frozen=True, slots=True)
class Gap:
    """`gain` is by how much the score rises, as a ratio, when the control holds and all else stays."""

    control: Control
    status: CheckStatus
    weight: int
    effort: Effort
    effort_reason: str
    gain: float


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None where nothing is known of that time."""

    control_id: str
    before: CheckStatus | None
    after: CheckStatus
    at: datetime


def effort_of(control: Control) -> tuple[Effort, str]:
    """What it takes to have the control hold, and why."""
    return EFFORTS[control.evidence_kind, bool(control.remediations)]


def gaps_of(controls: Iterable[Control], statuses: Statuses) -> list[Gap]:
    """The controls that do not hold or are not seen: the heaviest first, of these what takes the least effort."""
    listed = tuple(controls)
    weights = weights_of(listed)
    gaps = [
        Gap(control, status, WEIGHTS[control.severity], *effort_of(control), gain_of(control.id, weights, statuses))
        for control in listed
        if (status := statuses.get(control.id, CheckStatus.NOT_ASSESSED)) in OPEN
    ]
    return sorted(gaps, key=_heaviest_first)


def changes_of(before: Statuses, now: Mapping[str, tuple[CheckStatus, datetime]], since: datetime) -> list[Change]:
    """What stands otherwise since an instant, the newest first. `now` has each control's status and since when."""
    changes = [
        Change(control_id, before.get(control_id), status, at)
        for control_id, (status, at) in now.items()
        if at > since and before.get(control_id) != status
    ]
    return sorted(changes, key=lambda change: (change.at, change.control_id), reverse=True)


def _heaviest_first(gap: Gap) -> tuple[int, int, int, str]:
    return -gap.weight, _EFFORT_RANK.index(gap.effort), ORDER.index(gap.status), gap.control.id
