"""Machines of Compute Engine that run without use, are too large, or run at night for nobody."""

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules import gcp_example as example
from domain.rules.gcp_machine import must_survive_stop, started, stopped
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
from domain.rules.gcp_step import compute_step, scope
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

IDLE_RECOMMENDER = "google.compute.instance.IdleResourceRecommender"
SIZE_RECOMMENDER = "google.compute.instance.MachineTypeRecommender"
MACHINE = ResourceKind.GCP_INSTANCE


def is_idle(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the machine that Google calls idle still runs."""
    if not is_active(recommendation, IDLE_RECOMMENDER, "STOP_VM"):
        return None
    machine = target(recommendation, MACHINE, context, "gcp-vm-idle")
    if machine is None or machine.config.get("status") != "RUNNING":
        return None
    return observed(recommendation, f"Machine {machine.name} runs without use", status="RUNNING")


def stop(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """One stop."""
    machine = must_target(recommendation, MACHINE, context)
    must_survive_stop(machine)
    return (stopped(machine, "stop", undo=(started(machine, "start-again"),)),)


def is_too_large(recommendation: Resource, context: RuleContext) -> Observation | None:
    """Fires while the machine has another type than the recommended one, and that one is cheaper."""
    if not is_active(recommendation, SIZE_RECOMMENDER) or (cost(recommendation) or 0) >= 0:
        return None
    machine, better = (
        target(recommendation, MACHINE, context, "gcp-vm-rightsize"),
        wanted(recommendation, "/machineType"),
    )
    if machine is None or better is None or "machineType" not in machine.config:
        return None
    present = last(machine.config["machineType"])
    if present == last(better):
        return None
    return observed(
        recommendation, f"Machine {machine.name} is larger than its work", machineType=present, recommended=last(better)
    )


def resize(recommendation: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Stop, another type, start. A machine that is stopped stays so."""
    machine = must_target(recommendation, MACHINE, context)
    must_survive_stop(machine)
    changed = _typed(
        machine,
        "resize",
        last(wanted(recommendation, "/machineType")),
        undo=(_typed(machine, "resize-back", last(machine.config["machineType"])),),
    )
    status = machine.config.get("status")
    if status == "TERMINATED":
        return (changed,)
    if status != "RUNNING":
        raise NoPlan(f"{machine.name} is neither running nor stopped, but {status}.")
    return (
        stopped(machine, "stop", undo=(started(machine, "start-again"),)),
        changed,
        started(machine, "start", undo=(stopped(machine, "stop-again"),)),
    )


def _typed(machine: Resource, name: str, kind: str, undo: tuple[Step, ...] = ()) -> Step:
    where = scope(machine)
    arguments = {"instance": machine.name, "machineType": f"zones/{where['zone']}/machineTypes/{kind}"}
    says = f"Make {machine.name} a machine of type {kind}."
    return compute_step(name, says, "instances.setMachineType", where, arguments, undo=undo)


WEB = example.instance()
MANAGED = {"items": [{"key": "created-by", "value": "projects/1/zones/z/instanceGroupManagers/web"}]}
STOP_IT = example.recommendation(IDLE_RECOMMENDER, WEB.native_id, recommenderSubtype="STOP_VM")
SMALLER = {
    "action": "replace",
    "path": "/machineType",
    "value": f"zones/{example.ZONE}/machineTypes/n2-standard-2",
}
RESIZE_IT = example.recommendation(SIZE_RECOMMENDER, WEB.native_id, changes=({"action": "test"}, SMALLER))

IDLE = Rule(
    id="gcp-vm-idle",
    title="Machine runs without use",
    description="A machine that does next to nothing is billed as one that works. Stopped, it costs its disks only.",
    category=FindingCategory.FINOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.computeInstanceIdleResourceRecommendations.list", "compute.instances.list"),
    source=SOURCE.format(IDLE_RECOMMENDER),
    blind_spots="Google looks at processor and network of some days: work that comes once a month is not seen.",
    needs=NEEDS,
    also_reads=(MACHINE,),
    check=is_idle,
    group="idle",
    remedy=Remedy(
        says="Stops the machine.",
        plan=stop,
        reversible=Reversible.YES,
        permissions=("compute.instances.stop", "compute.instances.start", "compute.zoneOperations.get"),
    ),
    examples=(
        # 30 USD in 30 days are 30.42 USD in a month of 30.4167.
        fires(STOP_IT, WEB),
        fires(STOP_IT, example.instance(metadata=MANAGED)),
        fires(STOP_IT, example.instance(disks=[{"type": "SCRATCH"}])),
        quiet(STOP_IT, example.instance(status="TERMINATED")),
        quiet(STOP_IT, example.instance(tags={"remediation-exempt": "gcp-vm-idle"})),
        quiet(STOP_IT),
        quiet(RESIZE_IT, WEB),
    ),
)

TOO_LARGE = Rule(
    id="gcp-vm-rightsize",
    title="Machine is larger than its work",
    description="Google has watched processor and memory and names a cheaper machine type that is large enough.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=KIND,
    permissions=("recommender.computeInstanceMachineTypeRecommendations.list", "compute.instances.list"),
    source=SOURCE.format(SIZE_RECOMMENDER),
    blind_spots="Memory is seen only where the monitoring agent runs, and no longer than some days back.",
    needs=NEEDS,
    also_reads=(MACHINE,),
    check=is_too_large,
    group="rightsizing",
    remedy=Remedy(
        says="Stops the machine, gives it the recommended type and starts it again.",
        plan=resize,
        reversible=Reversible.YES,
        permissions=(
            "compute.instances.stop",
            "compute.instances.setMachineType",
            "compute.instances.start",
            "compute.zoneOperations.get",
        ),
    ),
    examples=(
        fires(RESIZE_IT, WEB),
        fires(RESIZE_IT, example.instance(status="TERMINATED")),
        fires(RESIZE_IT, example.instance(status="STOPPING")),
        quiet(RESIZE_IT, example.instance(machineType=SMALLER["value"])),
        quiet(RESIZE_IT),
        quiet(example.recommendation(SIZE_RECOMMENDER, WEB.native_id, changes=(SMALLER,), primaryImpact={}), WEB),
        quiet(STOP_IT, WEB),
    ),
)
