"""Steps that stop, start and resize an EC2 instance, and when they would do harm. No rules here."""

from domain.facts.resource import Resource
from domain.remediation.remedy import NoPlan
from domain.remediation.step import Call, Look, Step
from domain.rules.aws_instance import state

STATE = "Reservations.0.Instances.0.State.Name"
# Set by AWS on instances of a group. Source: EC2 Auto Scaling user guide, "Tag Auto Scaling groups and instances".
GROUP_TAG = "aws:autoscaling:groupName"
LOST_BY_STOPPING = "what was in memory or on disks of the host itself is gone, and a public address that is no Elastic"
LOSES = f"After a stop {LOST_BY_STOPPING} IP address is another one."


def group_of(instance: Resource) -> str | None:
    """The Auto Scaling group the instance is in."""
    return instance.tags.get(GROUP_TAG)


def refuse_unless_stoppable(instance: Resource) -> None:
    """Raises NoPlan for an instance that cannot be stopped, or would be replaced."""
    if instance.config.get("RootDeviceType") == "instance-store":
        raise NoPlan(f"{instance.name} starts from a disk of its host, which a stop would erase.")
    if instance.config.get("InstanceLifecycle"):
        raise NoPlan(f"{instance.name} is bought as {instance.config['InstanceLifecycle']} and is not to be stopped.")
    if group_of(instance):
        raise NoPlan(f"{instance.name} is in an Auto Scaling group, which would replace it.")


def stop(instance: Resource, name: str = "stop", says: str = "", undo: tuple[Step, ...] = ()) -> Step:
    """Stopping what is stopped changes nothing."""
    says = says or f"Stop {instance.native_id} and wait until it has stopped."
    return _switched("ec2.stop_instances", "stopped", instance.region, instance.native_id, name, says, undo)


def stop_other(instance_id: object, region: str | None, name: str, says: str) -> Step:
    """The same for an instance that only an answer names."""
    return _switched("ec2.stop_instances", "stopped", region, instance_id, name, says, ())


def start(instance: Resource, name: str = "start", undo: tuple[Step, ...] = ()) -> Step:
    """Starting what runs changes nothing."""
    says = f"Start {instance.native_id} again and wait until it runs."
    return _switched("ec2.start_instances", "running", instance.region, instance.native_id, name, says, undo)


def _switched(
    operation: str,
    wanted: str,
    region: str | None,
    instance_id: object,
    name: str,
    says: str,
    undo: tuple[Step, ...],
) -> Step:
    call = Call(operation=operation, region=region, arguments={"InstanceIds": [instance_id]})
    return Step(name=name, says=says, call=call, wait=until(wanted, instance_id, region), undo=undo)


def until(wanted: str, instance_id: object, region: str | None) -> Look:
    """Until an instance is in this state."""
    call = Call(operation="ec2.describe_instances", region=region, arguments={"InstanceIds": [instance_id]})
    return Look(call=call, path=STATE, ready=(wanted,), failed=() if wanted == "terminated" else ("terminated",))


def resized(instance: Resource, wanted: str, warning: str = "") -> tuple[Step, ...]:
    """Another type while it is stopped; it runs afterwards if it ran before.

    Raises NoPlan where it cannot be stopped, or is just going from one state to another.
    """
    refuse_unless_stoppable(instance)
    former = instance.config["InstanceType"]
    change = Step(
        name="resize",
        says=f"Make {instance.native_id} a {wanted} instead of a {former}.{warning}",
        call=_typed(instance, wanted),
        undo=(Step(name="back", says=f"Make {instance.native_id} a {former} again.", call=_typed(instance, former)),),
    )
    if state(instance) == "stopped":
        return (change,)
    if state(instance) != "running":
        raise NoPlan(f"{instance.name} neither runs nor is stopped.")
    first = stop(
        instance,
        says=f"Stop {instance.native_id}: {LOST_BY_STOPPING} IP address changes.",
        undo=(start(instance, name="start-again"),),
    )
    return (first, change, start(instance, undo=(stop(instance, name="stop-again"),)))


def _typed(instance: Resource, wanted: str) -> Call:
    return Call(
        operation="ec2.modify_instance_attribute",
        region=instance.region,
        arguments={"InstanceId": instance.native_id, "InstanceType": {"Value": wanted}},
    )
