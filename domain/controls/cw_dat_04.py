"""Keys are managed, rotated and hard to lose."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.resource_policy import lets_in_anyone, statements
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# What KMS takes where no period was chosen. Source: KMS API reference, GetKeyRotationStatus.
USUAL_PERIOD = 365
# What is stored under keys, and the field that names the key; asked only when a key is about to be destroyed.
USERS = (
    ("ec2.describe_volumes", "Volumes", "KmsKeyId"),
    ("rds.describe_db_instances", "DBInstances", "KmsKeyId"),
    ("efs.describe_file_systems", "FileSystems", "KmsKeyId"),
    ("secretsmanager.list_secrets", "SecretList", "KmsKeyId"),
    ("logs.describe_log_groups", "logGroups", "kmsKeyId"),
)


def _aws(case: Case) -> Iterator[Item]:
    """A key is used when a volume, database, file system, secret, group of logs, bucket or table names it."""
    keys = [page["KeyMetadata"] for call in case.answers.calls("kms.describe_key") for page in call.pages]
    policies = first_pages(case.answers, "kms.get_key_policy", "KeyId")
    rotations = first_pages(case.answers, "kms.get_key_rotation_status", "KeyId")
    own = [key for key in keys if key["KeyManager"] == "CUSTOMER"]
    used = _used(case) if any(key["KeyState"] == "PendingDeletion" for key in own) else frozenset()
    for key in own:
        arn = key["Arn"]
        if any(lets_in_anyone(one) for one in statements(policies[arn]["Policy"])):
            yield failed(arn, "the key policy lets in everybody", "named principals or a condition")
        elif key["KeyState"] == "PendingDeletion":
            yield _leaving(key, bool({arn, key["KeyId"]} & used))
        elif key["KeyState"] == "Enabled" and key["KeySpec"] == "SYMMETRIC_DEFAULT":
            yield _rotation(arn, rotations.get(arn), case.parameters["rotate_days"])
        else:
            yield passed(arn, f"{key['KeyState']}, {key['KeySpec']}: not to be rotated")


def _used(case: Case) -> frozenset[str]:
    """The keys that something is stored under, as it names them."""
    named = {one.get(field) for name, path, field in USERS for one in case.answers.items(name, path)}
    for page in first_pages(case.answers, "s3.get_bucket_encryption", "Bucket").values():
        rules = page["ServerSideEncryptionConfiguration"]["Rules"]
        named |= {(rule.get("ApplyServerSideEncryptionByDefault") or {}).get("KMSMasterKeyID") for rule in rules}
    for call in case.answers.calls("dynamodb.describe_table"):
        named |= {(page["Table"].get("SSEDescription") or {}).get("KMSMasterKeyArn") for page in call.pages}
    return frozenset(name for name in named if name)


def _leaving(key: Mapping[str, Any], is_used: bool) -> Item:
    when = str(key["DeletionDate"])[:10]
    if is_used:
        return failed(key["Arn"], f"in use, and to be deleted on {when}", "no key in use about to be deleted")
    return warned(key["Arn"], f"to be deleted on {when}, no use seen", "no key about to be deleted")


def _rotation(arn: str, status: Any, most: int) -> Item:
    """Keys whose material was imported or lies elsewhere have no status: KMS never rotates them."""
    if status is None or not status["KeyRotationEnabled"]:
        return failed(arn, "not rotated", f"rotated every {most} days")
    days = status.get("RotationPeriodInDays", USUAL_PERIOD)
    if days > most:
        return warned(arn, f"rotated every {days} days", f"every {most} days")
    return passed(arn, f"rotated every {days} days")


def _azure(case: Case) -> Iterator[Item]:
    for vault in case.answers.items("GET Microsoft.KeyVault/vaults", "value"):
        yield _vault(vault)
    # The list leaves out the rotation policy.
    keys = first_pages(case.answers, "GET Microsoft.KeyVault/vaults/keys/{keyName}", "id")
    for key in case.answers.items("GET Microsoft.KeyVault/vaults/keys", "value"):
        policy = keys[key["id"]]["properties"].get("rotationPolicy") or {}
        actions = [one["action"]["type"].lower() for one in policy.get("lifetimeActions") or []]
        if "rotate" in actions:
            yield passed(key["id"], "a policy rotates it")
        else:
            yield warned(key["id"], "no policy rotates it", "a rotation policy")


def _vault(vault: Mapping[str, Any]) -> Item:
    """A setting that is not there was never switched on."""
    own = vault["properties"]
    names = {"enableSoftDelete": "soft delete", "enablePurgeProtection": "purge protection"}
    off = [words for field, words in names.items() if not own.get(field)]
    if off:
        return failed(vault["id"], f"{' and '.join(off)} off", "soft delete and purge protection on")
    return passed(vault["id"], "soft delete and purge protection on")


def _gcp(case: Case) -> Iterator[Item]:
    operation, most = "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list", case.parameters["rotate_days"]
    for key in case.answers.items(operation, "cryptoKeys"):
        if key["purpose"] != "ENCRYPT_DECRYPT":
            continue
        name, period = f"//cloudkms.googleapis.com/{key['name']}", key.get("rotationPeriod")
        if period is None:
            yield failed(name, "not rotated", f"rotated every {most} days")
            continue
        # Written in seconds: 7776000s.
        every = timedelta(seconds=float(period.removesuffix("s")))
        if every > timedelta(days=most):
            yield warned(name, f"rotated every {every.days} days", f"every {most} days")
        else:
            yield passed(name, f"rotated every {every.days} days")


CONTROL = Control(
    id="CW-DAT-04",
    name="Keys are managed, rotated and hard to lose",
    category="data",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.7"),
    objective="Encryption keys rotate, name their users and cannot be destroyed in a hurry.",
    owner_role="security",
    parameters={"rotate_days": 365},
    remediations=("aws.kms.enable_rotation", "aws.kms.cancel_deletion"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "kms.list_keys",
                "kms.describe_key",
                "kms.get_key_rotation_status",
                "kms.get_key_policy",
                *(operation for operation, _, _ in USERS),
                "s3.get_bucket_encryption",
                "dynamodb.describe_table",
            ),
            passes=(
                "Every enabled symmetric key of the customer's rotates within rotate_days, and no key policy lets in"
                " everybody without a condition."
            ),
            warns="A key that is not in use is to be deleted, or one rotates less often than rotate_days.",
            fails="A key is not rotated, its policy lets in everybody, or it is in use and to be deleted.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=(
                "GET Microsoft.KeyVault/vaults",
                "GET Microsoft.KeyVault/vaults/keys",
                "GET Microsoft.KeyVault/vaults/keys/{keyName}",
            ),
            passes="Soft delete and purge protection are on, and a policy rotates every key.",
            warns="A key has no policy that rotates it.",
            fails="Purge protection or soft delete of a vault is off.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("cloudkms.v1:projects.locations.keyRings.cryptoKeys.list",),
            passes="Every key that encrypts rotates within rotate_days.",
            warns="A key rotates less often.",
            fails="A key is not rotated.",
            judge=_gcp,
        ),
    ),
)
