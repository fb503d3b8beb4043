"""AWS Backup: plans, vaults, what is protected, and whether it was ever restored."""

from collections.abc import Sequence
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Detail, Listing, at, first
from domain.facts.resource import ResourceKind

PAGE_SIZE = 1000
LOCK = ("Locked", "LockDate", "MinRetentionDays", "MaxRetentionDays")
PLAN, VAULT, PROTECTED = (
    ResourceKind.AWS_BACKUP_PLAN,
    ResourceKind.AWS_BACKUP_VAULT,
    ResourceKind.AWS_PROTECTED_RESOURCE,
)


def lock_of(pages: Sequence[Answer]) -> dict[str, Any]:
    """What keeps the copies of a vault from being deleted."""
    return {key: first(key)(pages) for key in LOCK}


LISTINGS = (
    Listing(
        operation=fields.call("backup.list_backup_plans", "backup:ListBackupPlans", page_size=PAGE_SIZE),
        items=at("BackupPlansList"),
        kind=PLAN,
        parse=fields.resource(PLAN, "BackupPlanArn", name="BackupPlanName", created="CreationDate"),
        details=(
            Detail(
                key="BackupPlan",
                operation=fields.call("backup.get_backup_plan", "backup:GetBackupPlan"),
                arguments=fields.asks(BackupPlanId="BackupPlanId"),
                pick=first("BackupPlan"),
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("backup.list_backup_vaults", "backup:ListBackupVaults", page_size=PAGE_SIZE),
        items=at("BackupVaultList"),
        kind=VAULT,
        parse=fields.resource(
            VAULT, "BackupVaultArn", name="BackupVaultName", created="CreationDate", passing=("NumberOfRecoveryPoints",)
        ),
        details=(
            Detail(
                key="Lock",
                operation=fields.call("backup.describe_backup_vault", "backup:DescribeBackupVault"),
                arguments=fields.asks(BackupVaultName="BackupVaultName"),
                pick=lock_of,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("backup.list_protected_resources", "backup:ListProtectedResources", page_size=PAGE_SIZE),
        items=at("Results"),
        kind=PROTECTED,
        parse=fields.resource(PROTECTED, "ResourceArn"),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("backup.list_restore_jobs", "backup:ListRestoreJobs", page_size=PAGE_SIZE),
        items=at("RestoreJobs"),
        is_regional=True,
    ),
    Listing(
        operation=fields.call(
            "backup.list_restore_testing_plans", "backup:ListRestoreTestingPlans", page_size=PAGE_SIZE
        ),
        items=at("RestoreTestingPlans"),
        is_regional=True,
    ),
)
