"""Stores of health data use a key that the customer holds and that rotates.

Encrypted with a key of the customer's that does not rotate, or is not seen to, is a warning: the bundle has only what
is not encrypted fail.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Item, Procedure, failed, passed, warned
from domain.compliance.health_data import aws_buckets, aws_stores, is_labelled, is_phi
from domain.compliance.key_owner import DESCRIBE_KEY, CustomerKeys
from domain.facts.compliance import Integration

TAGS, DATABASES, TABLES = (
    "resourcegroupstaggingapi.get_resources",
    "rds.describe_db_instances",
    "dynamodb.describe_table",
)
FILES, BUCKETS, ROTATION = "efs.describe_file_systems", "s3.get_bucket_encryption", "kms.get_key_rotation_status"
INSTANCES, GOOGLE_BUCKETS = "sqladmin.v1:instances.list", "storage.v1:buckets.list"
GOOGLE_KEYS = "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list"
WANTED = "a key of the customer's own that rotates"


def _aws(case: Case) -> Iterator[Item]:
    """Tables cannot be without encryption: with no key named it is AWS's."""
    keys, rotating = CustomerKeys(case.answers), _rotating(case)
    for name, is_encrypted, key in _stores(case):
        if not is_encrypted:
            yield failed(name, "not encrypted", WANTED)
        else:
            yield _keyed(name, is_own=keys.has(key), rotates=key in rotating)


def _rotating(case: Case) -> frozenset[str]:
    """The keys that rotate, by all their names."""
    states = first_pages(case.answers, ROTATION, "KeyId")
    described = [page["KeyMetadata"] for call in case.answers.calls(DESCRIBE_KEY) for page in call.pages]
    rotate = [key for key in described if (states.get(key["Arn"]) or {}).get("KeyRotationEnabled")]
    return frozenset(name for key in rotate for name in (key["Arn"], key["KeyId"]))


def _stores(case: Case) -> Iterator[tuple[str, bool, str | None]]:
    """Each store that is labelled phi: its name, whether it is encrypted, and the key that is named."""
    labelled = set(aws_stores(case.answers))
    for one in case.answers.items(DATABASES, "DBInstances"):
        if is_labelled(one, labelled):
            yield one["DBInstanceArn"], one["StorageEncrypted"], one.get("KmsKeyId")
    for one in case.answers.items(FILES, "FileSystems"):
        if one["FileSystemArn"] in labelled:
            yield one["FileSystemArn"], one["Encrypted"], one.get("KmsKeyId")
    for table in (page["Table"] for call in case.answers.calls(TABLES) for page in call.pages):
        if table["TableArn"] in labelled:
            yield table["TableArn"], True, (table.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    settings = first_pages(case.answers, BUCKETS, "Bucket")
    for name in aws_buckets(case.answers):
        page = settings.get(name)
        rules = page["ServerSideEncryptionConfiguration"]["Rules"] if page else []
        defaults = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules]
        yield name, bool(defaults), next((one.get("KMSMasterKeyID") for one in defaults), None)


def _keyed(name: str, *, is_own: bool, rotates: bool) -> Item:
    if not is_own:
        return warned(name, "encrypted with a key of the provider's", WANTED)
    if not rotates:
        return warned(name, "the key of the customer's is not seen to rotate", WANTED)
    return passed(name, f"encrypted with {WANTED}")


def _gcp(case: Case) -> Iterator[Item]:
    """Google encrypts everything it stores."""
    keys = case.answers.items(GOOGLE_KEYS, "cryptoKeys")
    rotating = {key["name"] for key in keys if key.get("rotationPeriod")}
    for name, key in _google_stores(case):
        yield _keyed(name, is_own=bool(key), rotates=_key_of(key) in rotating)


def _google_stores(case: Case) -> Iterator[tuple[str, str | None]]:
    for one in case.answers.items(INSTANCES, "items"):
        if is_phi(one["settings"].get("userLabels")):
            name = f"//cloudsql.googleapis.com/projects/{case.answers.account}/instances/{one['name']}"
            yield name, _named(one.get("diskEncryptionConfiguration"), "kmsKeyName")
    for one in case.answers.items(GOOGLE_BUCKETS, "items"):
        if is_phi(one.get("labels")):
            yield f"//storage.googleapis.com/{one['name']}", _named(one.get("encryption"), "defaultKmsKeyName")


def _named(setting: Mapping[str, Any] | None, field: str) -> str | None:
    return (setting or {}).get(field)


def _key_of(name: str | None) -> str:
    """The key of a version of it: what is stored names either."""
    return (name or "").partition("/cryptoKeyVersions/")[0]


PROCEDURES = (
    Procedure(
        integration=Integration.AWS,
        scope="resource",
        operations=(DESCRIBE_KEY, ROTATION, DATABASES, FILES, TABLES, BUCKETS, TAGS),
        passes="Each store labelled phi is encrypted with a key of the customer's own that rotates.",
        warns="The key is the provider's, or is not seen to rotate.",
        fails="A store is not encrypted.",
        judge=_aws,
    ),
    Procedure(
        integration=Integration.GCP,
        scope="resource",
        operations=(INSTANCES, GOOGLE_BUCKETS, GOOGLE_KEYS),
        passes="Each database and bucket labelled phi is encrypted with a key of the customer's own that rotates.",
        warns="The key is the provider's, or is not seen to rotate.",
        fails=None,
        judge=_gcp,
    ),
)
