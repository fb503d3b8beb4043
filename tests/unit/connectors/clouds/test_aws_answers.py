"""What the AWS connector makes of recorded answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.validate import ParamValidator

from connectors.clouds.aws import containers, databases, fields, fleet, registration
from connectors.reading.listing import Listing, Place
from domain.facts.resource import Resource, ResourceKind
from tests.recordings.aws_answer import NAMES, output_shape, recorded

HERE = Place(account_id="123456789012", region="us-east-1", now=datetime(2026, 11, 26, 12, tzinfo=UTC))
THERE = HERE.inside("eu-west-1")
BUCKET_DETAILS = {
    "PublicAccessBlockConfiguration": "GetPublicAccessBlock",
    "PolicyStatus": "GetBucketPolicyStatus",
    "Grants": "GetBucketAcl",
    "ServerSideEncryptionConfiguration": "GetBucketEncryption",
    "LoggingEnabled": "GetBucketLogging",
    "TagSet": "GetBucketTagging",
}
USER_DETAILS = {
    "LoginProfile": "GetLoginProfile",
    "MFADevices": "ListMFADevices",
    "AttachedPolicies": "ListAttachedUserPolicies",
    "Tags": "ListUserTags",
}


def listing_of(operation: str) -> Listing:
    every = [child for one in registration.REGISTRATION.listings for child in (one, *one.children)]
    return next(one for one in every if one.operation.name == operation)


def answer(name: str) -> Any:
    """A recorded answer, as the source hands it to the engine."""
    return fields.json_value(recorded(name))


def details_of(operation: str, **answers: str) -> dict[str, Any]:
    """Details of a listing, picked from recorded answers."""
    service = operation.partition(".")[0]
    by_key = {one.key: one for one in listing_of(operation).details}
    return {key: by_key[key].pick([answer(f"{service}.{name}")]) for key, name in answers.items()}


def parsed(
    operation: str, name: str, details: dict[str, Any] | None = None, place: Place = HERE, page: Any = None
) -> list[Resource]:
    """What the listing makes of a page."""
    listing = listing_of(operation)
    items = listing.items(answer(name) if page is None else page)
    kept = [item for item in items if listing.keeps is None or listing.keeps(item, place)]
    return [resource for item in kept if (resource := listing.parse(item, details or {}, place))]


def is_json(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_json(item) for item in value)
    return value is None or isinstance(value, str | int | float | bool)


def bucket(details: dict[str, Any] | None = None) -> Resource:
    given = details_of("s3.list_buckets", **BUCKET_DETAILS) if details is None else details
    return parsed("s3.list_buckets", "s3.ListBuckets", given, THERE)[0]


def iam_user(**changes: Any) -> Resource:
    details = details_of("iam.list_users", **USER_DETAILS)
    return parsed("iam.list_users", "iam.ListUsers", {**details, **changes})[0]


def access_key() -> Resource:
    used = details_of("iam.list_access_keys", AccessKeyLastUsed="GetAccessKeyLastUsed", Tags="ListUserTags")
    return parsed("iam.list_access_keys", "iam.ListAccessKeys", used)[0]


def trail() -> Resource:
    details = details_of("cloudtrail.describe_trails", Status="GetTrailStatus", Tags="ListTags")
    return parsed("cloudtrail.describe_trails", "cloudtrail.DescribeTrails", details)[0]


@pytest.mark.parametrize("name", NAMES)
def test_recorded_answer_has_the_shape_of_awss_own_model(name):
    report = ParamValidator().validate(recorded(name), output_shape(name))

    assert report.generate_report() == ""


def test_instance_keeps_its_fields_and_its_first_time():
    running, stopped = parsed("ec2.describe_instances", "ec2.DescribeInstances")

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
    found = parsed("ec2.describe_instances", "ec2.DescribeInstances")

    assert "i-0b3a5c7e9b1d2f4a8" not in {instance.native_id for instance in found}


def test_volume_is_dated_by_its_creation():
    attached, loose = parsed("ec2.describe_volumes", "ec2.DescribeVolumes")

    assert attached.created_at == datetime(2025, 3, 4, 9, 0, 5, 123000, tzinfo=UTC)
    assert attached.config["Attachments"][0]["InstanceId"] == "i-0f3a5c7e9b1d2f4a6"
    assert loose.config["CreateTime"] == "2026-09-19T10:00:00+00:00"
    assert (loose.name, loose.tags, loose.region) == ("vol-0ffee1122334455aa", {}, "us-east-1")


def test_address_is_named_by_its_number_and_lacks_what_aws_leaves_out():
    used, idle = parsed("ec2.describe_addresses", "ec2.DescribeAddresses")

    assert (used.native_id, used.name) == ("eipalloc-0aa11bb22cc33dd44", "203.0.113.10")
    assert "AssociationId" in used.config
    assert "AssociationId" not in idle.config


def test_address_field_without_a_value_counts_as_left_out():
    stand_in = {"AllocationId": "eipalloc-1", "PublicIp": "203.0.113.1", "InstanceId": "", "NetworkInterfaceId": ""}

    (idle,) = parsed("ec2.describe_addresses", "", page={"Addresses": [stand_in]})

    assert set(idle.config) == {"AllocationId", "PublicIp"}


def test_security_group_keeps_its_permissions_word_for_word():
    listed = answer("ec2.DescribeSecurityGroups")["SecurityGroups"]

    (group,) = parsed("ec2.describe_security_groups", "ec2.DescribeSecurityGroups")

    assert (group.native_id, group.name) == ("sg-0123456789abcdef0", "web")
    assert group.config["IpPermissions"] == listed[0]["IpPermissions"]


def test_bucket_carries_its_settings_and_tags():
    found = bucket()

    assert (found.native_id, found.region, found.tags) == ("cedar-website", "eu-west-1", {"team": "web"})
    assert found.created_at == datetime(2024, 6, 1, 7, 8, 9, tzinfo=UTC)
    assert found.config["PolicyStatus"] == {"IsPublic": True}
    assert found.config["Grants"][1]["Grantee"]["URI"].endswith("/AllUsers")
    assert "TagSet" not in found.config


def test_setting_of_a_bucket_that_could_not_be_read_is_missing_and_one_not_set_is_none():
    found = bucket({"PolicyStatus": None})

    assert found.config["PolicyStatus"] is None
    assert "Grants" not in found.config


def test_user_carries_its_ways_to_sign_in():
    found = iam_user()

    assert found.native_id == "arn:aws:iam::123456789012:user/ops-oncall"
    assert (found.name, found.region, found.tags) == ("ops-oncall", None, {"team": "platform"})
    assert found.config["LoginProfile"]["CreateDate"] == "2025-03-11T10:05:00+00:00"
    assert found.config["MFADevices"][0]["SerialNumber"] == "arn:aws:iam::123456789012:mfa/ops-oncall"
    assert "Tags" not in found.config


def test_user_without_a_password_has_no_login_profile():
    assert iam_user(LoginProfile=None).config["LoginProfile"] is None


def test_access_key_carries_its_owner_its_age_and_its_last_use():
    found = access_key()

    assert (found.native_id, found.name) == ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE of ops-oncall")
    assert found.created_at == datetime(2026, 10, 8, 12, tzinfo=UTC)
    assert found.tags == {"team": "platform"}
    assert found.config["AccessKeyLastUsed"]["LastUsedDate"] == "2026-11-21T23:00:00+00:00"


def test_access_key_whose_last_use_could_not_be_read_does_not_pretend_to_be_unused():
    (key,) = parsed("iam.list_access_keys", "iam.ListAccessKeys")

    assert "AccessKeyLastUsed" not in key.config


def test_trail_belongs_to_its_home_region_and_keeps_what_lasts_of_its_status():
    found = trail()

    assert found.native_id == "arn:aws:cloudtrail:us-east-1:123456789012:trail/cedar-main"
    assert (found.region, found.tags) == ("us-east-1", {"team": "security"})
    assert found.config["IsLogging"] is False
    assert found.config["StopLoggingTime"] == "2026-11-10T08:00:00+00:00"
    assert "LatestDeliveryTime" not in found.config


def test_trail_whose_status_could_not_be_read_is_not_said_to_record_or_not():
    (found,) = parsed("cloudtrail.describe_trails", "cloudtrail.DescribeTrails")

    assert "IsLogging" not in found.config


def test_trail_over_many_regions_belongs_to_its_home_wherever_it_is_read():
    (found,) = parsed("cloudtrail.describe_trails", "cloudtrail.DescribeTrails", place=THERE)

    assert found.region == "us-east-1"


def test_every_config_can_be_stored_as_json():
    resources = [
        *parsed("ec2.describe_instances", "ec2.DescribeInstances"),
        *parsed("ec2.describe_volumes", "ec2.DescribeVolumes"),
        bucket(),
        iam_user(),
        access_key(),
        trail(),
    ]

    assert all(is_json(resource.config) for resource in resources)


def test_value_of_any_other_type_becomes_text():
    assert fields.json_value({"body": b"x", 1: (None, 2.5, True)}) == {"body": "x", "1": [None, 2.5, True]}


def test_time_of_another_zone_is_kept_in_utc():
    moment = datetime.fromisoformat("2026-06-01T09:00:00+02:00")

    assert fields.json_value(moment) == "2026-06-01T07:00:00+00:00"
    assert fields.utc("2026-06-01T09:00:00+02:00").tzinfo is UTC


def test_template_that_is_both_latest_and_default_is_one():
    version = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "VersionNumber": 3}

    (template,) = parsed(
        "ec2.describe_launch_template_versions", "", page={"LaunchTemplateVersions": [version, version]}
    )

    assert (template.native_id, template.name) == ("lt-1/3", "web 3")


def test_time_that_moves_on_by_itself_is_kept_by_the_hour():
    listed = {"DBInstanceArn": "arn:aws:rds:us-east-1:1:db:a", "LatestRestorableTime": "2026-11-26T09:55:07+00:00"}

    (database,) = parsed("rds.describe_db_instances", "", page={"DBInstances": [listed]})

    assert database.config["LatestRestorableTime"] == "2026-11-26T09:00:00+00:00"


@pytest.mark.parametrize("details", [{}, {"Table": {"TableStatus": "ACTIVE", "TableArn": "arn:aws:dynamodb:other"}}])
def test_table_has_its_arn_whether_or_not_it_could_be_described(details):
    (table,) = parsed("dynamodb.list_tables", "", {**details}, page={"TableNames": ["carts"]})

    assert table.native_id.startswith("arn:aws:dynamodb:")
    assert ("TableStatus" in table.config) == bool(details)


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arn_belongs_to_the_partition_of_its_region(region, partition):
    assert fields.arn("eks", HERE.inside(region), "cluster/a") == f"arn:{partition}:eks:{region}:123456789012:cluster/a"


def test_only_parameters_that_decide_about_encryption_are_kept():
    pages = [
        {"Parameters": [{"ParameterName": "rds.force_ssl", "ParameterValue": "1"}, {"ParameterName": "work_mem"}]},
        {"Parameters": []},
    ]

    assert databases.wanted_parameters(pages) == [{"ParameterName": "rds.force_ssl", "ParameterValue": "1"}]


def test_untagged_images_are_summed_up():
    images = [
        {"imageSizeInBytes": 70, "imagePushedAt": "2026-03-01T00:00:00+00:00"},
        {"imageSizeInBytes": 5, "imagePushedAt": "2026-01-01T00:00:00+00:00"},
    ]

    assert containers.untagged([{"imageDetails": images}]) == {
        "count": 2,
        "sizeInBytes": 75,
        "firstPushedAt": "2026-01-01T00:00:00+00:00",
    }
    assert containers.untagged([]) == {"count": 0, "sizeInBytes": 0, "firstPushedAt": None}


def test_instance_that_was_never_looked_at_has_no_patch_state():
    state = {"InstanceId": "i-1", "MissingCount": 2}

    found = fleet.patch_states([{"InstanceId": "i-2"}, {"InstanceId": "i-1"}], [{"InstancePatchStates": [state]}])

    assert found == [None, state]
