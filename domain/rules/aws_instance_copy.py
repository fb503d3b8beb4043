"""Steps that keep an EC2 instance as an image, and that make it again from there. No rules here."""

from typing import Any

from domain.facts.resource import Resource
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_instance_step import stop_other, until
from domain.rules.aws_tagging import found_by_mark, marked

# In what RunInstances answers, and in a reservation as DescribeInstances lists it.
NEW_ID = "Instances.0.InstanceId"
# Of the metadata options all but what AWS says about how far it is with them.
METADATA = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags")


def image_of(instance: Resource) -> Step:
    """An image with all volumes; later steps find it as the answer of `image`."""
    region = instance.region
    marks = found_by_mark("ec2.describe_images", "Images.0", region)
    own = marks.call.model_copy(update={"arguments": {"Owners": ["self"], **marks.call.arguments}})
    ready = Call(operation="ec2.describe_images", region=region, arguments={"ImageIds": [answer("image", "ImageId")]})
    return Step(
        name="image",
        says=f"Make an image of {instance.native_id} with all its volumes, and wait until it is complete.",
        call=Call(
            operation="ec2.create_image",
            region=region,
            arguments={
                "InstanceId": instance.native_id,
                "Name": TOKEN,
                "Description": f"Kept by CloudWatcher before {instance.native_id} was terminated",
                "NoReboot": True,
                "TagSpecifications": marked("image", instance.tags),
            },
        ),
        found=marks.model_copy(update={"call": own}),
        wait=Look(call=ready, path="Images.0.State", ready=("available",), failed=("failed", "error", "invalid")),
    )


def made_again(instance: Resource) -> tuple[Step, ...]:
    """A new instance from the image, stopped as the old one was."""
    run = Step(
        name="run",
        says=f"Start an instance like {instance.native_id} from the image.",
        call=Call(
            operation="ec2.run_instances",
            region=instance.region,
            arguments={
                **_settings(instance),
                "ImageId": answer("image", "ImageId"),
                "MinCount": 1,
                "MaxCount": 1,
                "TagSpecifications": marked("instance", instance.tags),
                "ClientToken": TOKEN,
            },
        ),
        found=found_by_mark("ec2.describe_instances", "Reservations.0", instance.region),
        wait=until("running", answer("run", NEW_ID), instance.region),
    )
    says = "Stop the new instance, as the old one was."
    return (run, stop_other(answer("run", NEW_ID), instance.region, "stop", says))


def _settings(instance: Resource) -> dict[str, Any]:
    """What RunInstances takes of what DescribeInstances tells. Source: EC2 API reference, RunInstances."""
    config = instance.config
    metadata, place = config.get("MetadataOptions") or {}, config.get("Placement") or {}
    given = {
        "InstanceType": config.get("InstanceType"),
        "SubnetId": config.get("SubnetId"),
        "SecurityGroupIds": [group["GroupId"] for group in config.get("SecurityGroups") or []],
        "KeyName": config.get("KeyName"),
        "EbsOptimized": config.get("EbsOptimized"),
        "IamInstanceProfile": {"Arn": config["IamInstanceProfile"]["Arn"]}
        if config.get("IamInstanceProfile")
        else None,
        "MetadataOptions": {name: metadata[name] for name in METADATA if metadata.get(name)},
        "Placement": {name: place[name] for name in ("Tenancy", "GroupName") if place.get(name)},
    }
    return {name: value for name, value in given.items() if value not in (None, "", [], {}, False)}
