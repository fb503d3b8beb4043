"""Stored data is encrypted."""

from typing import Any

import pytest

from domain.controls.cw_dat_02 import CONTROL
from domain.facts.compliance import Integration
from tests.factories.answers import call
from tests.factories.judged_alone import judged, verdicts

HERE = "arn:aws:kms:eu-west-1:the-account:key"
SECRET_TAG = [{"Key": "data-class", "Value": "Restricted"}]
SECRET_WORDS = {"data-class": "restricted"}


def key(name: str, manager: str) -> Any:
    page = {"KeyMetadata": {"KeyId": name, "Arn": f"{HERE}/{name}", "KeyManager": manager}}
    return call("kms.describe_key", page, KeyId=f"{HERE}/{name}")


KEYS = (key("own", "CUSTOMER"), key("aws", "AWS"))


def on_aws(*asked: Any) -> dict[str, str]:
    return verdicts(judged(CONTROL, Integration.AWS, *KEYS, *asked))


def tagged(arn: str) -> Any:
    return (
        "resourcegroupstaggingapi.get_resources",
        {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": SECRET_TAG}]},
    )


@pytest.mark.parametrize(
    ("used", "tags", "expected"),
    [
        (f"{HERE}/own", SECRET_TAG, "PASS"),
        ("own", SECRET_TAG, "PASS"),
        ("alias/payroll", SECRET_TAG, "PASS"),
        ("arn:aws:kms:eu-west-1:222222222222:key/theirs", SECRET_TAG, "PASS"),
        (f"{HERE}/aws", SECRET_TAG, "WARNING"),
        (f"{HERE}/gone", SECRET_TAG, "WARNING"),
        ("alias/aws/ebs", SECRET_TAG, "WARNING"),
        (None, SECRET_TAG, "WARNING"),
        (f"{HERE}/aws", [], "PASS"),
        (f"{HERE}/aws", None, "PASS"),
    ],
)
def test_restricted_data_wants_a_key_of_the_customers_own(used, tags, expected):
    volume = {"VolumeId": "vol-1", "Encrypted": True, "KmsKeyId": used, "Tags": tags}

    assert on_aws(("ec2.describe_volumes", {"Volumes": [volume]})) == {"vol-1": expected}


def test_what_is_not_encrypted_fails():
    found = on_aws(
        ("ec2.describe_volumes", {"Volumes": [{"VolumeId": "vol-1", "Encrypted": False}]}),
        ("rds.describe_db_instances", {"DBInstances": [{"DBInstanceArn": "db", "StorageEncrypted": False}]}),
        ("efs.describe_file_systems", {"FileSystems": [{"FileSystemId": "fs-1", "Encrypted": False}]}),
        ("s3.list_buckets", {"Buckets": [{"Name": "old"}]}),
    )

    assert found == {"vol-1": "FAIL", "db": "FAIL", "fs-1": "FAIL", "old": "FAIL"}


@pytest.mark.parametrize(("used", "expected"), [("own", "PASS"), (None, "WARNING")])
def test_a_restricted_bucket_wants_a_key_of_the_customers_own(used, expected):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": used}}
    found = on_aws(
        ("s3.list_buckets", {"Buckets": [{"Name": "pay"}]}, {"Buckets": [{"Name": "pay"}]}),
        call("s3.get_bucket_encryption", {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}, Bucket="pay"),
        tagged("arn:aws:s3:::pay"),
    )

    assert found == {"pay": expected}


@pytest.mark.parametrize(
    ("description", "expected"),
    [({"Status": "ENABLED", "KMSMasterKeyArn": f"{HERE}/own"}, "PASS"), (None, "WARNING")],
)
def test_a_restricted_table_wants_a_key_of_the_customers_own(description, expected):
    arn = "arn:aws:dynamodb:eu-west-1:1:table/people"
    page = {"Table": {"TableArn": arn, "SSEDescription": description}}

    assert on_aws(call("dynamodb.describe_table", page, TableName="people"), tagged(arn)) == {arn: expected}


@pytest.mark.parametrize(("default", "expected"), [(True, "PASS"), (False, "WARNING")])
def test_a_region_that_holds_data_encrypts_new_volumes(default, expected):
    found = on_aws(
        call("ec2.describe_volumes", {"Volumes": [{"VolumeId": "vol-1", "Encrypted": True}]}, at="eu-west-1"),
        call("ec2.get_ebs_encryption_by_default", {"EbsEncryptionByDefault": default}, at="eu-west-1"),
        call("ec2.get_ebs_encryption_by_default", {"EbsEncryptionByDefault": False}, at="eu-north-1"),
    )

    assert found == {"vol-1": "PASS", "eu-west-1": expected}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("EncryptionAtRestWithCustomerKey", "PASS"),
        ("EncryptionAtRestWithPlatformAndCustomerKeys", "PASS"),
        ("EncryptionAtRestWithPlatformKey", "WARNING"),
    ],
)
def test_a_restricted_disk_of_azure_wants_a_key_of_the_customers_own(kind, expected):
    disk = {"id": "disk", "tags": SECRET_WORDS, "properties": {"encryption": {"type": kind}}}

    assert verdicts(judged(CONTROL, Integration.AZURE, ("GET Microsoft.Compute/disks", {"value": [disk]}))) == {
        "disk": expected
    }


@pytest.mark.parametrize(("source", "expected"), [("Microsoft.Keyvault", "PASS"), ("Microsoft.Storage", "WARNING")])
def test_a_restricted_storage_account_wants_a_key_of_the_customers_own(source, expected):
    account = {"id": "a", "tags": SECRET_WORDS, "properties": {"encryption": {"keySource": source}}}
    asked = ("GET Microsoft.Storage/storageAccounts", {"value": [account]})

    assert verdicts(judged(CONTROL, Integration.AZURE, asked)) == {"a": expected}


@pytest.mark.parametrize(
    ("state", "server", "database", "tags", "expected"),
    [
        ("Disabled", {"keyId": "https://vault/key"}, {}, None, "FAIL"),
        ("Enabled", {}, {}, None, "PASS"),
        ("Enabled", {}, {}, SECRET_WORDS, "WARNING"),
        ("Enabled", {"keyId": "https://vault/key"}, {}, SECRET_WORDS, "PASS"),
        ("Enabled", {}, {"encryptionProtector": "https://vault/key"}, SECRET_WORDS, "PASS"),
    ],
)
def test_a_database_of_azure_is_encrypted(state, server, database, tags, expected):
    found = judged(
        CONTROL,
        Integration.AZURE,
        ("GET Microsoft.Sql/servers", {"value": [{"id": "/Servers/s", "properties": server}]}),
        call(
            "GET Microsoft.Sql/servers/databases",
            {"value": [{"id": "/servers/s/databases/d", "tags": tags, "properties": database}]},
            id="/Servers/s",
        ),
        call(
            "GET Microsoft.Sql/servers/databases/transparentDataEncryption",
            {"properties": {"state": state}},
            id="/servers/s/databases/d",
        ),
    )

    assert verdicts(found) == {"/servers/s/databases/d": expected}


@pytest.mark.parametrize(
    ("label", "named", "expected"),
    [("restricted", "keys/own", "PASS"), ("restricted", None, "WARNING"), ("internal", None, "PASS")],
)
def test_a_restricted_store_of_google_names_a_key(label, named, expected):
    labels = {"data-class": label}
    instance = {
        "name": "main",
        "settings": {"userLabels": labels},
        "diskEncryptionConfiguration": {"kmsKeyName": named},
    }
    disk = {
        "selfLink": "https://www.googleapis.com/compute/v1/projects/p/zones/a/disks/d",
        "labels": labels,
        "diskEncryptionKey": {"kmsKeyName": named},
    }
    bucket = {"name": "b", "labels": labels, "encryption": {"defaultKmsKeyName": named}}
    found = judged(
        CONTROL,
        Integration.GCP,
        ("sqladmin.v1:instances.list", {"items": [instance]}),
        ("compute.v1:disks.aggregatedList", {"items": {"zones/a": {"disks": [disk]}}}),
        ("storage.v1:buckets.list", {"items": [bucket]}),
    )

    assert verdicts(found) == {
        "//cloudsql.googleapis.com/projects/the-account/instances/main": expected,
        "//compute.googleapis.com/projects/p/zones/a/disks/d": expected,
        "//storage.googleapis.com/b": expected,
    }


def test_what_digitalocean_encrypts_is_listed():
    found = judged(
        CONTROL,
        Integration.DIGITALOCEAN,
        ("GET /v2/volumes", {"volumes": [{"id": "volume"}]}),
        ("GET /v2/databases", {"databases": [{"id": "database"}]}),
    )

    assert verdicts(found) == {"volume": "PASS", "database": "PASS"}


@pytest.mark.parametrize(
    ("tags", "volumes", "expected"),
    [
        (["web", "data-class:restricted"], [], {"7": "WARNING"}),
        (["data-class:restricted"], ["volume"], {}),
        (["data-class:internal"], [], {}),
        ([], [], {}),
    ],
)
def test_restricted_data_of_a_droplet_is_on_a_volume(tags, volumes, expected):
    droplet = {"id": 7, "tags": tags, "volume_ids": volumes}

    found = judged(CONTROL, Integration.DIGITALOCEAN, ("GET /v2/droplets", {"droplets": [droplet]}))

    assert verdicts(found) == expected
