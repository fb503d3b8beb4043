"""Machines of Compute Engine: what stopping one means. No rules here."""

from domain.facts.resource import Resource
from domain.remediation.remedy import NoPlan
from domain.remediation.step import Step
from domain.rules.gcp_step import compute_step, scope

MANAGED_BY = "created-by"
STOP_LOSES = "It keeps its disks and its internal address; an external address that is not reserved changes."


def group_of(instance: Resource) -> str | None:
    """The managed instance group that made it, which would undo what is done to it; None for a machine of its own."""
    items = (instance.config.get("metadata") or {}).get("items") or []
    return next((one.get("value") for one in items if one.get("key") == MANAGED_BY), None)


def must_survive_stop(instance: Resource) -> None:
    """Raises NoPlan for a machine that a stop would harm, or that its group would start again."""
    if group_of(instance) is not None:
        raise NoPlan(f"{instance.name} belongs to a managed instance group, which would make it anew.")
    if any(disk.get("type") == "SCRATCH" for disk in instance.config.get("disks") or ()):
        raise NoPlan(f"{instance.name} has local SSDs, which lose what they hold when it stops.")


def stopped(instance: Resource, name: str, undo: tuple[Step, ...] = ()) -> Step:
    """A stop, which comes to the same for a machine that stands."""
    says = f"Stop {instance.name}. {STOP_LOSES}"
    return compute_step(name, says, "instances.stop", scope(instance), {"instance": instance.name}, undo=undo)


def started(instance: Resource, name: str, undo: tuple[Step, ...] = ()) -> Step:
    """A start, which comes to the same for a machine that runs."""
    arguments = {"instance": instance.name}
    return compute_step(name, f"Start {instance.name}.", "instances.start", scope(instance), arguments, undo=undo)
