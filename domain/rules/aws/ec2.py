"""EC2 instances and elastic addresses that are paid for without use."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_instance import stopped_since, volume_ids
from domain.rules.aws_instance_copy import image_of, made_again
from domain.rules.aws_instance_step import GROUP_TAG, group_of, until
from domain.rules.aws_tagging import found_by_mark, marked
from domain.rules.aws_volume import saving_with_snapshot
from domain.rules.list_price import AWS_PUBLIC_IPV4, HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_stopped_long(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires on an instance stopped for longer than `min_days`; the saving is that of its volumes."""
    since = stopped_since(instance)
    if since is None or context.now - since <= context.days("min_days"):
        return None
    volumes = [context.find(ResourceKind.AWS_EBS_VOLUME, volume_id) for volume_id in volume_ids(instance)]
    found = [volume for volume in volumes if volume is not None]
    whole = len(found) == len(volumes)
    saving, formula = (saving_with_snapshot(found, context) if whole else None) or (None, None)
    return Observation(
        reason=f"Instance {instance.name} has been stopped since {since:%Y-%m-%d}; its volumes stay billed.",
        observed={"State": "stopped", "stopped_since": since.isoformat(), "volumes": volume_ids(instance)},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def is_unassociated(address: Resource, context: RuleContext) -> Observation | None:
    """Fires on an address in no use; for at least `min_days` where CloudWatcher knows since when."""
    # AWS leaves the fields of an unused address out, so first make sure that the address was read at all.
    is_read = "AllocationId" in address.config
    if not is_read or address.config.get("AssociationId") or address.config.get("NetworkInterfaceId"):
        return None
    since = context.changed_at.get(address.native_id)
    if since is not None and context.now - since < context.days("min_days"):
        return None
    seen = f"since {since:%Y-%m-%d}" if since else "since before CloudWatcher first looked"
    return Observation(
        reason=f"Elastic address {address.name} has been associated with nothing {seen} and is billed by the hour.",
        observed={"AssociationId": None, "NetworkInterfaceId": None, "since": since.isoformat() if since else None},
        estimated_monthly_saving=usd(HOURS_PER_MONTH * AWS_PUBLIC_IPV4.usd),
        saving_formula=f"{HOURS_PER_MONTH} hours * {AWS_PUBLIC_IPV4.usd} USD",
    )


def image_and_terminate(instance: Resource, _: RuleContext) -> tuple[Step, ...]:
    """An image of it, and once that is whole the instance goes. Undone by a stopped instance from the image."""
    if group_of(instance):
        raise NoPlan(f"{instance.name} is in an Auto Scaling group, which decides when it goes.")
    if not instance.config.get("SubnetId") or not volume_ids(instance):
        raise NoPlan(f"{instance.name} could not be made again: it is in no subnet, or has no volume.")
    gone = Step(
        name="terminate",
        says=f"Terminate {instance.native_id}. AWS refuses when it is protected. Its addresses are given back, and so "
        "are the volumes that are set to go with it.",
        call=Call(
            operation="ec2.terminate_instances",
            region=instance.region,
            arguments={"InstanceIds": [instance.native_id]},
        ),
        gone=("InvalidInstanceID.NotFound",),
        wait=until("terminated", instance.native_id, instance.region),
        undo=made_again(instance),
    )
    return (image_of(instance), gone)


def release(address: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The address goes, and is asked for again by its number."""
    number, pool = address.config.get("PublicIp"), address.config.get("PublicIpv4Pool")
    if not number:
        raise NoPlan(f"AWS does not say the number of {address.native_id}, so it could not be asked for again.")
    # AWS's own pool is not asked for by its name.
    own = {"PublicIpv4Pool": pool} if pool and pool != "amazon" else {}
    again = Step(
        name="allocate",
        says=f"Ask AWS for {number} again.",
        call=Call(
            operation="ec2.allocate_address",
            region=address.region,
            arguments={
                "Domain": "vpc",
                "Address": number,
                "TagSpecifications": marked("elastic-ip", address.tags),
                **own,
            },
        ),
        found=found_by_mark("ec2.describe_addresses", "Addresses.0", address.region),
    )
    return (
        Step(
            name="release",
            says=f"Give {number} back to AWS.",
            call=Call(
                operation="ec2.release_address",
                region=address.region,
                arguments={"AllocationId": address.native_id},
            ),
            gone=("InvalidAllocationID.NotFound",),
            undo=(again,),
        ),
    )


def _instance(state: str, stopped_days: int = 0, tag: str = "Name", **config: Any) -> Resource:
    stopped = EXAMPLE_NOW - timedelta(days=stopped_days)
    reason = f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)" if state == "stopped" else ""
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id="i-1",
        name="web",
        region="us-east-1",
        tags={tag: "web"},
        config={"State": {"Name": state}, "StateTransitionReason": reason, **config},
    )


def _address(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_EC2_ADDRESS,
        native_id="eipalloc-1",
        name="203.0.113.7",
        region="us-east-1",
        config={"AllocationId": "eipalloc-1", **config},
    )


DISK = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-1"}}
REMAKABLE: dict[str, Any] = {"SubnetId": "subnet-1", "InstanceType": "m6i.large", "BlockDeviceMappings": [DISK]}
STOPPED_LONG = Rule(
    id="aws-ec2-stopped-long",
    title="EC2 instance has been stopped for long",
    description="A stopped instance is not billed but its volumes are. An image keeps it for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("ec2:DescribeInstances",),
    source="EC2 DescribeInstances (StateTransitionReason); Amazon EBS pricing",
    blind_spots="An instance that AWS stopped itself, or that was shut down from inside, may carry no time.",
    parameters=(Parameter(name="min_days", default=60, meaning="Days an instance may be stopped."),),
    needs=("State",),
    check=is_stopped_long,
    group="idle",
    remedy=Remedy(
        says="Keeps an image of the instance and terminates it.",
        plan=image_and_terminate,
        reversible=Reversible.PARTLY,
        loses="An instance made again from the image has another id and other addresses, one network card, and no user "
        "data; the image stays.",
        permissions=(
            "ec2:CreateImage",
            "ec2:CreateTags",
            "ec2:DescribeImages",
            "ec2:RunInstances",
            "ec2:StopInstances",
            "ec2:TerminateInstances",
            "iam:PassRole",
        ),
    ),
    examples=(
        fires(_instance("stopped", stopped_days=61), parameters={"min_days": 60}),
        fires(_instance("stopped", stopped_days=61, **REMAKABLE), parameters={"min_days": 60}),
        fires(_instance("stopped", stopped_days=61, tag=GROUP_TAG), parameters={"min_days": 60}),
        quiet(_instance("stopped", stopped_days=59), parameters={"min_days": 60}),
        quiet(_instance("running"), parameters={"min_days": 60}),
    ),
)

ADDRESS_UNASSOCIATED = Rule(
    id="aws-eip-unassociated",
    title="Elastic IP address is used by nothing",
    description="Every public IPv4 address is billed by the hour, used or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_ADDRESS,
    permissions=("ec2:DescribeAddresses",),
    source="EC2 DescribeAddresses; Amazon VPC pricing, public IPv4 addresses",
    blind_spots="AWS does not say since when an address is unused. The days are counted from the change that "
    "CloudWatcher saw; an address that was unused at the first look is reported at once.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days an address may be unused."),),
    needs=("AllocationId",),
    check=is_unassociated,
    group="unattached",
    remedy=Remedy(
        says="Gives the address back to AWS.",
        plan=release,
        reversible=Reversible.PARTLY,
        loses="The address, once AWS has given it to somebody else; its allocation id in any case.",
        permissions=("ec2:AllocateAddress", "ec2:CreateTags", "ec2:ReleaseAddress"),
    ),
    examples=(
        fires(_address(), parameters={"min_days": 7}),
        fires(_address(PublicIp="203.0.113.7", PublicIpv4Pool="amazon"), parameters={"min_days": 7}),
        fires(_address(), parameters={"min_days": 7}, changed_at={"eipalloc-1": EXAMPLE_NOW - timedelta(days=8)}),
        quiet(_address(), parameters={"min_days": 7}, changed_at={"eipalloc-1": EXAMPLE_NOW - timedelta(days=6)}),
        quiet(_address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-1"), parameters={"min_days": 7}),
    ),
)
