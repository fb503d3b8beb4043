"""Managed instance groups whose machines are larger than their work."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_recommendation import (
    KIND,
    NEEDS,
    SOURCE,
    cost,
    is_active,
    last,
    must_target,
    observed,
    target,
    wanted,
)
from domain.rules.gcp_step import compute_step, made_step, scope
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

RECOMMENDER = "google.compute.instanceGroupManager.MachineTypeRecommender"
GROUP = ResourceKind.GCP_INSTANCE_GROUP_MANAGER
# Source: Compute Engine, naming resources.
LONGEST_NAME = 63


def is_too_large(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires until the group has a template that is named for the recommended type."""
    if not is_active(recommendation, RECOMMENDER) or (cost(recommendation) or 0) >= 0:
        return None
    group, better = target(recommendation, GROUP, context, "gcp-mig-rightsize"), _better(recommendation)
    if group is None or not better or not group.config.get("instanceTemplate"):
        return None
    present = last(group.config["instanceTemplate"])
    if present.endswith(f"-{better}"):
        return None
    return observed(
        recommendation,
        f"The machines of the group {group.name} are larger than their work",
        instanceTemplate=present,
        recommended=better,
    )


def give_template(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """A template like the present one with the recommended type, and the group with it."""
    group, better = must_target(recommendation, GROUP, context), _better(recommendation)
    link = str(group.config["instanceTemplate"])
    where = scope(group)
    if "zone" not in where or "/global/" not in link:
        raise NoPlan(f"The group {group.name} or its template is regional.")
    if len(group.config.get("versions") or ()) > 1:
        raise NoPlan(f"The group {group.name} has two versions of machines side by side.")
    present = last(link)
    name = f"{present[: LONGEST_NAME - len(better) - 1]}-{better}"
    copied = made_step(
        "template",
        f"Make the template {name}, like {present} with machines of type {better}. It stays when this is undone.",
        "instanceTemplates.insert",
        {},
        {"instanceTemplate": present, "change": {"name": name, "machineType": better}},
        ("instanceTemplates.list", {}),
    )
    given = _given(group, "switch", name, undo=(_given(group, "switch-back", present),))
    return (copied, given)


def _given(group: Resource, name: str, template: str, undo: tuple[Step, ...] = ()) -> Step:
    arguments = {"instanceGroupManager": group.name, "instanceTemplate": f"global/instanceTemplates/{template}"}
    says = (
        f"Let {group.name} make its machines by the template {template}. Those that run stay as they are until they "
        "are replaced, unless the group replaces them by itself."
    )
    return compute_step(name, says, "instanceGroupManagers.setInstanceTemplate", scope(group), arguments, undo=undo)


def _better(recommendation: Resource) -> str:
    """The recommended type; "" where none is named."""
    overview = (recommendation.config.get("content") or {}).get("overview") or {}
    named = wanted(recommendation, "/machineType") or (overview.get("recommendedMachineType") or {}).get("name")
    return last(named or "")


def _group(place: str = f"zones/{example.ZONE}", **config: Any) -> Resource:
    plain = {"instanceTemplate": f"{example.LINK}/global/instanceTemplates/web-1", "targetSize": 3}
    return example.compute(GROUP, f"{place}/instanceGroupManagers/web", **{**plain, **config})


SMALLER = {"action": "replace", "path": "/properties/machineType", "value": "n2-standard-2"}
WEB = _group()
RESIZE_IT = example.recommendation(RECOMMENDER, WEB.native_id, changes=({"action": "test"}, SMALLER))
BY_OVERVIEW = example.recommendation(
    RECOMMENDER,
    "",
    content={"overview": {"resourceName": WEB.native_id, "recommendedMachineType": {"name": "e2-small"}}},
)
REGIONAL = _group("regions/us-central1")
TWO = [{"instanceTemplate": "a"}, {"instanceTemplate": "b"}]

TOO_LARGE = Rule(
    id="gcp-mig-rightsize",
    title="Machines of a group are larger than their work",
    description="Google has watched the machines of the group and names a cheaper type that is large enough.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=(
        "recommender.computeInstanceGroupManagerMachineTypeRecommendations.list",
        "compute.instanceGroupManagers.list",
    ),
    source=SOURCE.format(RECOMMENDER),
    blind_spots="A template is known by its name, which ends with the machine type where CloudWatcher made it: another "
    "template of the right type fires until Google looks again.",
    needs=NEEDS,
    also_reads=(GROUP,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Copies the template with the recommended machine type and gives the copy to the group.",
        plan=give_template,
        reversible=Reversible.YES,
        permissions=(
            "compute.instanceTemplates.create",
            "compute.instanceTemplates.get",
            "compute.instanceTemplates.list",
            "compute.instanceTemplates.useReadOnly",
            "iam.serviceAccounts.actAs",
            "compute.instanceGroupManagers.update",
            "compute.globalOperations.get",
            "compute.zoneOperations.get",
        ),
    ),
    examples=(
        fires(RESIZE_IT, WEB),
        fires(BY_OVERVIEW, WEB),
        fires(RESIZE_IT, _group(versions=TWO)),
        fires(
            example.recommendation(RECOMMENDER, REGIONAL.native_id, changes=(SMALLER,)),
            REGIONAL,
        ),
        quiet(RESIZE_IT, _group(instanceTemplate=f"{example.LINK}/global/instanceTemplates/web-1-n2-standard-2")),
        quiet(RESIZE_IT),
        quiet(example.recommendation("google.compute.other.Recommender", WEB.native_id), WEB),
    ),
)
