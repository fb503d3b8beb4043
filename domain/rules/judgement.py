"""Runs rules over what a sync read, and tells silence from not knowing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.facts.inventory import InventorySnapshot, Listed
from domain.facts.resource import Resource
from domain.rules.rule import NOTHING, Observation, Rule, RuleContext, Setting

EXEMPTION_TAG = "remediation-exempt"
# AWS allows no * in the tags of IAM and some other services (IAM TagUser), so a word stands for it too.
EXEMPT_FROM_ALL = frozenset({"*", "all"})


class Verdict(StrEnum):
    """UNKNOWN: nothing was seen, but not everything was read, so silence proves nothing."""

    FIRES = "FIRES"
    QUIET = "QUIET"
    EXEMPT = "EXEMPT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One rule on one resource. `observation` is there exactly when the verdict is FIRES."""

    rule: Rule
    resource: Resource
    verdict: Verdict
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class JudgedInventory:
    """The judgements over what a sync read. A rule in `rules` was tried on every listed resource of its kind.

    `judgements` may leave out resources on which a rule neither fires nor has a stored finding. `off` are the ids of
    the rules that the tenant has switched off: they were not tried, and what they have found is over.
    """

    snapshot: Listed
    rules: tuple[Rule, ...]
    judgements: tuple[Judgement, ...] = field(repr=False)
    off: frozenset[str] = frozenset()


def judge_inventory(
    rules: Iterable[Rule],
    snapshot: InventorySnapshot,
    context: RuleContext,
    chosen: Mapping[str, Mapping[str, Setting]] = NOTHING,
) -> JudgedInventory:
    """Tries every rule on every resource of its kind.

    `context` gives the time, bills and changes; everything else of it is filled in here. `chosen` holds the
    tenant's own parameters: rule id -> parameter -> value.
    """
    tried = tuple(rules)
    whole = replace(context, resources={(one.kind, one.native_id): one for one in snapshot.resources})
    judgements = judge_resources(tried, snapshot.resources, snapshot, whole, chosen)
    return JudgedInventory(snapshot=snapshot, rules=tried, judgements=tuple(judgements))


def judge_resources(
    rules: Iterable[Rule],
    resources: Sequence[Resource],
    snapshot: Listed,
    context: RuleContext,
    chosen: Mapping[str, Mapping[str, Setting]] = NOTHING,
) -> list[Judgement]:
    """Tries every rule on those of these resources that are of its kind; what rules look up is in `context`."""
    judgements = []
    for rule in rules:
        settings = rule.settings(chosen.get(rule.id, NOTHING))
        own = replace(context, parameters=settings, is_listed=snapshot.is_listed)
        # By native id: a resource listed twice, for example through two regions, is judged once.
        subjects = {one.native_id: one for one in resources if one.kind is rule.applies_to}
        judgements += [judge(rule, resource, snapshot, own) for resource in subjects.values()]
    return judgements


def judge(rule: Rule, resource: Resource, snapshot: Listed, context: RuleContext) -> Judgement:
    """One rule on one resource; `snapshot` tells what could not be read, and `context` the same to the check itself."""
    if is_exempt(resource, rule.id):
        return Judgement(rule, resource, Verdict.EXEMPT)
    observation = rule.check(resource, context)
    if observation is not None:
        return Judgement(rule, resource, Verdict.FIRES, observation)
    return Judgement(rule, resource, Verdict.QUIET if _is_known(rule, resource, snapshot) else Verdict.UNKNOWN)


def is_exempt(resource: Resource, rule_id: str) -> bool:
    """Whether the tag `remediation-exempt` names this rule, or all rules. Spaces, commas or colons part ids."""
    value = resource.tags.get(EXEMPTION_TAG, "")
    named = set(value.lower().replace(",", " ").replace(":", " ").split())
    return rule_id in named or not named.isdisjoint(EXEMPT_FROM_ALL)


def _is_known(rule: Rule, resource: Resource, snapshot: Listed) -> bool:
    has_details = all(key in resource.config for key in rule.needs) and resource.unread.isdisjoint(rule.may_need)
    return has_details and all(snapshot.is_listed(kind, resource.region) for kind in rule.also_reads)
