"""Data, its copies and its keys before and after they are mended."""

import json
from typing import Any

from tests.factories.answers import call
from tests.factories.mended import (
    DATABASE,
    DAYS_AGO,
    REGION,
    Change,
    azure,
    droplet,
    listed,
    pages,
    sql,
)


def repository(**settings: str) -> Any:
    told = {name: {"status": status} for name, status in settings.items()}
    return {"full_name": "octo-org/Shop", "security_and_analysis": told}


BUCKET = ("s3.list_buckets", {"Buckets": [{"Name": "invoices"}]})

DENIES = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")

CLOSED = {"PublicAccessBlockConfiguration": dict.fromkeys(FLAGS, True)}

STORES = "GET Microsoft.Storage/storageAccounts"

OPEN_STORE = {"allowBlobPublicAccess": False, "networkAcls": {"defaultAction": "Allow"}}


def kms(rotates: bool) -> dict[str, Any]:
    return {"KeyRotationEnabled": rotates}


KMS = "arn:aws:kms:us-east-1:123456789012:key/1"

KEY = {"Arn": KMS, "KeyId": "1", "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}

KMS_KEY = (
    call("kms.describe_key", {"KeyMetadata": KEY}, KeyId=KMS),
    call("kms.get_key_policy", {"Policy": json.dumps({"Statement": []})}, KeyId=KMS),
)

CRYPTO_KEY = {
    "name": "projects/shop-1/locations/europe-west1/keyRings/main/cryptoKeys/disk",
    "purpose": "ENCRYPT_DECRYPT",
}

LOG_GROUP = {"arn": "arn:aws:logs:us-east-1:123456789012:log-group:/app:*", "logGroupName": "/app"}

LABELLED = (
    "resourcegroupstaggingapi.get_resources",
    {
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": "data-class", "Value": value}]}
            for arn, value in (
                (LOG_GROUP["arn"].removesuffix(":*"), "pii"),
                (DATABASE, "phi"),
                ("arn:aws:s3:::invoices", "phi"),
            )
        ]
    },
)

SITE = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Web/sites/shop-web"

STORE = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/cedardata"

VAULT = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/cedar-keys"

BALANCER = ("elbv2.describe_load_balancers", {"LoadBalancers": [{"LoadBalancerArn": "lb", "Type": "application"}]})

LISTENER = {
    "ListenerArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc/f2f7",
    "LoadBalancerArn": "lb",
    "Protocol": "HTTPS",
}

SECRET = {"ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf", "CreatedDate": DAYS_AGO[400]}

SNAPSHOT = {"DBSnapshotIdentifier": "orders-1", "DBSnapshotArn": "arn:aws:rds:us-east-1:123456789012:snapshot:orders-1"}

ENCRYPTED = {
    "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
}


def recovery(status: str) -> dict[str, Any]:
    return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}}


def shared(*values: str) -> dict[str, Any]:
    attribute = {"AttributeName": "restore", "AttributeValues": list(values)}
    return {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": [attribute]}}


def volumes(by_default: bool) -> dict[str, Any]:
    return {"EbsEncryptionByDefault": by_default}


def google_bucket(prevention: str) -> dict[str, Any]:
    return {"name": "shop-logs", "iamConfiguration": {"publicAccessPrevention": prevention}}


CHANGES: dict[tuple[str, str], Change] = {
    ("CW-DAT-01", "aws-ami-public"): listed(
        "ec2.describe_images", "Images", {"ImageId": "ami-1", "Public": True}, {"ImageId": "ami-1", "Public": False}
    ),
    ("CW-DAT-01", "aws-ebs-snapshot-public"): pages(
        "ec2.describe_snapshot_attribute",
        {"CreateVolumePermissions": [{"Group": "all"}]},
        {"CreateVolumePermissions": []},
        SnapshotId="snap-1",
    ),
    ("CW-DAT-01", "aws-rds-snapshot-public"): pages(
        "rds.describe_db_snapshot_attributes",
        shared("all"),
        shared(),
        ("rds.describe_db_snapshots", {"DBSnapshots": [SNAPSHOT]}),
        DBSnapshotIdentifier="orders-1",
    ),
    ("CW-DAT-01", "aws-s3-account-public-block"): pages("s3control.get_public_access_block", None, CLOSED, BUCKET),
    ("CW-DAT-01", "azure-storage-public-blob"): azure(
        STORES, STORE, {**OPEN_STORE, "allowBlobPublicAccess": True}, OPEN_STORE
    ),
    ("CW-DAT-01", "azure-storage-network-open"): azure(
        STORES, STORE, OPEN_STORE, {**OPEN_STORE, "networkAcls": {"defaultAction": "Deny"}}
    ),
    ("CW-DAT-01", "gcp-bucket-public"): listed(
        "storage.v1:buckets.list",
        "items",
        google_bucket("inherited"),
        google_bucket("enforced"),
        call("storage.v1:buckets.getIamPolicy", {"bindings": [{"members": ["allUsers"]}]}, bucket="shop-logs"),
    ),
    ("CW-DAT-02", "aws-ebs-default-encryption"): Change(
        *((call("ec2.get_ebs_encryption_by_default", volumes(is_on), at=REGION),) for is_on in (False, True)),
        (call("ec2.describe_volumes", {"Volumes": [{"VolumeId": "vol-1", "Encrypted": True}]}, at=REGION),),
    ),
    ("CW-DAT-02", "aws-s3-encryption"): pages(
        "s3.get_bucket_encryption",
        None,
        ENCRYPTED,
        BUCKET,
        (
            "resourcegroupstaggingapi.get_resources",
            {
                "ResourceTagMappingList": [
                    {"ResourceARN": "arn:aws:s3:::invoices", "Tags": [{"Key": "data-class", "Value": "restricted"}]}
                ]
            },
        ),
        Bucket="invoices",
    ),
    ("CW-DAT-03", "aws-elb-old-tls"): listed(
        "elbv2.describe_listeners",
        "Listeners",
        {**LISTENER, "SslPolicy": "ELBSecurityPolicy-2016-08"},
        {**LISTENER, "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        BALANCER,
    ),
    ("CW-DAT-03", "aws-s3-tls-only"): pages(
        "s3.get_bucket_policy", None, {"Policy": json.dumps({"Statement": [DENIES]})}, BUCKET, Bucket="invoices"
    ),
    ("CW-DAT-03", "azure-app-tls"): pages(
        "GET Microsoft.Web/sites/{name}/config/web",
        {"properties": {"minTlsVersion": "1.0"}},
        {"properties": {"minTlsVersion": "1.2"}},
        ("GET Microsoft.Web/sites", {"value": [{"id": SITE, "properties": {"httpsOnly": True}}]}),
        id=SITE,
    ),
    ("CW-DAT-03", "azure-storage-https"): azure(
        STORES,
        STORE,
        {"supportsHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_0"},
        {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"},
    ),
    ("CW-DAT-03", "gcp-sql-public"): listed(
        "sqladmin.v1:instances.list", "items", sql("0.0.0.0/0"), sql("", sslMode="ENCRYPTED_ONLY")
    ),
    ("CW-DAT-04", "aws-kms-rotation"): pages("kms.get_key_rotation_status", kms(False), kms(True), *KMS_KEY, KeyId=KMS),
    ("CW-DAT-04", "azure-keyvault-purge-protection"): azure(
        "GET Microsoft.KeyVault/vaults",
        VAULT,
        {"enableSoftDelete": True},
        {"enableSoftDelete": True, "enablePurgeProtection": True},
    ),
    ("CW-DAT-04", "gcp-kms-rotation"): listed(
        "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list",
        "cryptoKeys",
        CRYPTO_KEY,
        {**CRYPTO_KEY, "rotationPeriod": "7776000s"},
    ),
    ("CW-DAT-05", "aws-secret-unused"): listed("secretsmanager.list_secrets", "SecretList", SECRET, None),
    ("CW-DAT-05", "github-secret-scanning"): pages(
        "GET /repos/{owner}/{repo}",
        repository(secret_scanning="disabled"),
        repository(secret_scanning="enabled", secret_scanning_push_protection="enabled"),
    ),
    ("CW-DAT-07", "aws-logs-no-retention"): listed(
        "logs.describe_log_groups", "logGroups", LOG_GROUP, {**LOG_GROUP, "retentionInDays": 90}, LABELLED
    ),
    ("CW-AVL-01", "aws-dynamodb-pitr"): Change(
        *(
            (call("dynamodb.describe_continuous_backups", recovery(status), at=REGION, TableName="orders"),)
            for status in ("DISABLED", "ENABLED")
        )
    ),
    ("CW-AVL-01", "digitalocean-backups-off"): listed(
        "GET /v2/droplets", "droplets", droplet(), droplet(features=["backups"])
    ),
    ("CW-AVL-04", "aws-budget-missing"): Change(
        (("budgets.describe_budgets", {"Budgets": []}),),
        (("budgets.describe_budgets", {"Budgets": [{"BudgetName": "all"}]}),),
    ),
    ("CW-AVL-04", "aws-cost-anomaly-monitor"): Change(
        (("ce.get_anomaly_monitors", {"AnomalyMonitors": []}),),
        (("ce.get_anomaly_monitors", {"AnomalyMonitors": [{"MonitorType": "DIMENSIONAL"}]}),),
    ),
    ("CW-AVL-04", "azure-budget-missing"): Change(
        (("GET Microsoft.Consumption/budgets", {"value": []}),),
        (("GET Microsoft.Consumption/budgets", {"value": [{"name": "all", "properties": {"amount": 7}}]}),),
    ),
    ("CW-PIN-03", "aws-rds-deletion-protection"): listed(
        "rds.describe_db_instances",
        "DBInstances",
        {"DBInstanceArn": DATABASE, "DeletionProtection": False},
        {"DBInstanceArn": DATABASE, "DeletionProtection": True},
    ),
    ("CW-PIN-03", "aws-s3-versioning"): pages(
        "s3.get_bucket_versioning", {}, {"Status": "Enabled"}, BUCKET, Bucket="invoices"
    ),
    ("TC-PHI-03", "aws-s3-encryption"): pages("s3.get_bucket_encryption", None, ENCRYPTED, LABELLED, Bucket="invoices"),
    ("TC-PHI-04", "aws-rds-public"): listed(
        "rds.describe_db_instances",
        "DBInstances",
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": True},
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": False},
        LABELLED,
    ),
    ("TC-PHI-04", "aws-s3-bucket-public"): pages(
        "s3.get_public_access_block", None, CLOSED, LABELLED, Bucket="invoices"
    ),
}
