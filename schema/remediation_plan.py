"""What a remediation would do, and what it would do to controls and scores."""

import strawberry
from strawberry.scalars import JSON

from domain.compliance.score_change import Outlook, ScoreChange
from domain.facts.compliance import CheckStatus
from domain.remediation.remedy import Reversible
from domain.remediation.step import Step
from domain.remediation_plan import Plan, backward
from schema import compliance_values as compliance_values
from schema import remediation_values as remediation_values
from schema.directives import Cost
from schema.node import said


@strawberry.type(description="One call of a plan.")
class RemediationStep:
    key: str = said("What the calls of the journal name it by.")
    says: str = said("What it does, in plain words.")
    operation: str = said("The call, as the provider's documentation names it.")
    region: str | None = said("Where it is made; null for the account's home.")
    arguments: JSON = said(
        "What is sent. {$token} is a text of its own for each step, {$answer, path} a value of an earlier answer."
    )
    is_reversible: bool = said("Whether something takes it back.")


@strawberry.type(description="Something whose configuration names what would be changed.")
class RemediationDependent:
    kind: str = said("What kind of resource it is.")
    native_id: str = said("Its id at the provider.")
    name: str = said("Its name.")


@strawberry.type(description="What becomes of a control once the fault is gone.")
class RemediationControlChange:
    control_id: str = said("Id of the control, or of a check of a bundle.")
    name: str = said("What it is called.")
    before: CheckStatus = said("What is said of it now, in the organization.")
    after: CheckStatus = said("What is said of it afterwards at least: the same while other things of it do not hold.")
    left: int = said("How many things of it fail afterwards, in all accounts.")
    unforeseen: str | None = said("Why nothing is foreseen although it may change as well; null where it is.")


@strawberry.type(description="A requirement that changes with its controls or rules.")
class RemediationRequirementChange:
    key: str = said("Id of the requirement.")
    name: str = said("What it asks for.")
    before: CheckStatus = said("What is said of it now.")
    after: CheckStatus = said("What is said of it afterwards at least.")


@strawberry.type(description="What becomes of a score once the fault is gone and all else stays.")
class RemediationScoreChange:
    framework: str | None = said("Id of the framework; null for all controls.")
    name: str | None = said("What the framework is called; null for all controls.")
    before: float | None = said("The score when it was planned, 0 to 1; null where nothing counts.")
    after: float | None = said("The score afterwards at least, 0 to 1; null where nothing counts.")
    assessed_before: float = said(
        "The share that could be looked at in whole when it was planned: read the score with it."
    )
    assessed_after: float = said("That share afterwards.")
    changed: list[str] = said("Ids of the controls, and of rules that the framework names, that change.")
    requirements: list[RemediationRequirementChange] = said(
        "The requirements that change.", directives=(Cost(list_size=10),)
    )


@strawberry.type(description="What exactly would be done, and what that rests on.")
class RemediationPlan:
    hash: str = said("SHA-256 over the rule, the resource, every argument and the observed state; approvals name it.")
    says: str = said("What it does, in one sentence.")
    reason: str = said("Why the rule fires.")
    steps: list[RemediationStep] = said("The calls, in their order.")
    undo: list[RemediationStep] = said("The calls that would take everything back, in their order.")
    reversible: Reversible = said("Whether undoing restores what was there.")
    loses: str | None = said("What an undo does not bring back; null where everything comes back.")
    observed: JSON = said("What the resource was like, in the provider's own names.")
    permissions: list[str] = said("What acting needs, as the provider prints it.")
    dependents: list[RemediationDependent] = said("What is known to refer to the resource, a hundred at most.")
    dependents_count: int = said("How many there are.")
    control_changes: list[RemediationControlChange] = said(
        "The controls that the rule mends and that do not hold in the account, as the checks were when it was planned.",
        directives=(Cost(list_size=4),),
    )
    score_changes: list[RemediationScoreChange] = said(
        "The score of all controls, then of each framework that is switched on; empty where the rule mends no control "
        "and no such framework names it.",
        directives=(Cost(list_size=6),),
    )
    findings_left: int | None = said(
        "How many other findings of the rule are open; null where no framework that is switched on names it."
    )


def shown_plan(plan: Plan) -> RemediationPlan:
    """The plan as the graph tells it."""
    outlook = plan.outlook or Outlook()
    return RemediationPlan(
        hash=plan.hash,
        says=plan.says,
        reason=plan.reason,
        steps=[_step(step.name, step, is_reversible=bool(step.undo)) for step in plan.steps],
        undo=[
            _step(task.key, task.step, is_reversible=False)
            for task in backward(plan.steps, [step.name for step in plan.steps])
        ],
        reversible=plan.reversible,
        loses=plan.loses or None,
        observed=JSON(plan.observed),
        permissions=list(plan.permissions),
        dependents=[
            RemediationDependent(kind=one.kind.value, native_id=one.native_id, name=one.name) for one in plan.dependents
        ],
        dependents_count=plan.dependents_count,
        control_changes=[RemediationControlChange(**dict(one)) for one in outlook.controls],
        score_changes=[_score(one) for one in outlook.scores],
        findings_left=outlook.findings_left,
    )


def _score(change: ScoreChange) -> RemediationScoreChange:
    requirements = [
        RemediationRequirementChange(key=one.id, name=one.name, before=one.before, after=one.after)
        for one in change.requirements
    ]
    plain = change.model_dump(exclude={"requirements", "changed"})
    return RemediationScoreChange(**plain, changed=list(change.changed), requirements=requirements)


def _step(key: str, step: Step, *, is_reversible: bool) -> RemediationStep:
    return RemediationStep(
        key=key,
        says=step.says,
        operation=step.call.operation,
        region=step.call.region,
        arguments=JSON(step.call.arguments),
        is_reversible=is_reversible,
    )
