"""Object stores, snapshots and images stay private."""

from typing import Any

import pytest

from domain.controls.cw_dat_01 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
ALL_ON = {"PublicAccessBlockConfiguration": dict.fromkeys(FLAGS, True)}
BUCKETS = ("s3.list_buckets", {"Buckets": [{"Name": "logs"}]})
ALL_USERS = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
OWNER = {"Grantee": {"ID": "7"}, "Permission": "FULL_CONTROL"}


def on_aws(*asked: Any, block: Any = ALL_ON) -> dict[str, str]:
    blocked = call("s3control.get_public_access_block", *([block] if block else []), AccountId="the-account")
    return verdicts(judged(CONTROL, Integration.AWS, blocked, *asked))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (ALL_ON, "PASS"),
        ({"PublicAccessBlockConfiguration": {**dict.fromkeys(FLAGS, True), "BlockPublicAcls": False}}, "WARNING"),
        (None, "WARNING"),
    ],
)
def test_the_account_blocks_public_access(block, expected):
    assert on_aws(BUCKETS, block=block) == {"the-account": expected, "logs": "PASS"}


@pytest.mark.parametrize(("is_public", "expected"), [(True, "FAIL"), (False, "PASS")])
def test_a_bucket_is_judged_by_what_aws_says_of_its_policy(is_public, expected):
    status = call("s3.get_bucket_policy_status", {"PolicyStatus": {"IsPublic": is_public}}, Bucket="logs")

    assert on_aws(BUCKETS, status)["logs"] == expected


@pytest.mark.parametrize(
    ("given", "expected"), [([{"Group": "all"}], "FAIL"), ([{"UserId": "222222222222"}], "PASS"), ([], "PASS")]
)
def test_a_snapshot_of_a_volume_is_not_for_everybody(given, expected):
    asked = call("ec2.describe_snapshot_attribute", {"CreateVolumePermissions": given}, SnapshotId="snap-1")

    assert on_aws(asked)["snap-1"] == expected


def test_a_snapshot_of_a_database_is_judged_in_its_own_region():
    def snapshot(region: str, *values: str) -> list[Any]:
        listed = {"DBSnapshots": [{"DBSnapshotIdentifier": "nightly", "DBSnapshotArn": f"arn:{region}"}]}
        attributes = [{"AttributeName": "restore", "AttributeValues": list(values)}]
        return [
            call("rds.describe_db_snapshots", listed, at=region),
            call(
                "rds.describe_db_snapshot_attributes",
                {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": attributes}},
                at=region,
                DBSnapshotIdentifier="nightly",
            ),
        ]

    found = on_aws(*snapshot("eu-west-1", "all"), *snapshot("us-east-1", "222222222222"))

    assert found == {"the-account": "PASS", "arn:eu-west-1": "FAIL", "arn:us-east-1": "PASS"}


@pytest.mark.parametrize(("is_public", "expected"), [(True, "FAIL"), (False, "PASS")])
def test_an_image_is_not_public(is_public, expected):
    asked = ("ec2.describe_images", {"Images": [{"ImageId": "ami-1", "Public": is_public}]})

    assert on_aws(asked) == {"the-account": "PASS", "ami-1": expected}


@pytest.mark.parametrize(
    ("blobs", "networks", "expected"),
    [(False, "Deny", "PASS"), (False, "Allow", "WARNING"), (True, "Deny", "FAIL"), (None, "Deny", "FAIL")],
)
def test_a_storage_account_has_no_public_blobs(blobs, networks, expected):
    own = {"allowBlobPublicAccess": blobs, "networkAcls": {"defaultAction": networks}}
    asked = ("GET Microsoft.Storage/storageAccounts", {"value": [{"id": "account", "properties": own}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"account": expected}


@pytest.mark.parametrize(
    ("access", "expected"), [("Enabled", "WARNING"), ("Disabled", "PASS"), ("SecuredByPerimeter", "PASS")]
)
def test_the_firewall_of_a_storage_account_counts_while_public_access_is_on(access, expected):
    own = {"allowBlobPublicAccess": False, "publicNetworkAccess": access, "networkAcls": {"defaultAction": "Allow"}}
    asked = ("GET Microsoft.Storage/storageAccounts", {"value": [{"id": "account", "properties": own}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"account": expected}


@pytest.mark.parametrize(
    ("prevention", "policy", "expected"),
    [
        ("enforced", {"bindings": [{"members": ["allUsers"]}]}, "PASS"),
        ("inherited", {"bindings": [{"members": ["user:ann@example.com", "allUsers"]}]}, "FAIL"),
        ("inherited", {"bindings": [{"members": ["allAuthenticatedUsers"]}]}, "FAIL"),
        ("inherited", {"bindings": [{"members": ["user:ann@example.com"]}]}, "WARNING"),
        ("inherited", {}, "WARNING"),
    ],
)
def test_a_bucket_of_google_prevents_public_access(prevention, policy, expected):
    bucket = {"name": "data", "iamConfiguration": {"publicAccessPrevention": prevention}}
    found = judged(
        CONTROL,
        Integration.GCP,
        ("storage.v1:buckets.list", {"items": [bucket]}),
        call("storage.v1:buckets.getIamPolicy", policy, bucket="data", optionsRequestedPolicyVersion=3),
    )

    assert verdicts(found) == {"//storage.googleapis.com/data": expected}


@pytest.mark.parametrize(("grants", "expected"), [([OWNER], "PASS"), ([OWNER, ALL_USERS], "FAIL"), ([], "PASS")])
def test_a_space_is_granted_to_nobody_else(grants, expected):
    asked = call("SPACES s3.get_bucket_acl", {"Grants": grants}, at="fra1", Bucket="files")

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == {"files": expected}


@pytest.mark.parametrize(("is_public", "expected"), [(True, "FAIL"), (False, "PASS")])
def test_an_image_of_digitalocean_is_not_public(is_public, expected):
    asked = ("GET /v2/images", {"images": [{"id": 7, "public": is_public}]})

    assert verdicts(judged(CONTROL, Integration.DIGITALOCEAN, asked)) == {"7": expected}
