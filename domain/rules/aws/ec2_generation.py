"""EC2 instances of generations that AWS has left behind."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.aws_instance_step import LOSES, resized
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

LARGER = ("large", "xlarge", "2xlarge", "4xlarge")
# Old family -> the family that follows it, and its sizes of the same name with as many processors and as much memory.
# Source: Amazon EC2 instance types, previous and current generation.
SAME_SIZES = {
    "t1": ("t3", ("micro",)),
    "t2": ("t3", ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge")),
    "m3": ("m6i", ("large", "xlarge", "2xlarge")),
    "m4": ("m6i", (*LARGER, "16xlarge")),
    "c3": ("c6i", (*LARGER, "8xlarge")),
    "c4": ("c6i", LARGER),
    "r3": ("r6i", (*LARGER, "8xlarge")),
    "r4": ("r6i", (*LARGER, "8xlarge", "16xlarge")),
}
# Those whose sizes are called otherwise: at least as many processors and as much memory.
OTHER_SIZES = {
    "m1.small": "t3.small",
    "m1.medium": "t3.medium",
    "m1.large": "m6i.large",
    "m1.xlarge": "m6i.xlarge",
    "m3.medium": "t3.medium",
    "c1.medium": "c6i.large",
    "c1.xlarge": "c6i.2xlarge",
}
OLD = frozenset({"t1", "t2", "m1", "m2", "m3", "m4", "c1", "c2", "c3", "c4", "r3", "r4", "i2", "d2", "g3", "p2"})


def is_old(instance: Resource, _: RuleContext) -> Observation | None:
    """Fires on every instance of a previous generation."""
    former = str(instance.config.get("InstanceType", ""))
    if former.partition(".")[0] not in OLD:
        return None
    wanted = _successor(former)
    return Observation(
        reason=f"Instance {instance.name} is a {former}, a type of a previous generation.",
        observed={"InstanceType": former, "successor": wanted},
    )


def _successor(former: str) -> str | None:
    family, _, size = former.partition(".")
    new_family, sizes = SAME_SIZES.get(family, ("", ()))
    return f"{new_family}.{size}" if size in sizes else OTHER_SIZES.get(former)


def modernise(instance: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The type that follows, where the image can run on the hosts of today."""
    former, config = instance.config["InstanceType"], instance.config
    wanted = _successor(former)
    if wanted is None:
        raise NoPlan(f"No type of today has what {former} has: its disks, its cards or its size have to be replaced.")
    if config.get("Architecture") != "x86_64" or config.get("VirtualizationType") != "hvm":
        raise NoPlan(f"The image of {instance.name} is built for a processor or a host that {wanted} does not have.")
    if not config.get("EnaSupport"):
        raise NoPlan(f"{instance.name} lacks the network driver that {wanted} needs.")
    warning = " Its image needs the NVMe driver, or it will not start."
    if wanted.startswith("t3."):
        warning += " When it works hard for long, a t3 costs more unless its credits are set to standard."
    return resized(instance, wanted, warning)


def _instance(former: str, **config: Any) -> Resource:
    plain = {"State": {"Name": "running"}, "Architecture": "x86_64", "VirtualizationType": "hvm", "EnaSupport": True}
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id="i-1",
        name="web",
        region="us-east-1",
        config={"InstanceType": former, **plain, **config},
    )


OLD_GENERATION = Rule(
    id="aws-ec2-old-generation",
    title="EC2 instance is of a previous generation",
    description="Types of today give more for the same money, and AWS ends the old ones one by one.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("ec2:DescribeInstances",),
    source="EC2 DescribeInstances; Amazon EC2 instance types, previous generation",
    blind_spots="What is saved depends on the prices of both types in the region, which are not known here. Whether "
    "the image has the NVMe driver, and whether the region has the new type, AWS does not say before it is tried.",
    needs=("InstanceType",),
    check=is_old,
    group="modernise",
    remedy=Remedy(
        says="Stops the instance, gives it the type that followed its own, and starts it again.",
        plan=modernise,
        reversible=Reversible.PARTLY,
        loses=LOSES,
        permissions=("ec2:ModifyInstanceAttribute", "ec2:StartInstances", "ec2:StopInstances"),
    ),
    examples=(
        fires(_instance("m4.large")),
        fires(_instance("t2.micro")),
        fires(_instance("m1.small")),
        fires(_instance("m4.10xlarge")),
        fires(_instance("g3.4xlarge")),
        fires(_instance("m3.large", VirtualizationType="paravirtual")),
        fires(_instance("c3.large", EnaSupport=False)),
        quiet(_instance("m6i.large")),
        quiet(_instance("m7g.large")),
    ),
)
