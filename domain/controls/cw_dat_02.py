"""Stored data is encrypted."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.buckets import bucket_names
from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.google_scopes import aggregated, full_name
from domain.compliance.key_owner import CustomerKeys
from domain.compliance.labels import RESTRICTED, aws_labels, is_restricted, within_partition
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

OWN_KEY = "a key of the customer's own"


def _aws(case: Case) -> Iterator[Item]:
    """Tables of DynamoDB cannot be without encryption: with no key named it is AWS's."""
    keys, used = CustomerKeys(case.answers), set()
    for region, one in case.answers.located("ec2.describe_volumes", "Volumes"):
        used.add(region)
        yield _stored(one["VolumeId"], one["Encrypted"], one.get("KmsKeyId"), keys, is_restricted(one.get("Tags")))
    for region, one in case.answers.located("rds.describe_db_instances", "DBInstances"):
        used.add(region)
        is_secret = is_restricted(one.get("TagList"))
        yield _stored(one["DBInstanceArn"], one["StorageEncrypted"], one.get("KmsKeyId"), keys, is_secret)
    for region, one in case.answers.located("efs.describe_file_systems", "FileSystems"):
        used.add(region)
        yield _stored(one["FileSystemId"], one["Encrypted"], one.get("KmsKeyId"), keys, is_restricted(one.get("Tags")))
    labels = aws_labels(case.answers)
    yield from _buckets(case, keys, labels)
    for call in case.answers.calls("dynamodb.describe_table"):
        for page in call.pages:
            used.add(call.region)
            table, key = page["Table"]["TableArn"], (page["Table"].get("SSEDescription") or {}).get("KMSMasterKeyArn")
            yield _stored(table, True, key, keys, labels.get(within_partition(table)) == RESTRICTED)
    yield from _regions(case, used)


def _buckets(case: Case, keys: CustomerKeys, labels: Mapping[str, str]) -> Iterator[Item]:
    settings = first_pages(case.answers, "s3.get_bucket_encryption", "Bucket")
    for name in bucket_names(case.answers):
        page = settings.get(name)
        rules = page["ServerSideEncryptionConfiguration"]["Rules"] if page else []
        default = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules]
        key = next((one.get("KMSMasterKeyID") for one in default), None)
        yield _stored(name, bool(default), key, keys, labels.get(f"s3:::{name}") == RESTRICTED)


def _stored(resource: str, is_encrypted: bool, key: str | None, keys: CustomerKeys, is_secret: bool) -> Item:
    if not is_encrypted:
        return failed(resource, "not encrypted", "encrypted")
    return _keyed(resource, keys.has(key), is_secret)


def _keyed(resource: str, has_own_key: bool, is_secret: bool) -> Item:
    """What is said of something encrypted, by whose key it is."""
    if has_own_key:
        return passed(resource, f"encrypted with {OWN_KEY}")
    if is_secret:
        return warned(resource, f"labelled {RESTRICTED}, and encrypted with a key of the provider's", OWN_KEY)
    return passed(resource, "encrypted with a key of the provider's")


def _regions(case: Case, used: set[str | None]) -> Iterator[Item]:
    """Whether new volumes are encrypted without being asked, in the regions that hold data."""
    for call in case.answers.calls("ec2.get_ebs_encryption_by_default"):
        for page in call.pages:
            if call.region not in used:
                continue
            if page["EbsEncryptionByDefault"]:
                yield passed(str(call.region), "new volumes are encrypted by default")
            else:
                yield warned(str(call.region), "new volumes are not encrypted by default", "the default on")


def _azure(case: Case) -> Iterator[Item]:
    """Disks and storage accounts cannot be without encryption; where nothing is said of the key it is Azure's."""
    for disk in case.answers.items("GET Microsoft.Compute/disks", "value"):
        has_own = "Customer" in (disk["properties"].get("encryption") or {}).get("type", "")
        yield _keyed(disk["id"], has_own, is_restricted(disk.get("tags")))
    for account in case.answers.items("GET Microsoft.Storage/storageAccounts", "value"):
        has_own = (account["properties"].get("encryption") or {}).get("keySource") == "Microsoft.Keyvault"
        yield _keyed(account["id"], has_own, is_restricted(account.get("tags")))
    servers = {one["id"].lower(): one["properties"] for one in case.answers.items("GET Microsoft.Sql/servers", "value")}
    databases = {one["id"]: one for one in case.answers.items("GET Microsoft.Sql/servers/databases", "value")}
    states = first_pages(case.answers, "GET Microsoft.Sql/servers/databases/transparentDataEncryption", "id")
    for name, page in states.items():
        server = servers[name.lower().rpartition("/databases/")[0]]
        yield _database(databases[name], server, page["properties"]["state"])


def _database(database: Mapping[str, Any], server: Mapping[str, Any], state: str) -> Item:
    if state != "Enabled":
        return failed(database["id"], f"transparent data encryption is {state}", "transparent data encryption on")
    # A database may have a key apart from its server's.
    has_own = bool(server.get("keyId") or database["properties"].get("encryptionProtector"))
    return _keyed(database["id"], has_own, is_restricted(database.get("tags")))


def _gcp(case: Case) -> Iterator[Item]:
    """Google encrypts everything it stores."""
    for one in case.answers.items("sqladmin.v1:instances.list", "items"):
        name = f"//cloudsql.googleapis.com/projects/{case.answers.account}/instances/{one['name']}"
        has_own = bool((one.get("diskEncryptionConfiguration") or {}).get("kmsKeyName"))
        yield _keyed(name, has_own, is_restricted(one["settings"].get("userLabels")))
    for one in aggregated(case.answers, "compute.v1:disks.aggregatedList", "disks"):
        has_own = bool((one.get("diskEncryptionKey") or {}).get("kmsKeyName"))
        yield _keyed(full_name(one), has_own, is_restricted(one.get("labels")))
    for one in case.answers.items("storage.v1:buckets.list", "items"):
        has_own = bool((one.get("encryption") or {}).get("defaultKmsKeyName"))
        yield _keyed(f"//storage.googleapis.com/{one['name']}", has_own, is_restricted(one.get("labels")))


def _digitalocean(case: Case) -> Iterator[Item]:
    """DigitalOcean encrypts volumes and databases, and says nothing of the disks of droplets."""
    for one in case.answers.items("GET /v2/volumes", "volumes"):
        yield passed(one["id"], "volume, encrypted by the provider")
    for one in case.answers.items("GET /v2/databases", "databases"):
        yield passed(one["id"], "database, encrypted by the provider")
    for one in case.answers.items("GET /v2/droplets", "droplets"):
        if is_restricted(one.get("tags")) and not one["volume_ids"]:
            observed = f"labelled {RESTRICTED}, on the disk of the droplet"
            yield warned(str(one["id"]), observed, "restricted data on a volume")


CONTROL = Control(
    id="CW-DAT-02",
    name="Stored data is encrypted",
    category="data",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.7", "C1.1"),
    objective="Disks, databases, tables and buckets are unreadable without a key.",
    owner_role="security",
    remediations=("aws.ec2.enable_ebs_default_encryption", "aws.s3.set_default_encryption"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "ec2.get_ebs_encryption_by_default",
                "ec2.describe_volumes",
                "rds.describe_db_instances",
                "s3.get_bucket_encryption",
                "dynamodb.describe_table",
                "efs.describe_file_systems",
                "s3.list_buckets",
                "kms.describe_key",
                "resourcegroupstaggingapi.get_resources",
            ),
            passes=(
                "Everything is encrypted, what is labelled restricted with a key of the customer's own, and new"
                " volumes are encrypted by default in every region that holds data."
            ),
            warns="Everything is encrypted, but a default is off or restricted data is under a key of the provider's.",
            fails="A volume, database, file system or bucket is not encrypted.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.Compute/disks",
                "GET Microsoft.Sql/servers",
                "GET Microsoft.Sql/servers/databases",
                "GET Microsoft.Sql/servers/databases/transparentDataEncryption",
                "GET Microsoft.Storage/storageAccounts",
            ),
            passes="Transparent data encryption is on, and restricted data is under a key of the customer's own.",
            warns="Restricted data is under a key of the platform's.",
            fails="Transparent data encryption of a database is off.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=(
                "sqladmin.v1:instances.list",
                "compute.v1:disks.aggregatedList",
                "storage.v1:buckets.list",
            ),
            passes="Restricted stores name a key of the customer's own; Google encrypts all others.",
            warns="A restricted store is under a key of the provider's.",
            fails=None,
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="resource",
            operations=("GET /v2/volumes", "GET /v2/databases", "GET /v2/droplets"),
            passes="The provider encrypts volumes and databases, which are all listed.",
            warns="Restricted data is on the disk of a droplet without a volume.",
            fails=None,
            judge=_digitalocean,
        ),
    ),
)
