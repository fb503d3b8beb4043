"""Faults of S3 buckets, and of the account above them."""

import json
from datetime import timedelta
from typing import Any

from domain.rules.aws_log_bucket import ACCESS_LOGS, TAKES_TAG
from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, Moto

NAME = "invoices"
EVERYONE_READS = {
    "Sid": "Read",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{NAME}/*",
}
# What must still be there after each change of the lifecycle, in both styles of S3.
OWN_RULES = [
    {
        "ID": "tmp",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "tmp/", "Tags": [{"Key": "keep", "Value": "no"}]}},
        "Expiration": {"Days": 7},
    },
    {"ID": "off", "Status": "Disabled", "Filter": {"Prefix": "off/"}, "Expiration": {"Days": 1}},
]


def bucket(moto: Moto, **tags: str) -> str:
    s3 = moto.client("s3")
    s3.create_bucket(Bucket=NAME)
    if tags:
        tag_set = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": tag_set})
    return NAME


def public_bucket(moto: Moto, **block: bool) -> str:
    bucket(moto)
    s3 = moto.client("s3")
    if block:
        s3.put_public_access_block(Bucket=NAME, PublicAccessBlockConfiguration=block)
    s3.put_bucket_acl(Bucket=NAME, ACL="public-read")
    return NAME


def half_blocked_account(moto: Moto) -> str:
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": False}
    moto.s3_control().put_public_access_block(AccountId=ACCOUNT, PublicAccessBlockConfiguration=block)
    return ACCOUNT


def with_lifecycle(moto: Moto, rules: list[dict[str, Any]] | None = None) -> str:
    bucket(moto)
    if rules:
        moto.client("s3").put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": rules})
    return NAME


def large_bucket(moto: Moto) -> str:
    """200 GiB in a hundred thousand objects, as CloudWatch tells for yesterday."""
    with_lifecycle(moto, OWN_RULES)
    measured = (
        ("BucketSizeBytes", "StandardStorage", 200.0 * 2**30),
        ("NumberOfObjects", "AllStorageTypes", 100_000.0),
    )
    data = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "BucketName", "Value": NAME}, {"Name": "StorageType", "Value": storage}],
            "Timestamp": moto.now - timedelta(days=1),
            "Value": value,
        }
        for metric, storage, value in measured
    ]
    moto.client("cloudwatch").put_metric_data(Namespace="AWS/S3", MetricData=data)
    return NAME


def versioned(moto: Moto) -> str:
    with_lifecycle(moto, OWN_RULES)
    moto.client("s3").put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    return NAME


def unencrypted(moto: Moto) -> str:
    bucket(moto)
    moto.client("s3").delete_bucket_encryption(Bucket=NAME)
    return NAME


def under_the_wrong_key(moto: Moto) -> str:
    bucket(moto, encryption_key="alias/invoices")
    default = {"SSEAlgorithm": "AES256"}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": False}]
    moto.client("s3").put_bucket_encryption(Bucket=NAME, ServerSideEncryptionConfiguration={"Rules": rules})
    return NAME


def with_policy(moto: Moto) -> str:
    bucket(moto)
    policy = {"Version": "2012-10-17", "Id": "own", "Statement": [EVERYONE_READS]}
    moto.client("s3").put_bucket_policy(Bucket=NAME, Policy=json.dumps(policy))
    return NAME


def unlogged(moto: Moto) -> str:
    """Beside a bucket that is tagged for logs, and lets them be delivered."""
    bucket(moto)
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="logs")
    s3.put_bucket_tagging(Bucket="logs", Tagging={"TagSet": [{"Key": TAKES_TAG, "Value": ACCESS_LOGS}]})
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": "arn:aws:s3:::logs/*",
    }
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [delivery]}))
    return NAME


def is_suspended(moto: Moto, _: dict[str, Any]) -> bool:
    return bool(moto.client("s3").get_bucket_versioning(Bucket=NAME).get("Status") == "Suspended")


def has_own_rules_only(moto: Moto, before: dict[str, Any]) -> bool:
    """Nothing but versions is lost: the configuration is as it was."""
    rules = moto.client("s3").get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    return bool(rules == before["config"]["LifecycleRules"])


FAULTS = [
    Fault(rule_id="aws-s3-bucket-public", make=public_bucket),
    Fault(
        rule_id="aws-s3-bucket-public",
        name="half",
        make=lambda moto: public_bucket(moto, BlockPublicPolicy=True, RestrictPublicBuckets=True),
    ),
    Fault(rule_id="aws-s3-account-public-block", make=lambda _: ACCOUNT),
    Fault(rule_id="aws-s3-account-public-block", name="half", make=half_blocked_account),
    Fault(rule_id="aws-s3-intelligent-tiering", make=large_bucket),
    Fault(rule_id="aws-s3-incomplete-uploads", make=with_lifecycle),
    Fault(rule_id="aws-s3-incomplete-uploads", name="others", make=lambda moto: with_lifecycle(moto, OWN_RULES)),
    Fault(rule_id="aws-s3-noncurrent-versions", make=versioned, is_back=has_own_rules_only),
    Fault(rule_id="aws-s3-encryption", make=unencrypted),
    Fault(rule_id="aws-s3-encryption", name="key", make=under_the_wrong_key),
    Fault(rule_id="aws-s3-versioning", make=bucket, is_back=is_suspended),
    Fault(rule_id="aws-s3-tls-only", make=bucket),
    Fault(rule_id="aws-s3-tls-only", name="others", make=with_policy),
    Fault(rule_id="aws-s3-access-logging", make=unlogged),
]
