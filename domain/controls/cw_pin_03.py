"""Outputs go to the right people and stored data stays true.

Every bucket and database counts as one of production. Where one kind of store is protected everywhere, the other only
warns.
"""

from collections.abc import Iterator
from typing import Any

from domain.compliance.call_index import first_pages
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

BUCKETS, VERSIONING = "s3.list_buckets", "s3.get_bucket_versioning"
INSTANCES, CLUSTERS, TABLES = "rds.describe_db_instances", "rds.describe_db_clusters", "dynamodb.describe_table"
BLOBS, STORES, SQL = (
    "GET Microsoft.Storage/storageAccounts/blobServices",
    "storage.v1:buckets.list",
    "sqladmin.v1:instances.list",
)
EXPORTS = "platform:exports"


def _aws(case: Case) -> Iterator[Item]:
    set_to = first_pages(case.answers, VERSIONING, "Bucket")
    # A bucket that never had versions answers without a status. Source: S3 GetBucketVersioning.
    buckets = {
        one["Name"]: set_to.get(one["Name"], {}).get("Status") == "Enabled"
        for one in case.answers.items(BUCKETS, "Buckets")
    }
    for name, is_kept in buckets.items():
        if is_kept:
            yield passed(name, "versioning on")
        else:
            yield failed(name, "versioning off", "versioning on")
    yield from _protected(dict(_databases(case)), is_kept=bool(buckets) and all(buckets.values()))


def _databases(case: Case) -> Iterator[tuple[str, bool]]:
    # One that belongs to a cluster is protected by it. Source: RDS API, ModifyDBInstance, DeletionProtection.
    for one in case.answers.items(INSTANCES, "DBInstances"):
        if not one.get("DBClusterIdentifier"):
            yield one["DBInstanceArn"], one["DeletionProtection"]
    for one in case.answers.items(CLUSTERS, "DBClusters"):
        yield one["DBClusterArn"], one["DeletionProtection"]
    for call in case.answers.calls(TABLES):
        for page in call.pages:
            yield page["Table"]["TableArn"], page["Table"]["DeletionProtectionEnabled"]


def _protected(databases: dict[str, bool], *, is_kept: bool) -> Iterator[Item]:
    for name, is_protected in databases.items():
        if is_protected:
            yield passed(name, "deletion protection on")
        else:
            yield (warned if is_kept else failed)(name, "deletion protection off", "deletion protection on")


def _azure(case: Case) -> Iterator[Item]:
    for call in case.answers.calls(BLOBS):
        for page in call.pages:
            state = page["properties"]
            # Both are left out where they were never set. Source: Azure Storage, BlobServiceProperties.
            has_versions = bool(state.get("isVersioningEnabled"))
            is_soft = bool((state.get("deleteRetentionPolicy") or {}).get("enabled"))
            seen = f"versioning {_on(has_versions)}, soft delete {_on(is_soft)}"
            if has_versions and is_soft:
                yield passed(page["id"], seen)
            else:
                yield (warned if has_versions or is_soft else failed)(page["id"], seen, "both on")


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"


def _gcp(case: Case) -> Iterator[Item]:
    buckets = {one["name"]: _is_kept(one) for one in case.answers.items(STORES, "items")}
    databases = {one["name"]: _is_protected(one) for one in case.answers.items(SQL, "items")}
    all_protected = bool(databases) and all(databases.values())
    for name, is_kept in buckets.items():
        if is_kept:
            yield passed(name, "versioning or soft delete on")
        else:
            yield (warned if all_protected else failed)(name, "neither versioning nor soft delete", "one of them")
    yield from _protected(databases, is_kept=bool(buckets) and all(buckets.values()))


def _is_kept(bucket: dict[str, Any]) -> bool:
    # Versioning is left out where it was never on. Source: Cloud Storage JSON API, Buckets.
    has_versions = (bucket.get("versioning") or {}).get("enabled", False)
    return bool(has_versions or int((bucket.get("softDeletePolicy") or {}).get("retentionDurationSeconds", 0)))


def _is_protected(instance: dict[str, Any]) -> bool:
    return bool(instance["settings"].get("deletionProtectionEnabled"))


def _platform(case: Case) -> Iterator[Item]:
    for row in case.answers.items(EXPORTS):
        yield _export(row)


def _export(row: dict[str, Any]) -> Item:
    name, by = row["export_id"], row["requested_by"]
    if not row["was_permitted"] or row["downloaded_without_permission"]:
        who = by if not row["was_permitted"] else ", ".join(row["downloaded_without_permission"])
        return failed(name, f"{who} lacked {row['permission']}", f"{row['permission']} held by all")
    if row["row_count"] != row["source_count"] or row["sha256"] is None:
        seen = f"{row['row_count']} of {row['source_count']} rows, SHA-256 {row['sha256'] or 'not recorded'}"
        return failed(name, seen, "every row, and a SHA-256")
    others = [one for one in row["downloaded_by"] if one != by]
    if others:
        return warned(name, f"downloaded by {', '.join(others)}", f"downloaded by {by} only")
    return passed(name, f"{row['row_count']} rows for {by}")


CONTROL = Control(
    id="CW-PIN-03",
    name="Outputs go to the right people and stored data stays true",
    category="integrity",
    severity=Severity.MEDIUM,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("PI1.4", "PI1.5"),
    objective="Exports are authorised and checksummed; stores keep versions and refuse casual deletion.",
    owner_role="engineering",
    remediations=("aws.s3.enable_versioning", "aws.rds.enable_deletion_protection"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="resource",
            operations=(
                "s3.get_bucket_versioning",
                "rds.describe_db_instances",
                "rds.describe_db_clusters",
                "dynamodb.describe_table",
                "s3.list_buckets",
            ),
            passes="Every bucket keeps versions, and every database has deletion protection.",
            warns="Every bucket keeps versions, but a database has no deletion protection.",
            fails="A bucket keeps no versions, or neither is in place.",
            judge=_aws,
            version=2,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="resource",
            operations=("GET Microsoft.Storage/storageAccounts/blobServices",),
            passes="Versioning and soft delete are on.",
            warns="One of them is on.",
            fails="Neither is on.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="resource",
            operations=("storage.v1:buckets.list", "sqladmin.v1:instances.list"),
            passes="Every bucket has versioning or soft delete, and every database deletion protection.",
            warns="One of the two holds everywhere, the other does not.",
            fails="Neither does.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="event",
            operations=("platform:exports",),
            passes="Each export was permitted, holds every row of its source, and has its SHA-256 recorded.",
            warns="A colleague with the same permission downloaded it.",
            fails=(
                "Rows are missing, no SHA-256 is recorded, or somebody without permission asked for it or "
                "downloaded it."
            ),
            judge=_platform,
        ),
    ),
)
