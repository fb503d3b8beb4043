"""How much of what must hold does: scores of controls, and what they make of requirements. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from domain.compliance.control import Control
from domain.compliance.framework import Framework, Requirement
from domain.compliance.judging import roll_up
from domain.facts.compliance import WEIGHTS, CheckStatus
from domain.rules.registry import all_rules

# By id of a control, or of a rule where the findings speak.
Statuses = Mapping[str, CheckStatus]
Weights = Mapping[str, int]

# In halves, so that sums stay whole. What is not here counts for nothing.
HALVES = {CheckStatus.PASS: 2, CheckStatus.WARNING: 1, CheckStatus.FAIL: 0, CheckStatus.ERROR: 0}
# Of these nothing was seen, or not all of it.
UNSEEN = (CheckStatus.NOT_ASSESSED, CheckStatus.ERROR)


@dataclass(frozen=True, slots=True)
class Score:
    """`ratio` is the weight that holds over the weight that counts, 0 to 1; None where nothing counts.

    `assessed` of `total` controls were seen in whole; `counts` are the controls by status.
    """

    ratio: float | None
    assessed: int
    total: int
    counts: Mapping[CheckStatus, int]

    @property
    def assessed_ratio(self) -> float:
        return self.assessed / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of a requirement. `assessed` of `total` of what answers it was seen in whole."""

    status: CheckStatus
    assessed: int
    total: int


def weights_of(controls: Iterable[Control], framework: Framework | None = None) -> dict[str, int]:
    """What each control counts: those of the framework with the rules it names, or all of them."""
    named = [one for one in controls if framework is None or one.id in framework.controls]
    weights = {control.id: WEIGHTS[control.severity] for control in named}
    rules = frozenset[str]() if framework is None else framework.findings
    return weights | {rule.id: WEIGHTS[rule.severity] for rule in all_rules() if rule.id in rules}


def score_of(weights: Weights, statuses: Statuses) -> Score:
    """The score of what has a weight. What has no status was not assessed."""
    found = {id: statuses.get(id, CheckStatus.NOT_ASSESSED) for id in weights}
    counts = Counter(found.values())
    unseen = sum(counts[status] for status in UNSEEN)
    return Score(_ratio(weights, found), len(found) - unseen, len(found), counts)


def standing_of(requirement: Requirement, statuses: Statuses) -> Standing:
    """The worst of what answers the requirement; not assessed where nothing does."""
    named = (*requirement.controls, *requirement.findings)
    found = [statuses.get(id, CheckStatus.NOT_ASSESSED) for id in named]
    return Standing(roll_up(found), sum(status not in UNSEEN for status in found), len(found))


def rolled_up(rows: Iterable[tuple[str, CheckStatus]]) -> dict[str, CheckStatus]:
    """One status for each control from (control, status) of its checks."""
    gathered: dict[str, list[CheckStatus]] = {}
    for control_id, status in rows:
        gathered.setdefault(control_id, []).append(status)
    return {control_id: roll_up(statuses) for control_id, statuses in gathered.items()}


def gain_of(id: str, weights: Weights, statuses: Statuses) -> float:
    """By how much the score rises when this one holds and all else stays."""
    before = _ratio(weights, statuses) or 0.0
    after = _ratio(weights, {**statuses, id: CheckStatus.PASS}) or 0.0
    return after - before


def answering(control_id: str, frameworks: Collection[Framework]) -> list[tuple[Framework, Requirement]]:
    """The requirements that a control answers, framework by framework."""
    return [
        (framework, requirement)
        for framework in frameworks
        for requirement in framework.requirements
        if control_id in requirement.controls
    ]


def _ratio(weights: Weights, statuses: Statuses) -> float | None:
    counted = {id: HALVES[statuses[id]] for id in weights if statuses.get(id) in HALVES}
    possible = sum(2 * weights[id] for id in counted)
    return sum(weights[id] * halves for id, halves in counted.items()) / possible if possible else None
