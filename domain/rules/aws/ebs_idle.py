"""EBS volumes that hang on instances which have long been stopped."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step, answer
from domain.rules.aws_instance import stopped_since
from domain.rules.aws_volume import described, saving_with_snapshot
from domain.rules.aws_volume_step import MISSING, STATE, deleted, made_again, snapshot_of, volume_look
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# What AWS suggests for the disk that a machine starts from. Source: EC2 user guide, "Device names for volumes".
ROOT_DEVICES = ("/dev/sda1", "/dev/xvda")


def serves_only_stopped_instances(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires when every instance the volume is attached to has been stopped for longer than `min_days`."""
    instance_ids = [one["InstanceId"] for one in volume.config.get("Attachments") or [] if one.get("InstanceId")]
    stops = [_stopped_at(instance_id, context) for instance_id in instance_ids]
    known = [stop for stop in stops if stop is not None and context.now - stop > context.days("min_days")]
    if not known or len(known) < len(stops):
        return None
    saving, formula = saving_with_snapshot([volume], context) or (None, None)
    named, since = " and ".join(instance_ids), max(known)
    return Observation(
        reason=f"{described(volume)} serves only {named}, stopped since {since:%Y-%m-%d}, and is billed in full.",
        observed={"instances": instance_ids, "stopped_since": since.isoformat()},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _stopped_at(instance_id: str, context: RuleContext) -> datetime | None:
    instance = context.find(ResourceKind.AWS_EC2_INSTANCE, instance_id)
    return stopped_since(instance) if instance else None


def detach_and_replace_with_snapshot(volume: Resource, _: RuleContext) -> tuple[Step, ...]:
    """A snapshot, and once that is whole the volume is taken off its instances and goes."""
    attachments = [one for one in volume.config["Attachments"] if one.get("InstanceId")]
    if any(not one.get("Device") for one in attachments):
        raise NoPlan(f"AWS does not say as which device {volume.native_id} is attached, so it could not be put back.")
    copied = [_attached(volume, answer("create", "VolumeId"), one, number) for number, one in enumerate(attachments)]
    detached = [_detached(volume, one, number) for number, one in enumerate(attachments)]
    # It is in use until the last instance has let go of it.
    free = Look(call=volume_look(volume.region, volume.native_id), path=STATE, ready=("available",))
    detached[-1] = detached[-1].model_copy(update={"wait": free})
    return (snapshot_of(volume), *detached, deleted(volume, undo=(made_again(volume), *copied)))


def _detached(volume: Resource, attachment: dict[str, Any], number: int) -> Step:
    instance_id, device = attachment["InstanceId"], attachment["Device"]
    warning = " It cannot be started without it." if device in ROOT_DEVICES else ""
    return Step(
        name=f"detach-{number}",
        says=f"Detach {volume.native_id} from {instance_id}, where it is {device}.{warning}",
        call=Call(
            operation="ec2.detach_volume",
            region=volume.region,
            arguments={"VolumeId": volume.native_id, "InstanceId": instance_id},
        ),
        # A volume that is attached to nothing is in the wrong state to be detached. Source: EC2 API, error codes.
        gone=("IncorrectState", "InvalidAttachment.NotFound", MISSING),
        undo=(_attached(volume, volume.native_id, attachment, number),),
    )


def _attached(volume: Resource, volume_id: object, attachment: dict[str, Any], number: int) -> Step:
    """Once the volume is gone its copy is attached, and it is fine that the volume itself cannot be any more."""
    return Step(
        name=f"attach-{number}",
        says=f"Attach it to {attachment['InstanceId']} as {attachment['Device']}.",
        call=Call(
            operation="ec2.attach_volume",
            region=volume.region,
            arguments={
                "VolumeId": volume_id,
                "InstanceId": attachment["InstanceId"],
                "Device": attachment["Device"],
            },
        ),
        gone=("VolumeInUse", MISSING),
    )


def _volume(**attachment: str) -> Resource:
    """A 100 GiB gp3 volume for the examples, attached to i-1."""
    return Resource(
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id="vol-1",
        name="data",
        region="us-east-1",
        config={
            "State": "in-use",
            "Attachments": [{"InstanceId": "i-1", **attachment}],
            "Size": 100,
            "VolumeType": "gp3",
        },
    )


def _instance(state: str, stopped_days: int = 0) -> Resource:
    stopped = EXAMPLE_NOW - timedelta(days=stopped_days)
    reason = f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)" if state == "stopped" else ""
    config = {"State": {"Name": state}, "StateTransitionReason": reason}
    return Resource(kind=ResourceKind.AWS_EC2_INSTANCE, native_id="i-1", name="web", region="us-east-1", config=config)


ON_STOPPED_INSTANCE = Rule(
    id="aws-ebs-volume-on-stopped-instance",
    title="EBS volume serves only stopped instances",
    description="The volumes of a stopped instance stay billed. A snapshot keeps the data for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EBS_VOLUME,
    permissions=("ec2:DescribeInstances", "ec2:DescribeVolumes"),
    source="EC2 DescribeVolumes and DescribeInstances (StateTransitionReason); Amazon EBS pricing",
    blind_spots="An instance that AWS stopped itself, or that was shut down from inside, may carry no time.",
    parameters=(Parameter(name="min_days", default=30, meaning="Days an instance may be stopped."),),
    needs=("Attachments",),
    also_reads=(ResourceKind.AWS_EC2_INSTANCE,),
    check=serves_only_stopped_instances,
    group="idle",
    remedy=Remedy(
        says="Keeps a snapshot, takes the volume off its stopped instances and deletes it.",
        plan=detach_and_replace_with_snapshot,
        reversible=Reversible.PARTLY,
        loses="A volume made again from the snapshot has another id, and stays when its instance is terminated.",
        permissions=(
            "ec2:AttachVolume",
            "ec2:CreateSnapshot",
            "ec2:CreateTags",
            "ec2:CreateVolume",
            "ec2:DeleteVolume",
            "ec2:DescribeSnapshots",
            "ec2:DetachVolume",
        ),
    ),
    examples=(
        fires(_volume(Device="/dev/sdf"), _instance("stopped", stopped_days=31), parameters={"min_days": 30}),
        fires(_volume(Device="/dev/xvda"), _instance("stopped", stopped_days=31), parameters={"min_days": 30}),
        fires(_volume(), _instance("stopped", stopped_days=31), parameters={"min_days": 30}),
        quiet(_volume(), _instance("stopped", stopped_days=29), parameters={"min_days": 30}),
        quiet(_volume(), _instance("running"), parameters={"min_days": 30}),
    ),
)
