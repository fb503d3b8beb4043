"""What the AWS connector makes of recorded answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.validate import ParamValidator

from connectors.clouds.aws import cloudtrail, ec2, fields, iam, s3
from domain.facts.resource import Resource, ResourceKind
from tests.recordings.aws_answer import NAMES, output_shape, recorded

BUCKET_DETAILS = {
    "PublicAccessBlockConfiguration": "GetPublicAccessBlock",
    "PolicyStatus": "GetBucketPolicyStatus",
    "Grants": "GetBucketAcl",
    "ServerSideEncryptionConfiguration": "GetBucketEncryption",
    "LoggingEnabled": "GetBucketLogging",
    "TagSet": "GetBucketTagging",
}


def items(name: str, key: str) -> list[dict[str, Any]]:
    return recorded(name)[key]


def is_json(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_json(item) for item in value)
    return value is None or isinstance(value, str | int | float | bool)


def bucket() -> Resource:
    details = {key: recorded(f"s3.{operation}")[key] for key, operation in BUCKET_DETAILS.items()}
    return s3.parse_bucket(items("s3.ListBuckets", "Buckets")[0], "eu-west-1", details)


def iam_user(**changes: Any) -> Resource:
    details = {
        "LoginProfile": recorded("iam.GetLoginProfile")["LoginProfile"],
        "MFADevices": items("iam.ListMFADevices", "MFADevices"),
        "AttachedPolicies": items("iam.ListAttachedUserPolicies", "AttachedPolicies"),
        "Tags": items("iam.ListUserTags", "Tags"),
    }
    return iam.parse_user(items("iam.ListUsers", "Users")[0], {**details, **changes})


def access_key() -> Resource:
    key = items("iam.ListAccessKeys", "AccessKeyMetadata")[0]
    used = recorded("iam.GetAccessKeyLastUsed")["AccessKeyLastUsed"]
    return iam.parse_access_key(key, used, {"team": "platform"})


def trail() -> Resource:
    listed = items("cloudtrail.DescribeTrails", "trailList")[0]
    tags = items("cloudtrail.ListTags", "ResourceTagList")[0]["TagsList"]
    return cloudtrail.parse_trail(listed, recorded("cloudtrail.GetTrailStatus"), tags)


@pytest.mark.parametrize("name", NAMES)
def test_recorded_answer_has_the_shape_of_awss_own_model(name):
    report = ParamValidator().validate(recorded(name), output_shape(name))

    assert report.generate_report() == ""


def test_instance_keeps_its_fields_and_its_first_time():
    running, stopped = ec2.parse_instances(items("ec2.DescribeInstances", "Reservations"), "us-east-1")

    assert (running.kind, running.native_id, running.name) == (
        ResourceKind.AWS_EC2_INSTANCE,
        "i-0f3a5c7e9b1d2f4a6",
        "web-1",
    )
    assert running.tags == {"Name": "web-1", "team": "platform"}
    # the network card was attached at creation; LaunchTime is that of the latest start
    assert running.created_at == datetime(2025, 3, 4, 9, 0, tzinfo=UTC)
    assert stopped.config["StateTransitionReason"] == "User initiated (2026-04-01 08:30:05 GMT)"
    assert stopped.name == stopped.native_id


def test_terminated_instance_is_left_out():
    found = ec2.parse_instances(items("ec2.DescribeInstances", "Reservations"), "us-east-1")

    assert "i-0b3a5c7e9b1d2f4a8" not in {instance.native_id for instance in found}


def test_volume_is_dated_by_its_creation():
    attached, loose = ec2.parse_volumes(items("ec2.DescribeVolumes", "Volumes"), "us-east-1")

    assert attached.created_at == datetime(2025, 3, 4, 9, 0, 5, 123000, tzinfo=UTC)
    assert attached.config["Attachments"][0]["InstanceId"] == "i-0f3a5c7e9b1d2f4a6"
    assert loose.config["CreateTime"] == "2026-09-19T10:00:00+00:00"
    assert (loose.name, loose.tags, loose.region) == ("vol-0ffee1122334455aa", {}, "us-east-1")


def test_address_is_named_by_its_number_and_lacks_what_aws_leaves_out():
    used, idle = ec2.parse_addresses(items("ec2.DescribeAddresses", "Addresses"), "us-east-1")

    assert (used.native_id, used.name) == ("eipalloc-0aa11bb22cc33dd44", "203.0.113.10")
    assert "AssociationId" in used.config
    assert "AssociationId" not in idle.config


def test_address_field_without_a_value_counts_as_left_out():
    stand_in = {"AllocationId": "eipalloc-1", "PublicIp": "203.0.113.1", "InstanceId": "", "NetworkInterfaceId": ""}

    (idle,) = ec2.parse_addresses([stand_in], "us-east-1")

    assert set(idle.config) == {"AllocationId", "PublicIp"}


def test_security_group_keeps_its_permissions_word_for_word():
    listed = items("ec2.DescribeSecurityGroups", "SecurityGroups")

    (group,) = ec2.parse_security_groups(listed, "us-east-1")

    assert (group.native_id, group.name) == ("sg-0123456789abcdef0", "web")
    assert group.config["IpPermissions"] == listed[0]["IpPermissions"]


def test_bucket_carries_its_settings_and_tags():
    parsed = bucket()

    assert (parsed.native_id, parsed.region, parsed.tags) == ("cedar-website", "eu-west-1", {"team": "web"})
    assert parsed.created_at == datetime(2024, 6, 1, 7, 8, 9, tzinfo=UTC)
    assert parsed.config["PolicyStatus"] == {"IsPublic": True}
    assert parsed.config["Grants"][1]["Grantee"]["URI"].endswith("/AllUsers")
    assert "TagSet" not in parsed.config


def test_setting_of_a_bucket_that_could_not_be_read_is_missing_and_one_not_set_is_none():
    listed = items("s3.ListBuckets", "Buckets")[0]

    parsed = s3.parse_bucket(listed, "eu-west-1", {"PolicyStatus": None})

    assert parsed.config["PolicyStatus"] is None
    assert "Grants" not in parsed.config


@pytest.mark.parametrize(
    ("constraint", "region"),
    [(None, "us-east-1"), ("", "us-east-1"), ("EU", "eu-west-1"), ("ap-south-1", "ap-south-1"), ("../x", "us-east-1")],
)
def test_location_of_a_bucket_is_read_as_a_region(constraint, region):
    assert s3.parse_location(constraint) == region


def test_user_carries_its_ways_to_sign_in():
    parsed = iam_user()

    assert parsed.native_id == "arn:aws:iam::123456789012:user/ops-oncall"
    assert (parsed.name, parsed.region, parsed.tags) == ("ops-oncall", None, {"team": "platform"})
    assert parsed.config["LoginProfile"]["CreateDate"] == "2025-03-11T10:05:00+00:00"
    assert parsed.config["MFADevices"][0]["SerialNumber"] == "arn:aws:iam::123456789012:mfa/ops-oncall"
    assert "Tags" not in parsed.config


def test_user_without_a_password_has_no_login_profile():
    assert iam_user(LoginProfile=None).config["LoginProfile"] is None


def test_access_key_carries_its_owner_its_age_and_its_last_use():
    parsed = access_key()

    assert (parsed.native_id, parsed.name) == ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE of ops-oncall")
    assert parsed.created_at == datetime(2026, 10, 8, 12, tzinfo=UTC)
    assert parsed.tags == {"team": "platform"}
    assert parsed.config["AccessKeyLastUsed"]["LastUsedDate"] == "2026-11-21T23:00:00+00:00"


def test_access_key_whose_last_use_could_not_be_read_does_not_pretend_to_be_unused():
    key = items("iam.ListAccessKeys", "AccessKeyMetadata")[0]

    assert "AccessKeyLastUsed" not in iam.parse_access_key(key, None, {}).config


def test_trail_belongs_to_its_home_region_and_keeps_what_lasts_of_its_status():
    parsed = trail()

    assert parsed.native_id == "arn:aws:cloudtrail:us-east-1:123456789012:trail/cedar-main"
    assert (parsed.region, parsed.tags) == ("us-east-1", {"team": "security"})
    assert parsed.config["IsLogging"] is False
    assert parsed.config["StopLoggingTime"] == "2026-11-10T08:00:00+00:00"
    assert "LatestDeliveryTime" not in parsed.config


def test_trail_whose_status_could_not_be_read_is_not_said_to_record_or_not():
    listed = items("cloudtrail.DescribeTrails", "trailList")[0]

    assert "IsLogging" not in cloudtrail.parse_trail(listed, None, None).config


def test_every_config_can_be_stored_as_json():
    resources = [
        *ec2.parse_instances(items("ec2.DescribeInstances", "Reservations"), "us-east-1"),
        *ec2.parse_volumes(items("ec2.DescribeVolumes", "Volumes"), "us-east-1"),
        bucket(),
        iam_user(),
        access_key(),
        trail(),
    ]

    assert all(is_json(resource.config) for resource in resources)


def test_value_of_any_other_type_becomes_text():
    assert fields.json_value({"body": b"x", 1: (None, 2.5, True)}) == {"body": "b'x'", "1": [None, 2.5, True]}


def test_time_of_another_zone_is_kept_in_utc():
    moment = datetime.fromisoformat("2026-06-01T09:00:00+02:00")

    assert fields.utc(moment) == moment
    assert fields.utc(moment).tzinfo is UTC
    assert fields.json_value(moment) == "2026-06-01T07:00:00+00:00"
