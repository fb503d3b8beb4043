"""Machine images that nothing starts from any more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Look, Step
from domain.rules.list_price import AWS_SNAPSHOT, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# What can name an image.
USERS = (ResourceKind.AWS_EC2_INSTANCE, ResourceKind.AWS_LAUNCH_TEMPLATE, ResourceKind.AWS_LAUNCH_CONFIGURATION)


def is_unused(image: Resource, context: RuleContext) -> Observation | None:
    """Fires on an old image of one's own that no instance, template or launch configuration names."""
    is_there = image.config.get("State") == "available" and image.config.get("Public") is False
    if not is_there or image.created_at is None or context.now - image.created_at <= context.days("min_days"):
        return None
    if not all(context.is_listed(kind, image.region) for kind in USERS) or _is_used(image, context):
        return None
    mappings = image.config.get("BlockDeviceMappings") or []
    size = sum((Decimal((one.get("Ebs") or {}).get("VolumeSize") or 0) for one in mappings), Decimal(0))
    days = (context.now - image.created_at).days
    return Observation(
        reason=f"Image {image.name} ({image.native_id}) is {days} days old, and nothing starts from it.",
        observed={"State": "available", "Public": False, "CreationDate": image.config.get("CreationDate")},
        estimated_monthly_saving=usd(Decimal(0)),
        saving_formula=f"0 USD until it is deregistered; then up to {size} GiB * {AWS_SNAPSHOT.usd} USD of snapshots",
    )


def _is_used(image: Resource, context: RuleContext) -> bool:
    return any(_image_of(user) == image.native_id for kind in USERS for user in context.every(kind))


def _image_of(user: Resource) -> str | None:
    return (user.config.get("LaunchTemplateData") or user.config).get("ImageId")


def disable(image: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Nothing can start from it then, and nobody sees it, until it is enabled again."""
    if image.config.get("ImageOwnerAlias"):
        raise NoPlan(f"{image.native_id} is offered by AWS or in its Marketplace.")
    return (
        Step(
            name="disable",
            says=f"Disable {image.native_id}: no instance can be started from it. Its snapshots stay and are billed, "
            "until somebody deregisters the image and deletes them.",
            call=Call(operation="ec2.disable_image", region=image.region, arguments={"ImageId": image.native_id}),
            found=_in_state(image, "disabled"),
            undo=(
                Step(
                    name="enable",
                    says=f"Enable {image.native_id} again.",
                    call=Call(
                        operation="ec2.enable_image", region=image.region, arguments={"ImageId": image.native_id}
                    ),
                    found=_in_state(image, "available"),
                ),
            ),
        ),
    )


def _in_state(image: Resource, state: str) -> Look:
    arguments = {
        "ImageIds": [image.native_id],
        "IncludeDisabled": True,
        "Filters": [{"Name": "state", "Values": [state]}],
    }
    return Look(call=Call(operation="ec2.describe_images", region=image.region, arguments=arguments), path="Images.0")


def _image(age_days: int = 100, **config: Any) -> Resource:
    """With a disk of 8 GiB, for the examples."""
    disks = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": "snap-1", "VolumeSize": 8}}, {"DeviceName": "/dev/sdb"}]
    return Resource(
        kind=ResourceKind.AWS_AMI,
        native_id="ami-1",
        name="web",
        region="us-east-1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"State": "available", "Public": False, "BlockDeviceMappings": disks, **config},
    )


def _user(kind: ResourceKind, **config: Any) -> Resource:
    return Resource(kind=kind, native_id="user-1", name="user-1", region="us-east-1", config=config)


INSTANCE, TEMPLATE, CONFIGURATION = USERS
UNUSED = Rule(
    id="aws-ami-unused",
    title="Machine image is used by nothing",
    description="An image keeps its snapshots alive, which are billed. One that is disabled can be enabled again.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_AMI,
    permissions=(
        "autoscaling:DescribeLaunchConfigurations",
        "ec2:DescribeImages",
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplateVersions",
    ),
    source="EC2 DescribeImages, DescribeInstances and DescribeLaunchTemplateVersions; Auto Scaling "
    "DescribeLaunchConfigurations; EC2 user guide, Disable an AMI",
    blind_spots="With which single accounts an image is shared is not read, only whether it is public. Of launch "
    "templates the latest and the default version are looked at. Scripts and pipelines that name an image, and "
    "parameters of Systems Manager that point to it, are not seen.",
    parameters=(Parameter(name="min_days", default=90, meaning="Days an image is left alone."),),
    needs=("State", "Public", "CreationDate"),
    also_reads=USERS,
    check=is_unused,
    group="snapshot",
    remedy=Remedy(
        says="Disables the image. Deregistering it and deleting its snapshots is left to people.",
        plan=disable,
        reversible=Reversible.PARTLY,
        loses="Permissions of single other accounts to start it, which AWS takes away when an image is disabled.",
        permissions=("ec2:DisableImage", "ec2:EnableImage"),
    ),
    examples=(
        fires(_image(), parameters={"min_days": 90}),
        fires(_image(ImageOwnerAlias="aws-marketplace"), parameters={"min_days": 90}),
        fires(_image(), _user(INSTANCE, ImageId="ami-2"), parameters={"min_days": 90}),
        quiet(_image(age_days=90), parameters={"min_days": 90}),
        quiet(_image(State="disabled"), parameters={"min_days": 90}),
        quiet(_image(), _user(INSTANCE, ImageId="ami-1"), parameters={"min_days": 90}),
        quiet(_image(), _user(TEMPLATE, LaunchTemplateData={"ImageId": "ami-1"}), parameters={"min_days": 90}),
        quiet(_image(), _user(CONFIGURATION, ImageId="ami-1"), parameters={"min_days": 90}),
        quiet(_image(), parameters={"min_days": 90}, is_listed=lambda kind, _: kind is INSTANCE),
    ),
)
