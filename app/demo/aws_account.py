"""Builds the stand-in AWS account in a moto server. Equal seed and start time give an equal account, ids included."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.config import Config

from app.demo import aws_content as content
from app.demo import moto_clock as clock
from app.demo.aws_access import ACCESS_KEY_ID, SECRET_ACCESS_KEY

SEED = 20_261
IMAGE = "ami-0c101f26f147fa7fd"
ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


class DemoAccount:
    """The account behind `endpoint_url`, whose moto runs in this process. `started_at` is the account's "today"."""

    def __init__(self, endpoint_url: str, started_at: datetime, seed: int = SEED) -> None:
        self.started_at, self.seed = started_at, seed
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = content.US) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._endpoint_url,
                aws_access_key_id=ACCESS_KEY_ID,
                aws_secret_access_key=SECRET_ACCESS_KEY,
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service, region]

    def group_id(self, name: str, region: str) -> str:
        named = [{"Name": "group-name", "Values": [name]}]
        found = self.client("ec2", region).describe_security_groups(Filters=named)["SecurityGroups"]
        return str(found[0]["GroupId"])

    def ago(self, days: float) -> datetime:
        return self.started_at - timedelta(days=days)

    def build(self) -> None:
        """Fills an empty account; an account that is there already is left as it is."""
        if self._is_built():
            return
        clock.begin(self.seed, content.REGIONS, self.ago(content.AGE_DAYS))
        for bucket in content.BUCKETS:
            self._add_bucket(bucket)
        for trail in content.TRAILS:
            self._add_trail(trail)
        for (name, region), doors in content.GROUPS.items():
            self._add_group(name, region, doors)
        instance_ids = {machine.name: self._add_machine(machine) for machine in content.MACHINES}
        for volume in content.LOOSE_VOLUMES:
            self.add_volume(volume.region, volume.name, volume.disk, self.ago(volume.age_days), volume.tags)
        for number, (name, region, machine_name) in enumerate(content.ADDRESSES):
            address_id = self.add_address(region, name, f"203.0.113.{10 + number}")
            if machine_name:
                ec2 = self.client("ec2", region)
                ec2.associate_address(AllocationId=address_id, InstanceId=instance_ids[machine_name])
        for name, action in content.POLICIES.items():
            statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            self.client("iam").create_policy(PolicyName=name, PolicyDocument=policy)
            clock.date_policy(name, self.ago(content.AGE_DAYS))
        for user in content.USERS:
            self._add_user(user)

    def add_volume(
        self, region: str, name: str, disk: content.Disk, created_at: datetime, tags: dict[str, str] | None = None
    ) -> str:
        """An unattached volume; gives its id."""
        volume_id: str = self.client("ec2", region).create_volume(
            AvailabilityZone=f"{region}a",
            VolumeType=disk[0],
            Size=disk[1],
            TagSpecifications=_named("volume", name, tags),
        )["VolumeId"]
        clock.date_volume(region, volume_id, created_at)
        return volume_id

    def add_address(self, region: str, name: str, address: str) -> str:
        """An elastic address that nothing uses; gives its allocation id."""
        allocation_id: str = self.client("ec2", region).allocate_address(
            Domain="vpc", Address=address, TagSpecifications=_named("elastic-ip", name)
        )["AllocationId"]
        return allocation_id

    def add_key(self, user_name: str, created_at: datetime, last_used_at: datetime | None) -> str:
        key_id: str = self.client("iam").create_access_key(UserName=user_name)["AccessKey"]["AccessKeyId"]
        clock.date_key(user_name, key_id, created_at, last_used_at)
        return key_id

    def set_policy_public(self, bucket: str, region: str) -> None:
        """Lets anyone read the objects of the bucket."""
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("s3", region).put_bucket_policy(Bucket=bucket, Policy=policy)

    def block_public(self, bucket: str, region: str) -> None:
        s3 = self.client("s3", region)
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=ALL_BLOCKED)

    def _is_built(self) -> bool:
        names = {bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]}
        return content.BUCKETS[0].name in names

    def _add_bucket(self, bucket: content.Bucket) -> None:
        s3 = self.client("s3", bucket.region)
        place = {} if bucket.region == content.US else {"LocationConstraint": bucket.region}
        s3.create_bucket(Bucket=bucket.name, ACL=bucket.acl, **({"CreateBucketConfiguration": place} if place else {}))
        clock.date_bucket(bucket.name, self.ago(bucket.age_days))
        s3.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": [{"Key": "team", "Value": "platform"}]})
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": [rule]})
        if bucket.has_public_policy:
            self.set_policy_public(bucket.name, bucket.region)
        if bucket.is_blocked:
            self.block_public(bucket.name, bucket.region)

    def _add_trail(self, trail: content.Trail) -> None:
        cloudtrail = self.client("cloudtrail", trail.region)
        bucket = content.TRAIL_BUCKET
        cloudtrail.create_trail(Name=trail.name, S3BucketName=bucket, IsMultiRegionTrail=trail.is_multi_region)
        cloudtrail.start_logging(Name=trail.name)
        if trail.stopped_days:
            cloudtrail.stop_logging(Name=trail.name)
        stopped_at = self.ago(trail.stopped_days) if trail.stopped_days else None
        clock.date_trail(trail.region, trail.name, self.ago(trail.age_days), stopped_at)

    def _add_group(self, name: str, region: str, doors: tuple[content.Door, ...]) -> None:
        ec2 = self.client("ec2", region)
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        tags = _named("security-group", name)
        created = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc, TagSpecifications=tags)
        for door in doors:
            ec2.authorize_security_group_ingress(GroupId=created["GroupId"], IpPermissions=[permission(door)])

    def _add_machine(self, machine: content.Machine) -> str:
        ec2 = self.client("ec2", machine.region)
        devices = [
            {"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeType": kind, "VolumeSize": size}}
            for letter, (kind, size) in zip("abcdef", machine.disks, strict=False)
        ]
        instance = ec2.run_instances(
            ImageId=IMAGE,
            InstanceType=machine.type,
            MinCount=1,
            MaxCount=1,
            # Given, because the client library would draw a new one at each build.
            ClientToken=f"demo-{machine.name}",
            SecurityGroupIds=[self.group_id(machine.group, machine.region)],
            BlockDeviceMappings=devices,
            TagSpecifications=_named("instance", machine.name) + _named("volume", machine.name),
        )["Instances"][0]
        self._date_machine(machine, instance["InstanceId"])
        return str(instance["InstanceId"])

    def _date_machine(self, machine: content.Machine, instance_id: str) -> None:
        ec2, created_at = self.client("ec2", machine.region), self.ago(machine.age_days)
        if machine.stopped_days:
            ec2.stop_instances(InstanceIds=[instance_id])
        stopped_at = self.ago(machine.stopped_days) if machine.stopped_days else None
        clock.date_instance(machine.region, instance_id, created_at, stopped_at)
        attached = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
        for volume in ec2.describe_volumes(Filters=attached)["Volumes"]:
            clock.date_volume(machine.region, volume["VolumeId"], created_at)

    def _add_user(self, user: content.User) -> None:
        iam = self.client("iam")
        iam.create_user(UserName=user.name)
        iam.attach_user_policy(UserName=user.name, PolicyArn=f"arn:aws:iam::{clock.ACCOUNT_ID}:policy/{user.policy}")
        if user.has_password:
            iam.create_login_profile(UserName=user.name, Password="Stand-in-only-1")  # noqa: S106  # opens nothing
        if user.has_mfa:
            self.enrol_mfa(user.name)
        clock.date_user(user.name, self.ago(user.age_days))
        for days in user.key_days:
            key_id = self.add_key(user.name, self.ago(abs(days)), self.ago(1) if days > 0 else None)
            if days < 0:
                iam.update_access_key(UserName=user.name, AccessKeyId=key_id, Status="Inactive")

    def enrol_mfa(self, user_name: str) -> None:
        iam = self.client("iam")
        serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=user_name)["VirtualMFADevice"]["SerialNumber"]
        codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
        iam.enable_mfa_device(UserName=user_name, SerialNumber=serial, **codes)


def permission(door: content.Door) -> dict[str, Any]:
    """A door as EC2 takes it."""
    source = "Ipv6Ranges" if ":" in door.source else "IpRanges"
    cidr = {"CidrIpv6" if ":" in door.source else "CidrIp": door.source}
    return {"IpProtocol": door.protocol, "FromPort": door.first, "ToPort": door.last, source: [cidr]}


def _named(resource_type: str, name: str, tags: dict[str, str] | None = None) -> list[dict[str, Any]]:
    pairs = {"Name": name, "team": "platform", **(tags or {})}
    return [{"ResourceType": resource_type, "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}]
