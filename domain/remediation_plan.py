"""A plan: what exactly would be done, what that rests on, and the hash that an approval is bound to."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.audit.canonical import canonical
from domain.compliance.score_change import Outlook
from domain.facts.money import Money
from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan, Reversible
from domain.remediation.step import Step
from domain.resource_content import without
from domain.rules.judgement import is_exempt
from domain.rules.rule import Rule, RuleContext

# Measurements move with every read; a plan rests on what is set, not on what was measured.
MEASURED = "Metrics"
DEPENDENTS_SHOWN = 100
# What is this short is a word, not the id of anything.
SHORTEST_ID = 6


class Dependent(BaseModel):
    """Something whose configuration names what would be changed."""

    model_config = ConfigDict(frozen=True)

    kind: ResourceKind
    native_id: str
    name: str


class Plan(BaseModel):
    """`observed` is what the resource was like, without measurements; `reason` and the saving are the finding's.

    `dependents` are what is known to refer to the resource, at most a hundred of `dependents_count`. `outlook` is what
    mending does to controls and scores; None where the rule mends no control.
    """

    model_config = ConfigDict(frozen=True)

    rule_id: str
    rule_version: int
    kind: ResourceKind
    native_id: str
    name: str
    region: str | None
    says: str
    reason: str
    steps: tuple[Step, ...]
    observed: dict[str, Any]
    reversible: Reversible
    loses: str
    saving: Money | None
    saving_formula: str | None
    permissions: tuple[str, ...]
    dependents: tuple[Dependent, ...] = ()
    dependents_count: int = 0
    outlook: Outlook | None = None

    @property
    def hash(self) -> str:
        """SHA-256, in hex, over the rule, the resource, every argument of every call, and what was observed."""
        bound = {"rule_id", "rule_version", "kind", "native_id", "region", "steps", "observed"}
        return hashlib.sha256(canonical(self.model_dump(mode="json", include=bound))).hexdigest()


def make_plan(rule: Rule, resource: Resource, context: RuleContext, volatile: Collection[str]) -> Plan:
    """The plan for a resource on which the rule fires in `context`, with the rule's parameters; without dependents.

    `volatile` are dotted paths of its configuration that move by themselves. Raises NoPlan where the rule is quiet,
    something it needs could not be read, or nothing can be done.
    """
    if is_exempt(resource, rule.id):
        raise NoPlan(f"{resource.name} is exempt by its tag.")
    if rule.remedy is None:
        raise NoPlan(rule.manual or "Nobody has written down yet how this is mended.")
    observation = rule.check(resource, context)
    if observation is None:
        raise NoPlan("The fault is not there any more.")
    if resource.unread - {MEASURED}:
        raise NoPlan(f"Of {resource.name} this could not be read: {', '.join(sorted(resource.unread))}.")
    steps = rule.remedy.plan(resource, context)
    return Plan(
        rule_id=rule.id,
        rule_version=rule.remedy.version,
        kind=resource.kind,
        native_id=resource.native_id,
        name=resource.name,
        region=resource.region,
        says=rule.remedy.says,
        reason=observation.reason,
        steps=steps,
        observed=lasting(resource, volatile),
        reversible=rule.remedy.reversible,
        loses=rule.remedy.loses,
        saving=observation.estimated_monthly_saving,
        saving_formula=observation.saving_formula,
        permissions=rule.remedy.permissions,
    )


def lasting(resource: Resource, volatile: Collection[str]) -> dict[str, Any]:
    """What a resource is like, without what moves by itself."""
    config = {key: value for key, value in resource.config.items() if key != MEASURED}
    return {"config": without(config, volatile), "tags": dict(resource.tags)}


def with_dependents(plan: Plan, dependents: Sequence[Dependent]) -> Plan:
    """The plan that says what refers to its resource; its hash stays."""
    shown = tuple(sorted(dependents, key=lambda one: (one.kind, one.native_id))[:DEPENDENTS_SHOWN])
    return plan.model_copy(update={"dependents": shown, "dependents_count": len(dependents)})


def dependents_of(resource: Resource, others: Iterable[Resource]) -> list[Dependent]:
    """Those among `others` whose configuration holds the id of the resource, as a value or as the end of a path."""
    native_id = resource.native_id
    if len(native_id) < SHORTEST_ID:
        return []
    return [
        Dependent(kind=other.kind, native_id=other.native_id, name=other.name)
        for other in others
        if (other.kind, other.native_id) != (resource.kind, native_id)
        and any(text == native_id or text.endswith(f"/{native_id}") for text in texts_in(other.config))
    ]


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_in(inner)


class Task(NamedTuple):
    """One step to make. `key` names it in the journal; `scope` are the keys whose answers it may take, by step name."""

    key: str
    step: Step
    scope: Mapping[str, str]


def forward(steps: tuple[Step, ...]) -> list[Task]:
    """The steps in their order."""
    names = [step.name for step in steps]
    return [Task(step.name, step, {name: name for name in names[: number + 1]}) for number, step in enumerate(steps)]


def backward(steps: tuple[Step, ...], made: Collection[str]) -> list[Task]:
    """What takes back those of the steps that were made, the last one first."""
    tasks = []
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        if step.name not in made:
            continue
        scope = {earlier.name: earlier.name for earlier in steps[: number + 1]}
        for undoing in step.undo:
            key = f"{step.name}/{undoing.name}"
            scope = {**scope, undoing.name: key}
            tasks.append(Task(key, undoing, scope))
    return tasks


def is_undoable(steps: tuple[Step, ...], made: Collection[str]) -> bool:
    """Whether taking back what was made changes anything."""
    return any(step.undo for step in steps if step.name in made)
