"""What becomes of controls and scores once one fault is gone. Pure; what is foreseen is the least that is reached."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.compliance.control import Control, Item
from domain.compliance.framework import Framework
from domain.compliance.judging import roll_up, status_of
from domain.compliance.mending import Mend, Named, Outcome, mends_by
from domain.compliance.score import Statuses, score_of, standing_of, weights_of
from domain.facts.compliance import CheckStatus, Integration, Verdict

MENDABLE = (Verdict.FAIL, Verdict.WARNING)
UNWELL = (CheckStatus.FAIL, CheckStatus.WARNING)
NOT_FAR_ENOUGH = "The parameters of the control ask for more here than the remedy sets."


class ControlChange(BaseModel):
    """What becomes of a control. `left` things of it fail afterwards, in all accounts.

    `unforeseen` says why nothing is foreseen although the control may change as well; else None.
    """

    model_config = ConfigDict(frozen=True)

    control_id: str
    name: str
    before: CheckStatus
    after: CheckStatus
    left: int
    unforeseen: str | None = None


class RequirementChange(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    before: CheckStatus
    after: CheckStatus


class ScoreChange(BaseModel):
    """Of a framework, by its id and name; both None for all controls. Scores and assessed shares are ratios, 0 to 1.

    `changed` are the ids of what counts in it and changes: controls, and rules that it names.
    """

    model_config = ConfigDict(frozen=True)

    framework: str | None
    name: str | None
    before: float | None
    after: float | None
    assessed_before: float
    assessed_after: float
    changed: tuple[str, ...] = ()
    requirements: tuple[RequirementChange, ...] = ()


class Outlook(BaseModel):
    """What mending one fault does to controls and scores. `findings_left` are the other open findings of its rule; None
    where no framework the organization is held to names the rule.
    """

    model_config = ConfigDict(frozen=True)

    controls: tuple[ControlChange, ...] = ()
    scores: tuple[ScoreChange, ...] = ()
    findings_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckNow:
    """What one procedure says. `counts` are of all its items, the worst of which are in `items` where it `is_here`:
    where it judges the account of the resource.
    """

    control_id: str
    integration: Integration
    status: CheckStatus
    counts: Mapping[Verdict, int]
    is_here: bool = False
    items: Sequence[Item] = ()
    parameters: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """How an organization stands: its controls and the frameworks it is held to, and what is said now of each control
    and of the rules that frameworks name. `checks` are all of the controls that the rule mends.
    """

    controls: Sequence[Control]
    frameworks: Sequence[Framework]
    statuses: Statuses
    checks: Sequence[CheckNow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What would be gone. `rule_after` is what is said of the rule then, and `findings_left` are its other open
    findings; both None where no framework names it.
    """

    rule_id: str
    resource: Named
    rule_after: CheckStatus | None = None
    findings_left: int | None = None


def outlook_of(present: Present, fault: Fault) -> Outlook:
    """What becomes of controls and scores when the fault is gone and all else stays as it is said to be."""
    changes = control_changes(present, fault)
    scores = score_changes(present, fault, changes)
    return Outlook(controls=changes, scores=scores, findings_left=fault.findings_left)


def control_changes(present: Present, fault: Fault) -> tuple[ControlChange, ...]:
    """What becomes of each control that the rule mends and that does not hold because of the resource, by control.

    Controls of which nothing can be foreseen are among them while they do not hold in the account.
    """
    names = {control.id: control.name for control in present.controls}
    changes = (_changed(mend, names[mend.control_id], present, fault) for mend in _mends(fault, names))
    return tuple(change for change in changes if change is not None)


def score_changes(present: Present, fault: Fault, changes: Iterable[ControlChange]) -> tuple[ScoreChange, ...]:
    """What these changes make of the score of all controls, and then of each framework."""
    after = {**present.statuses, **{change.control_id: change.after for change in changes}}
    if fault.rule_after is not None:
        after[fault.rule_id] = fault.rule_after
    return tuple(_scored(framework, present, after) for framework in (None, *present.frameworks))


def _mends(fault: Fault, in_force: Mapping[str, str]) -> Iterator[Mend]:
    return (mend for mend in mends_by(fault.rule_id) if mend.control_id in in_force)


def _changed(mend: Mend, name: str, present: Present, fault: Fault) -> ControlChange | None:
    checks = [one for one in present.checks if one.control_id == mend.control_id]
    before = present.statuses.get(mend.control_id, CheckStatus.NOT_ASSESSED)
    failing = sum(one.counts.get(Verdict.FAIL, 0) for one in checks)
    here = next((one for one in checks if one.is_here and one.integration is mend.integration), None)
    if here is None or here.status not in UNWELL:
        return None
    told = {"control_id": mend.control_id, "name": name, "before": before}
    if mend.becomes is None or not mend.is_enough(here.parameters or {}):
        return ControlChange(**told, after=before, left=failing, unforeseen=mend.unforeseen or NOT_FAR_ENOUGH)
    mended = [item for item in here.items if item.verdict in MENDABLE and _is_of(item, mend, fault.resource)]
    if not mended:
        return None
    counts = _without(here.counts, mended, mend.becomes)
    rest = [one.status for one in checks if one is not here]
    after = roll_up([*rest, status_of([verdict for verdict, count in counts.items() if count > 0])])
    left = failing - sum(item.verdict is Verdict.FAIL for item in mended)
    return ControlChange(**told, after=after, left=left)


def _is_of(item: Item, mend: Mend, resource: Named) -> bool:
    return mend.names(item.resource, resource) and mend.is_mended(item.observed)


def _without(counts: Mapping[Verdict, int], mended: Sequence[Item], becomes: Outcome) -> Counter[Verdict]:
    """How many items have each verdict once these are mended."""
    left = Counter(counts)
    left.subtract(item.verdict for item in mended)
    if becomes is not Outcome.GONE:
        left[Verdict(becomes.value)] += len(mended)
    return left


def _scored(framework: Framework | None, present: Present, after: Statuses) -> ScoreChange:
    weights = weights_of(present.controls, framework)
    now, then = score_of(weights, present.statuses), score_of(weights, after)
    requirements = () if framework is None else framework.requirements
    standings = (
        (one, standing_of(one, present.statuses).status, standing_of(one, after).status) for one in requirements
    )
    return ScoreChange(
        framework=None if framework is None else framework.id,
        name=None if framework is None else framework.name,
        before=now.ratio,
        after=then.ratio,
        assessed_before=now.assessed_ratio,
        assessed_after=then.assessed_ratio,
        changed=tuple(id for id in weights if present.statuses.get(id) != after.get(id)),
        requirements=tuple(
            RequirementChange(id=one.id, name=one.name, before=was, after=will)
            for one, was, will in standings
            if was is not will
        ),
    )
