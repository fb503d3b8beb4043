"""Keys are managed, rotated and hard to lose."""

import json
from typing import Any

import pytest

from domain.controls.cw_dat_04 import CONTROL
from domain.facts.compliance import CheckStatus, Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

ARN = "arn:aws:kms:eu-west-1:1:key/k"
ROOT = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "kms:*"}
ANYONE = {**ROOT, "Principal": "*"}
IN_ACCOUNT = {**ANYONE, "Condition": {"StringEquals": {"kms:CallerAccount": "1"}}}
KEY = "//cloudkms.googleapis.com/projects/p/keys/k"


def on_aws(*asked: Any, rotation: Any = None, statement: Any = ROOT, **key: Any) -> Any:
    usual = {
        "Arn": ARN,
        "KeyId": "k",
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "DeletionDate": "2026-06-09T00:00:00+00:00",
    }
    policy = {"Policy": json.dumps({"Statement": [statement]})}
    return judged(
        CONTROL,
        Integration.AWS,
        call("kms.describe_key", {"KeyMetadata": {**usual, **key}}, KeyId=ARN),
        call("kms.get_key_policy", policy, KeyId=ARN, PolicyName="default"),
        call("kms.get_key_rotation_status", *([rotation] if rotation else []), KeyId=ARN),
        *asked,
    )


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        ({"KeyRotationEnabled": True, "RotationPeriodInDays": 365}, "PASS"),
        ({"KeyRotationEnabled": True}, "PASS"),
        ({"KeyRotationEnabled": True, "RotationPeriodInDays": 366}, "WARNING"),
        ({"KeyRotationEnabled": False}, "FAIL"),
        (None, "FAIL"),
    ],
)
def test_a_key_of_the_customers_rotates(rotation, expected):
    assert verdicts(on_aws(rotation=rotation)) == {ARN: expected}


@pytest.mark.parametrize("key", [{"KeySpec": "RSA_2048"}, {"KeyState": "Disabled"}])
def test_what_cannot_be_rotated_is_not_asked_to(key):
    assert verdicts(on_aws(**key)) == {ARN: "PASS"}


def test_keys_of_aws_itself_are_not_judged():
    assert on_aws(KeyManager="AWS").status is CheckStatus.NOT_APPLICABLE


@pytest.mark.parametrize(("statement", "expected"), [(ANYONE, "FAIL"), (IN_ACCOUNT, "PASS")])
def test_a_key_policy_lets_in_everybody_only_with_a_condition(statement, expected):
    assert verdicts(on_aws(rotation={"KeyRotationEnabled": True}, statement=statement)) == {ARN: expected}


def encryption(**by_default: Any) -> Any:
    rule = {"ApplyServerSideEncryptionByDefault": by_default}
    return call("s3.get_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}, Bucket="b")


@pytest.mark.parametrize(
    "user",
    [
        ("ec2.describe_volumes", {"Volumes": [{"KmsKeyId": ARN}]}),
        ("secretsmanager.list_secrets", {"SecretList": [{}, {"KmsKeyId": "k"}]}),
        ("logs.describe_log_groups", {"logGroups": [{"kmsKeyId": ARN}]}),
        encryption(SSEAlgorithm="aws:kms", KMSMasterKeyID=ARN),
        call("dynamodb.describe_table", {"Table": {"SSEDescription": {"KMSMasterKeyArn": ARN}}}, TableName="t"),
    ],
)
def test_a_key_in_use_is_not_to_be_deleted(user):
    assert verdicts(on_aws(user, KeyState="PendingDeletion")) == {ARN: "FAIL"}


def test_a_key_to_be_deleted_that_nothing_uses_is_a_warning():
    elsewhere = (encryption(SSEAlgorithm="AES256"), call("dynamodb.describe_table", {"Table": {}}, TableName="t"))

    found = on_aws(*elsewhere, KeyState="PendingDeletion")

    assert verdicts(found) == {ARN: "WARNING"}
    assert found.items[0].observed == "to be deleted on 2026-06-09, no use seen"


def test_whether_a_key_to_be_deleted_is_used_is_not_said_without_knowing_what_is_stored():
    page = {"KeyMetadata": {"Arn": ARN, "KeyId": "k", "KeyManager": "CUSTOMER", "KeyState": "PendingDeletion"}}

    found = judged(CONTROL, Integration.AWS, ("kms.describe_key", page), unread=("rds.describe_db_instances",))

    assert (found.status, found.items) == (CheckStatus.ERROR, ())


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"enableSoftDelete": True, "enablePurgeProtection": True}, "PASS"),
        ({"enableSoftDelete": True}, "FAIL"),
        ({"enableSoftDelete": False, "enablePurgeProtection": True}, "FAIL"),
    ],
)
def test_a_vault_is_hard_to_lose(own, expected):
    asked = ("GET Microsoft.KeyVault/vaults", {"value": [{"id": "vault", "properties": own}]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"vault": expected}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"lifetimeActions": [{"action": {"type": "notify"}}, {"action": {"type": "Rotate"}}]}, "PASS"),
        ({"lifetimeActions": [{"action": {"type": "notify"}}]}, "WARNING"),
        ({}, "WARNING"),
        (None, "WARNING"),
    ],
)
def test_a_key_of_azure_has_a_policy_that_rotates_it(policy, expected):
    found = judged(
        CONTROL,
        Integration.AZURE,
        call("GET Microsoft.KeyVault/vaults/keys", {"value": [{"id": "key"}]}, id="vault"),
        call("GET Microsoft.KeyVault/vaults/keys/{keyName}", {"properties": {"rotationPolicy": policy}}, id="key"),
    )

    assert verdicts(found) == {"key": expected}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ({"rotationPeriod": "7776000s"}, {KEY: "PASS"}),
        ({"rotationPeriod": "31536000s"}, {KEY: "PASS"}),
        ({"rotationPeriod": "31536001s"}, {KEY: "WARNING"}),
        ({}, {KEY: "FAIL"}),
        ({"purpose": "ASYMMETRIC_SIGN"}, {}),
    ],
)
def test_a_key_of_google_rotates(key, expected):
    listed = {"cryptoKeys": [{"name": "projects/p/keys/k", "purpose": "ENCRYPT_DECRYPT", **key}]}
    asked = ("cloudkms.v1:projects.locations.keyRings.cryptoKeys.list", listed)

    assert verdicts(judged(CONTROL, Integration.GCP, asked)) == expected
