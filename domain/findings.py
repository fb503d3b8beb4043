"""The life cycle of findings, as arithmetic: what was known, what a sync judged, what changes.

A finding belongs to one account, rule and resource. What a sync could not read changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.facts.finding import FindingState
from domain.rules.judgement import JudgedInventory, Judgement, Verdict
from domain.rules.rule import Rule


@dataclass(frozen=True, slots=True, order=True)
class FindingKey:
    """`account_id` is CloudWatcher's own id of the account; `native_id` is the resource's."""

    account_id: str
    rule_id: str
    native_id: str


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """A stored finding. `region` is its resource's."""

    key: FindingKey
    state: FindingState
    region: str | None = None


class Resolution(StrEnum):
    """Why a finding is over: the fault is gone, the resource is gone, or a person has exempted it: its owner by a tag,
    or the tenant by switching the rule off.
    """

    FIXED = "FIXED"
    GONE = "GONE"
    EXEMPTED = "EXEMPTED"


@dataclass(frozen=True, slots=True)
class FiringFinding:
    """A finding whose fault is there now; the judgement carries rule, resource and observation."""

    key: FindingKey
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class ResolvedFinding:
    """`is_off`: it is over because the tenant has switched the rule off."""

    key: FindingKey
    resolution: Resolution
    is_off: bool = False

    @property
    def says(self) -> str | None:
        """Why it is over, in a sentence; None where the fault is gone, which needs no words."""
        if self.is_off:
            return "EXEMPTED: the rule is switched off in this organization."
        return {
            Resolution.FIXED: None,
            Resolution.GONE: "GONE: a complete read no longer listed the resource.",
            Resolution.EXEMPTED: "EXEMPTED: a tag of the resource exempts it from the rule.",
        }[self.resolution]


@dataclass(frozen=True, slots=True)
class FindingChanges:
    """Each finding appears at most once, in key order; one that appears nowhere stays as it is.

    `refreshed` were open or suppressed and still fire (they keep their state); `reopened` were resolved before.
    """

    opened: tuple[FiringFinding, ...]
    refreshed: tuple[FiringFinding, ...]
    reopened: tuple[FiringFinding, ...]
    resolved: tuple[ResolvedFinding, ...]


def compare(account_id: str, known: Iterable[KnownFinding], judged: JudgedInventory) -> FindingChanges:
    """What the sync behind `judged` changes in the stored findings of this account.

    `known` are all stored findings of the account, or at least those that are not resolved and those on resources the
    sync saw. A finding whose rule was not tried, or whose resource may merely not have been listed, is left alone.
    """
    before = {finding.key: finding for finding in known if finding.key.account_id == account_id}
    judgements = {_key(account_id, judgement): judgement for judgement in judged.judgements}
    firing = [FiringFinding(key, one) for key, one in sorted(judgements.items()) if one.verdict is Verdict.FIRES]
    states = {finding.key: _state_before(before, finding.key) for finding in firing}
    return FindingChanges(
        opened=tuple(one for one in firing if states[one.key] is None),
        refreshed=tuple(one for one in firing if states[one.key] in (FindingState.OPEN, FindingState.SUPPRESSED)),
        reopened=tuple(one for one in firing if states[one.key] is FindingState.RESOLVED),
        resolved=_resolved(before, judgements, judged),
    )


def _key(account_id: str, judgement: Judgement) -> FindingKey:
    return FindingKey(account_id, judgement.rule.id, judgement.resource.native_id)


def _state_before(before: dict[FindingKey, KnownFinding], key: FindingKey) -> FindingState | None:
    return before[key].state if key in before else None


def _resolved(
    before: dict[FindingKey, KnownFinding], judgements: dict[FindingKey, Judgement], judged: JudgedInventory
) -> tuple[ResolvedFinding, ...]:
    rules = {rule.id: rule for rule in judged.rules}
    ended = []
    for key, finding in sorted(before.items()):
        if key.rule_id in judged.off and finding.state is not FindingState.RESOLVED:
            ended.append(ResolvedFinding(key, Resolution.EXEMPTED, is_off=True))
            continue
        rule = rules.get(key.rule_id)
        if rule is None or finding.state is FindingState.RESOLVED:
            continue
        resolution = _resolution(finding, rule, judgements.get(key), judged)
        if resolution is not None:
            ended.append(ResolvedFinding(key, resolution))
    return tuple(ended)


def _resolution(
    finding: KnownFinding, rule: Rule, judgement: Judgement | None, judged: JudgedInventory
) -> Resolution | None:
    if judgement is None:
        is_gone = judged.snapshot.is_listed(rule.applies_to, finding.region)
        return Resolution.GONE if is_gone else None
    if judgement.verdict is Verdict.EXEMPT:
        return Resolution.EXEMPTED
    return Resolution.FIXED if judgement.verdict is Verdict.QUIET else None
