"""Faults of machines that cost too much, and of addresses that nobody uses."""

import json
from typing import Any

from moto.ec2.models import ec2_backends

from tests.factories.aws_measured import measured
from tests.factories.fault import FORGETS_TOKENS, Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

ENVIRONMENT = [{"Key": "Environment", "Value": "dev"}]


def machine(moto: Moto, kind: str, tags: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """It runs."""
    ec2 = moto.client("ec2")
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    tagged = [{"ResourceType": "instance", "Tags": tags}] if tags else []
    return dict(
        ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, InstanceType=kind, SubnetId=subnet, TagSpecifications=tagged
        )["Instances"][0]
    )


def idle_machine(moto: Moto) -> str:
    """Its processor slept for two weeks."""
    native_id = str(machine(moto, "m6i.large")["InstanceId"])
    uses = {"CPUUtilization": 0.4, "NetworkIn": 200_000.0, "NetworkOut": 100_000.0}
    measured(moto, "AWS/EC2", {"InstanceId": native_id}, uses)
    return native_id


def large_machine(moto: Moto) -> str:
    """moto has no Compute Optimizer, so what it recommends is said in its place."""
    native_id = str(machine(moto, "m6i.2xlarge")["InstanceId"])
    saving = {"savingsOpportunityPercentage": 50.0, "estimatedMonthlySavings": {"currency": "USD", "value": 140.16}}
    option = {"instanceType": "m6i.xlarge", "performanceRisk": 1.0, "rank": 1, "savingsOpportunity": saving}
    advice = {
        "instanceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{native_id}",
        "accountId": ACCOUNT,
        "currentInstanceType": "m6i.2xlarge",
        "finding": "Overprovisioned",
        "recommendationOptions": [option],
    }
    moto.say("compute-optimizer.GetEC2InstanceRecommendations", {"instanceRecommendations": [advice]})
    return native_id


def machine_of_yesterday(moto: Moto) -> str:
    """moto knows neither how an image that is registered starts, nor its network driver."""
    native_id = str(machine(moto, "m4.large")["InstanceId"])
    kept = ec2_backends[ACCOUNT][REGION].get_instance(native_id)
    vars(kept).update(architecture="x86_64", virtualization_type="hvm", ena_support=True)
    return native_id


def stopped_machine(moto: Moto) -> str:
    native_id = str(machine(moto, "m6i.large", [{"Key": "Name", "Value": "old"}])["InstanceId"])
    moto.client("ec2").stop_instances(InstanceIds=[native_id])
    return native_id


def runs_again(moto: Moto, before: dict[str, Any]) -> bool:
    """The very instance is in the state and of the type it had."""
    listed = moto.client("ec2").describe_instances(InstanceIds=[before["config"]["InstanceId"]])
    now = listed["Reservations"][0]["Instances"][0]
    former = (before["config"]["State"]["Name"], before["config"]["InstanceType"])
    return (now["State"]["Name"], now["InstanceType"]) == former


def is_made_again(moto: Moto, before: dict[str, Any]) -> bool:
    """Another instance like it, in the same subnet, stopped."""
    wanted = {"Name": "instance-state-name", "Values": ["stopped"]}
    listed = moto.client("ec2").describe_instances(Filters=[wanted])["Reservations"]
    found = [one for reservation in listed for one in reservation["Instances"]]
    keys = ("InstanceType", "SubnetId")
    names = [tag["Value"] for one in found for tag in one["Tags"] if tag["Key"] == "Name"]
    return names == ["old"] and all(found[0][key] == before["config"][key] for key in keys)


def machine_that_never_sleeps(moto: Moto) -> str:
    """For development, with the role that schedules need."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "scheduler.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    moto.client("iam").create_role(RoleName="cloudwatcher-scheduler", AssumeRolePolicyDocument=document)
    return str(machine(moto, "m6i.large", ENVIRONMENT)["InstanceId"])


def unused_address(moto: Moto) -> str:
    return str(moto.client("ec2").allocate_address(Domain="vpc")["AllocationId"])


def address_is_back(moto: Moto, before: dict[str, Any]) -> bool:
    addresses = moto.client("ec2").describe_addresses()["Addresses"]
    return [one["PublicIp"] for one in addresses] == [before["config"]["PublicIp"]]


FAULTS = [
    Fault(rule_id="aws-ec2-idle", make=idle_machine, is_back=runs_again),
    Fault(rule_id="aws-ec2-rightsize", make=large_machine, is_back=runs_again),
    Fault(rule_id="aws-ec2-old-generation", make=machine_of_yesterday, is_back=runs_again),
    Fault(rule_id="aws-ec2-stopped-long", make=stopped_machine, is_back=is_made_again),
    Fault(
        rule_id="aws-ec2-offhours",
        make=machine_that_never_sleeps,
        once=dict.fromkeys(("stop", "start"), FORGETS_TOKENS),
    ),
    Fault(rule_id="aws-eip-unassociated", make=unused_address, is_back=address_is_back),
]
